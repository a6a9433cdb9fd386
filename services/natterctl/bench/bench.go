// Package bench holds the command that puts a bounded load on a deployment and
// measures it: acks, latencies, and whether everybody got everything once.
package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/natter-chat/natter/services/natterctl/command"
	"github.com/natter-chat/natter/services/natterctl/token"
)

const (
	// connecting is how many clients come at a time.
	connecting = 16
	// settle is how long is waited at the end for what is still on its way.
	settle = 10 * time.Second
	// tidyTime bounds the end, in which the rooms are deleted.
	tidyTime = 30 * time.Second
)

// Bench is `bench`.
type Bench struct {
	command.Long
	token.Signer

	URL   string        `name:"url" env:"NATTER_URL" default:"http://127.0.0.1:8080" help:"Where the gateways are." placeholder:"URL"`
	Users int           `default:"20" help:"Clients that connect, 2-2000."`
	Rooms int           `default:"2" help:"Rooms that they are spread over, 1-200; at most half as many as users."`
	Rate  float64       `default:"20" help:"Messages sent each second by all of them together, at most 5000. A gateway takes 10 a second of each (NATTER_SENDS_PER_SECOND)." placeholder:"NUMBER"`
	For   time.Duration `default:"10s" help:"How long, 1s-10m." placeholder:"TIME"`
	Bytes int           `default:"100" help:"Length of each message, 1-16384." placeholder:"NUMBER"`
	Keep  bool          `help:"Leave the rooms there. Else they are deleted at the end."`
}

// Validate is called by the parser.
func (b *Bench) Validate() error {
	switch {
	case b.Users < 2 || b.Users > 2000:
		return errors.New("--users: 2 to 2000")
	case b.Rooms < 1 || b.Rooms > 200 || b.Rooms*2 > b.Users:
		return errors.New("--rooms: 1 to 200, and two users or more for each")
	case b.Rate <= 0 || b.Rate > 5000:
		return errors.New("--rate: above 0, at most 5000")
	case b.For < time.Second || b.For > 10*time.Minute:
		return errors.New("--for: 1s to 10m")
	case b.Bytes < 1 || b.Bytes > 16384:
		return errors.New("--bytes: 1 to 16384")
	}
	return nil
}

// Run makes rooms, fills them, measures, and takes them away again. That
// anything was lost or doubled is an error.
func (b *Bench) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	secret, err := b.Secret()
	if err != nil {
		return err
	}
	id := strings.ToLower(rand.Text()[:8])
	crowd := newCrowd(id, b.Users, b.Rooms)
	if !b.Keep {
		defer func() {
			tidy, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyTime)
			defer cancel()
			if err := crowd.leave(tidy, client); err != nil {
				fmt.Fprintf(env.Stderr, "the rooms bench-%s-… could not all be deleted: %s\n", id, command.Clean(err.Error()))
			}
		}()
	}
	if err := crowd.settle(ctx, client); err != nil {
		return err
	}
	defer crowd.close()
	if err := b.connect(ctx, crowd, secret); err != nil {
		return err
	}
	fmt.Fprintf(env.Stderr, "%d clients in %d rooms; sending for %s\n", b.Users, b.Rooms, b.For)
	began := time.Now()
	b.send(ctx, env, crowd)
	took := time.Since(began)
	crowd.wait(ctx, settle)
	report := crowd.report(took)
	if err := env.PrintAll(report, report.table); err != nil {
		return err
	}
	return report.verdict()
}

// connect brings all clients, a few at a time.
func (b *Bench) connect(ctx context.Context, c *crowd, secret string) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(connecting)
	expires := time.Now().Add(b.For + time.Hour)
	for _, p := range c.people {
		group.Go(func() error {
			token, err := b.Sign(secret, p.user, p.user, expires)
			if err != nil {
				return err
			}
			return p.connect(ctx, b.URL, token)
		})
	}
	return group.Wait()
}

// send has the clients send in turn, evenly, until the time is up or ctx ends.
func (b *Bench) send(ctx context.Context, env *command.Env, c *crowd) {
	ctx, cancel := context.WithTimeout(ctx, b.For)
	defer cancel()
	bar := command.NewProgress(env.Stderr, int64(b.Rate*b.For.Seconds()), "sent", "messages")
	defer bar.Finish()
	every := time.NewTicker(time.Duration(float64(time.Second) / b.Rate))
	defer every.Stop()
	text := strings.Repeat("x", b.Bytes)
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			c.people[n%len(c.people)].send(text)
			bar.Add(1)
		}
	}
}
