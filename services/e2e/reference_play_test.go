package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/proto/reference"
	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// play is a performance of the reference's conversation.
type play struct {
	t           *testing.T
	d           *shape.Deployment
	actors      map[string]*actor
	epoch       string
	said, heard map[string]bool
	came        map[int]json.RawMessage // by line
}

// actor is one user's connection.
type actor struct {
	*session
	sent map[uint32]uint32 // documented id → the one that was sent
	last map[uint32]asked  // by documented id
	used map[string]bool   // frames that a step was about
}

// asked is a request that may have to be asked again.
type asked struct {
	name string
	body M
}

func newPlay(t *testing.T, d *shape.Deployment) *play {
	return &play{t: t, d: d, actors: map[string]*actor{}, said: map[string]bool{}, heard: map[string]bool{}, came: map[int]json.RawMessage{}}
}

func (p *play) step(step reference.Step) {
	p.t.Helper()
	switch step.Kind {
	case reference.Says:
		p.says(step)
	case reference.Hears:
		p.hears(step)
	case reference.Event:
		p.event(step)
	}
}

// actor of that name. Where there are two gateways, Bo is at the other one.
func (p *play) actor(name string) *actor {
	p.t.Helper()
	if p.actors[name] == nil {
		gateway := 0
		if name == "bo" {
			gateway = 1
		}
		a := &actor{session: dial(p.t, p.d, gateway), sent: map[uint32]uint32{}, last: map[uint32]asked{}, used: map[string]bool{}}
		a.user = name
		p.actors[name] = a
	}
	return p.actors[name]
}

func (p *play) event(step reference.Step) {
	p.t.Helper()
	code, isClose := strings.CutPrefix(step.Text, "close ")
	switch {
	case step.Text == "drop":
		p.actor(step.Who).Close()
		delete(p.actors, step.Who)
	case step.Text == "stop":
		for _, process := range p.d.Processes {
			if process.Name() == "natter" || process.Name() == "gateway-1" {
				if err := process.Terminate(); err != nil {
					p.t.Fatal(err)
				}
			}
		}
	case strings.HasPrefix(step.Text, "erase "):
		p.erase(step)
	case strings.HasPrefix(step.Text, "announce "):
		notice := &gatewayv1.AnnounceRequest{Text: strings.TrimPrefix(step.Text, "announce ")}
		if _, err := dialAdmin(p.t, p.d.GatewayRPC[0], p.d.AdminToken).Gateways.Announce(p.t.Context(), notice); err != nil {
			p.t.Fatalf("line %d: %v", step.Line, err)
		}
	case isClose:
		want, err := strconv.Atoi(code)
		if err != nil {
			p.t.Fatalf("line %d: %v", step.Line, err)
		}
		p.actor(step.Who).closed(want)
	case strings.HasPrefix(step.Text, "keep "):
		p.keep(step)
	default:
		p.t.Fatalf("line %d: nobody knows how to %s", step.Line, step.Text)
	}
}

func (p *play) says(step reference.Step) {
	p.t.Helper()
	a, name := p.actor(step.Who), step.Name()
	p.said[name] = true
	display := strings.ToUpper(step.Who[:1]) + step.Who[1:]
	text := strings.ReplaceAll(string(step.Frame), reference.Token, token.For(step.Who, display).Sign(p.d.JWTSecret))
	text = strings.ReplaceAll(text, reference.Epoch, p.epoch)
	var frame map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &frame); err != nil {
		p.t.Fatalf("line %d: %v", step.Line, err)
	}
	if frame["id"] == nil {
		if err := a.Raw(websocket.TextMessage, []byte(text)); err != nil {
			p.t.Fatalf("line %d: %v", step.Line, err)
		}
		return
	}
	id, err := strconv.ParseUint(string(frame["id"]), 10, 32)
	if err != nil {
		p.t.Fatalf("line %d: the id: %v", step.Line, err)
	}
	a.last[uint32(id)] = asked{name, bodyOf(p.t, frame[name])}
	a.ask(uint32(id))
}

// bodyOf is a request as the client's ledger knows it: positions are numbers
// of 32 bits.
func bodyOf(t *testing.T, text json.RawMessage) M {
	t.Helper()
	body := decoded(t, text).(M)
	if seq, ok := body["seq"].(float64); ok {
		body["seq"] = uint32(seq)
	}
	if resume, ok := body["resume"].([]any); ok {
		positions := []M{}
		for _, at := range resume {
			positions = append(positions, M{"room": at.(M)["room"], "seq": uint32(at.(M)["seq"].(float64))})
		}
		body["resume"] = positions
	}
	return body
}

func (a *actor) ask(id uint32) {
	a.t.Helper()
	sent, err := a.Post(a.last[id].name, a.last[id].body)
	if err != nil {
		a.t.Fatalf("%s: %v", a.user, err)
	}
	a.sent[id] = sent
}

func (p *play) hears(step reference.Step) {
	p.t.Helper()
	a, name := p.actor(step.Who), step.Name()
	want := decoded(p.t, step.Frame).(map[string]any)
	var frame client.Frame
	if re, isReply := want["re"].(float64); isReply {
		frame = p.answer(a, step, uint32(re))
	} else {
		frame = p.news(a, step)
	}
	kind, _, _ := strings.Cut(name, ".")
	p.heard[name], p.heard[kind] = true, true
	p.came[step.Line] = settled(step, frame.Raw)
	if frame.Welcome != nil {
		p.epoch = frame.Welcome.Epoch
	}
}

