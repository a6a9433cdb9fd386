package rooms

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Retention is `rooms retention`.
type Retention struct {
	command.Confirmed

	Room    string `arg:"" help:"Room id."`
	Age     Age    `help:"How long a message is kept: 90d, 12h, 30m." placeholder:"AGE"`
	Count   uint32 `help:"How many messages are kept." placeholder:"N"`
	Forever bool   `help:"Keep all messages for ever, whatever the server's setting."`
	Inherit bool   `help:"Keep them as the server's setting says."`
}

// Validate is called by the parser.
func (r *Retention) Validate() error {
	ways := 0
	for _, way := range []bool{r.Age > 0 || r.Count > 0, r.Forever, r.Inherit} {
		if way {
			ways++
		}
	}
	if ways != 1 {
		return errors.New("say either --age or --count or both, or --forever, or --inherit")
	}
	return nil
}

// Run sets the room's own retention, and tells what holds then.
func (r *Retention) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	if !r.Forever {
		if err := r.Confirm(env, r.losing(), "natterctl export room keeps what was said; then "); err != nil {
			return err
		}
	}
	req := &historyv1.SetRetentionRequest{Room: r.Room}
	if !r.Inherit {
		req.Retention = &chatv1.Retention{AgeSeconds: uint32(time.Duration(r.Age) / time.Second), Count: r.Count}
	}
	resp, err := client.Rooms.SetRetention(ctx, req)
	if err != nil {
		return err
	}
	return env.Print(resp, func(t *command.Table) {
		t.Row("room", resp.GetRoom().GetRoom())
		describeRetention(t, resp.GetRoom(), resp.GetRetention())
	})
}

// losing is what the new retention takes away.
func (r *Retention) losing() string {
	over := "what the server's setting does not keep"
	if !r.Inherit {
		over = "all but the last " + inWords(&chatv1.Retention{AgeSeconds: uint32(time.Duration(r.Age) / time.Second), Count: r.Count})
	}
	return fmt.Sprintf("this takes away for good %s of what was said in %s, now and from now on", over, r.Room)
}

// describeRetention tells what holds for a room.
func describeRetention(t *command.Table, r *chatv1.Room, inForce *chatv1.Retention) {
	whose := "the room's own"
	if r.Retention == nil {
		whose = "the server's"
	}
	t.Row("retention", fmt.Sprintf("%s (%s)", inWords(inForce), whose))
	if r.GetSince() > 0 {
		t.Row("messages since", r.GetSince())
	}
}

func inWords(r *chatv1.Retention) string {
	var bounds []string
	if r.GetAgeSeconds() > 0 {
		bounds = append(bounds, Age(time.Duration(r.GetAgeSeconds())*time.Second).String())
	}
	if r.GetCount() > 0 {
		bounds = append(bounds, fmt.Sprintf("%d messages", r.GetCount()))
	}
	if len(bounds) == 0 {
		return "for ever"
	}
	return strings.Join(bounds, ", ")
}

const day = 24 * time.Hour

// Age is a duration that may be given in days.
type Age time.Duration

// UnmarshalText reads 90d, or what time.ParseDuration takes: whole seconds, up
// to a hundred years.
func (a *Age) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if days, isDays := strings.CutSuffix(string(text), "d"); isDays {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 32)
		d = time.Duration(min(n, 100_000)) * day
	}
	if err != nil {
		return errors.New("an age is 90d, 12h, or 30m")
	}
	if d < time.Second || d%time.Second != 0 || d/time.Second > math.MaxUint32 {
		return errors.New("an age is whole seconds, from one second to a hundred years")
	}
	*a = Age(d)
	return nil
}

// String is the age in days where it is whole days.
func (a Age) String() string {
	if d := time.Duration(a); d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	return time.Duration(a).String()
}
