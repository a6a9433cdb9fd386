package store

import (
	"context"
	"errors"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Status is `store status`.
type Status struct{}

// Run prints the partitions, and fails if anything is wrong.
func (*Status) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	resp, err := client.Store.Status(ctx, &historyv1.StatusRequest{})
	if err != nil {
		return err
	}
	wrong := resp.GetTrouble() != ""
	err = env.Print(resp, func(t *command.Table) {
		t.Row("STORE", "EPOCH", "TROUBLE")
		t.Row(resp.GetStore(), resp.GetEpoch(), resp.GetTrouble())
		t.Row("PARTITION", "OWNER", "LOG FIRST", "LOG LAST", "LOG BYTES", "APPLIED", "BEHIND", "TROUBLE")
		for _, p := range resp.GetPartitions() {
			t.Row(p.GetPartition(), p.GetOwner(), p.GetLogFirst(), p.GetLogLast(), p.GetLogBytes(), p.GetApplied(), p.GetBehind(), p.GetTrouble())
			wrong = wrong || p.GetTrouble() != ""
		}
	})
	if err == nil && wrong {
		err = &command.Advised{Err: errors.New("something is wrong; the column TROUBLE says what"), Exit: command.ExitPartly}
	}
	return err
}