// fault is what is wrong with a frame.
func (p *play) fault(step reference.Step, frame client.Frame) error {
	precision := documented
	switch {
	case step.Name() == "results":
		precision = shapeOnly
	case *update:
		precision = atLeast
	}
	want, got := decoded(p.t, step.Frame), decoded(p.t, frame.Raw)
	if frame.PresenceChange != nil && frame.Re == 0 {
		onlyUsersOf(want, got)
	}
	return sameShape("", want, got, precision)
}

// onlyUsersOf takes the changes of other users out of got: what changed at
// about the same time comes together.
func onlyUsersOf(want, got any) {
	changes := func(frame any) []any { return frame.(M)["presenceChange"].(M)["changes"].([]any) }
	users := map[any]bool{}
	for _, change := range changes(want) {
		users[change.(M)["user"]] = true
	}
	got.(M)["presenceChange"].(M)["changes"] = slices.DeleteFunc(changes(got), func(change any) bool { return !users[change.(M)["user"]] })
}

// answer waits for the answer to a request. Those that may lag a little behind
// are asked for again until they are as documented.
func (p *play) answer(a *actor, step reference.Step, id uint32) client.Frame {
	p.t.Helper()
	lags := slices.Contains([]string{"rooms", "members", "presence", "messages", "search"}, a.last[id].name)
	var frame client.Frame
	var fault error
	natstest.Eventually(p.t, client.Patience, fmt.Sprintf("line %d: the answer %s", step.Line, step.Frame), func() bool {
		var err error
		if frame, err = a.Reply(p.t.Context(), a.sent[id]); err != nil {
			p.t.Fatalf("line %d: %v", step.Line, err)
		}
		if fault = p.fault(step, frame); fault == nil {
			return true
		}
		if !lags {
			p.t.Fatalf("line %d: %v\nwant %s\ngot  %s", step.Line, fault, step.Frame, frame.Raw)
		}
		p.t.Logf("line %d: %v", step.Line, fault)
		a.ask(id)
		return false
	})
	return frame
}

// erase has an admin take a message away: "erase <room> <seq>".
func (p *play) erase(step reference.Step) {
	p.t.Helper()
	var room string
	var seq uint32
	if _, err := fmt.Sscanf(step.Text, "erase %s %d", &room, &seq); err != nil {
		p.t.Fatalf("line %d: %v", step.Line, err)
	}
	if _, err := operator(p.t, p.d).Messages.Delete(p.t.Context(), &historyv1.MessagesDeleteRequest{Room: room, Seq: seq}); err != nil {
		p.t.Fatalf("line %d: %v", step.Line, err)
	}
}

// news waits for what comes by itself: the first frame that no step was about
// and that is as documented.
func (p *play) news(a *actor, step reference.Step) client.Frame {
	p.t.Helper()
	var nearest string
	frame, err := a.Await(p.t.Context(), fmt.Sprintf("line %d: %s < %s", step.Line, step.Who, step.Frame), 0, func(f client.Frame) bool {
		if f.Re != 0 || a.used[string(f.Raw)] || (reference.Step{Frame: f.Raw}).Name() != step.Name() {
			return false
		}
		if fault := p.fault(step, f); fault != nil {
			nearest = fmt.Sprintf("%v, in %s", fault, f)
			return false
		}
		return true
	})
	if err != nil {
		p.t.Fatalf("%v\nthe nearest: %s", err, nearest)
	}
	a.used[string(frame.Raw)] = true
	return frame
}

// written is what the reference shows in place of what is never twice the same.
var written = map[*regexp.Regexp]string{
	regexp.MustCompile(`"(time|serverTime|editedAt|lastSeen)":"[^"]*"`): `"$1":"2026-01-31T12:00:00.123Z"`,
	regexp.MustCompile(`"session":"[^"]*"`):                             `"session":"Jk2vQ8sYt0aX"`,
	regexp.MustCompile(`"epoch":"[^"]*"`):                               `"epoch":"` + reference.Epoch + `"`,
	regexp.MustCompile(`"cursor":"[^"]*"`):                              `"cursor":"ZGVzaWdu"`,
	regexp.MustCompile(`"afterMs":[0-9]+`):                              `"afterMs":4200`,
	regexp.MustCompile(`"re":[0-9]+`):                                   `"re":0`,
}

// settled is a frame as the reference writes it.
func settled(step reference.Step, frame json.RawMessage) json.RawMessage {
	text := string(frame)
	for pattern, with := range written {
		text = pattern.ReplaceAllString(text, with)
	}
	if re := regexp.MustCompile(`"re":[0-9]+`).FindString(string(step.Frame)); re != "" {
		text = strings.Replace(text, `"re":0`, re, 1)
	}
	return json.RawMessage(text)
}

// write completes the conversation.
func (p *play) write(steps []reference.Step) {
	p.t.Helper()
	const file = "../../proto/reference/conversation.txt"
	text, err := os.ReadFile(file)
	if err != nil {
		p.t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for _, step := range steps {
		if frame := p.came[step.Line]; step.Kind == reference.Hears && step.Name() != "results" {
			lines[step.Line-1] = step.Who + " < " + string(frame)
		}
	}
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		p.t.Fatal(err)
	}
}
