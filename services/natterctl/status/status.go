// Package status holds the command that looks at the whole deployment at once.
package status

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Status is `status`.
type Status struct{}

// look is what the services said, each of them or why it did not.
type look struct {
	history  *historyv1.StatusResponse
	presence *presencev1.StatusResponse
	gateways *gatewayv1.ListResponse
	away     map[string]error // by service
	trouble  []string
}

// Run asks all services at the same time, and fails if anything is wrong.
func (*Status) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	l := ask(ctx, client)
	if len(l.away) == 3 {
		return l.away["history"]
	}
	l.judge()
	answers, err := l.answers()
	if err == nil {
		err = env.PrintAll(answers, l.table)
	}
	if err == nil && len(l.trouble) > 0 {
		return &command.Advised{
			Err: errors.New("something is wrong: " + strings.Join(l.trouble, "; ")), Exit: command.ExitPartly,
			Next: "read the log of what is named, and its /readyz.",
		}
	}
	return err
}

func ask(ctx context.Context, client *command.Client) *look {
	l := &look{away: map[string]error{}}
	var mu sync.Mutex
	var all sync.WaitGroup
	for service, question := range map[string]func() error{
		"history": func() (err error) { l.history, err = client.Store.Status(ctx, &historyv1.StatusRequest{}); return err },
		"presence": func() (err error) {
			l.presence, err = client.Presence.Status(ctx, &presencev1.StatusRequest{})
			return err
		},
		"gateway": func() (err error) { l.gateways, err = client.Gateways.List(ctx, &gatewayv1.ListRequest{}); return err },
	} {
		all.Go(func() {
			if err := question(); err != nil {
				mu.Lock()
				defer mu.Unlock()
				l.away[service] = err
			}
		})
	}
	all.Wait()
	return l
}

// judge gathers what is wrong.
func (l *look) judge() {
	for service, err := range l.away {
		l.wrong("%s does not answer: %s", service, status.Convert(err).Message())
	}
	for _, r := range l.history.GetStates() {
		for _, why := range r.GetNotReady() {
			l.wrong("history %s is not ready: %s", r.GetReplica(), why)
		}
	}
	if h := l.history; h != nil && outside(h) {
		l.wrong("history %s is not among the replicas: %s", h.GetReplica(), cmp.Or(strings.Join(h.GetNotReady(), "; "), "it has not announced itself"))
	}
	if l.history.GetTrouble() != "" && !outside(l.history) { // else it is said already
		l.wrong("the store: %s", l.history.GetTrouble())
	}
	for _, p := range l.history.GetPartitions() {
		switch {
		case p.GetTrouble() != "":
			l.wrong("partition %d: %s", p.GetPartition(), p.GetTrouble())
		case p.GetOwner() == "":
			l.wrong("partition %d: nobody writes it just now", p.GetPartition())
		}
	}
	for _, why := range l.presence.GetNotReady() {
		l.wrong("presence %s is not ready: %s", l.presence.GetReplica(), why)
	}
	for _, r := range l.presence.GetStates() {
		for _, why := range r.GetNotReady() {
			if r.GetReplica() != l.presence.GetReplica() { // that one is told already
				l.wrong("presence %s is not ready: %s", r.GetReplica(), why)
			}
		}
	}
	for _, g := range l.gateways.GetGateways() {
		for _, why := range g.GetNotReady() {
			l.wrong("gateway %s is not ready: %s", g.GetGateway(), why)
		}
	}
	for _, gateway := range l.gateways.GetSilent() {
		l.wrong("gateway %s does not answer", gateway)
	}
	slices.Sort(l.trouble)
}

// outside tells whether the replica that was asked shares no work with the
// others: it waits for something, or has just begun.
func outside(h *historyv1.StatusResponse) bool {
	return !slices.Contains(h.GetReplicas(), h.GetReplica())
}

func (l *look) wrong(format string, args ...any) {
	l.trouble = append(l.trouble, fmt.Sprintf(format, args...))
}

// answers are what JSON shows; who does not answer is left out.
func (l *look) answers() (map[string]any, error) {
	all := map[string]any{"trouble": append([]string{}, l.trouble...)}
	for name, answer := range map[string]proto.Message{"history": l.history, "presence": l.presence, "gateways": l.gateways} {
		if !answer.ProtoReflect().IsValid() {
			continue
		}
		data, err := command.JSON(answer)
		if err != nil {
			return nil, err
		}
		all[name] = json.RawMessage(data)
	}
	return all, nil
}
