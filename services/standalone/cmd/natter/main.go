// Command natter is the whole of natter in one process, with NATS inside.
package main

import (
	"context"
	"os"
	"runtime"

	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/run"
	"github.com/natter-chat/natter/services/standalone"
)

const about = `natter in one process: rooms over WebSocket, kept by an embedded NATS JetStream.

It needs nothing but a directory for its data, where it also keeps the secrets that
it makes at the first start. Guests may come in, and everything listens on this
machine alone, until you say otherwise. Each setting is a flag or an environment
variable; a secret may also come from the file that the variable with _FILE added
names.`

func main() {
	if os.Getenv("GOMAXPROCS") == "" {
		// A goroutine that waits for the disk keeps its place among the running
		// ones for a while. With one place per core a few syncs at a time stop
		// everything else: on two cores, eight places gave twice the acks.
		runtime.GOMAXPROCS(max(8, 2*runtime.NumCPU()))
	}
	os.Exit(run.Main(program))
}

func program(ctx context.Context, args []string) error {
	var s standalone.Settings
	handled, err := config.Parse("natter", about, &s, args, os.Stdout, standalone.Vars())
	if handled || err != nil {
		return err
	}
	n, err := standalone.New(ctx, s, s.Log.New(os.Stderr))
	if err != nil {
		return err
	}
	return n.Run(ctx, os.Stdout)
}
