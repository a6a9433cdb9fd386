package nemesis

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/process"
	"github.com/natter-chat/natter/services/e2e/harness/volume"
)

// filledDisk leaves a process no room on its disk, and then enough again. A NATS
// server goes on failing with what failed once (the field werr of its file
// store), so one by itself is started anew; natter does that with its own.
func filledDisk(p *process.Process, v *volume.Volume) Fault {
	full := during("fill the disk of "+p.Name(), time.Second, 5*time.Second, v.Fill, v.Free)
	if !strings.HasPrefix(p.Name(), "nats") {
		return full
	}
	return Fault{full.Name + " and restart it", func(ctx context.Context, dice *rand.Rand) error {
		return errors.Join(full.Happen(ctx, dice), p.Kill(), p.Start(ctx))
	}}
}
