package store

import (
	"context"
	"fmt"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// AcceptGap is `store accept-gap`.
type AcceptGap struct {
	command.Confirmed

	Partition uint32 `required:"" help:"Number of the partition."`
	From      uint64 `required:"" help:"First sequence that is missing, as history's refusal names it." placeholder:"SEQUENCE"`
	To        uint64 `required:"" help:"Last sequence that is missing." placeholder:"SEQUENCE"`
}

// Run accepts the gap, and tells what was left out.
func (a *AcceptGap) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	what := fmt.Sprintf("this gives up sequences %d to %d of partition %d, and what its log has after them", a.From, a.To, a.Partition)
	if err := a.Confirm(env, what, "look for a backup of the broker first; then "); err != nil {
		return err
	}
	resp, err := client.Store.AcceptGap(ctx, &historyv1.AcceptGapRequest{Partition: a.Partition, From: a.From, To: a.To})
	if err != nil {
		return err
	}
	return env.Print(resp, func(t *command.Table) {
		t.Row("EPOCH", "DROPPED")
		t.Row(resp.GetEpoch(), resp.GetDropped())
	})
}
