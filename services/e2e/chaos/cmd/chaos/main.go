// Command chaos breaks natter while people talk, and tells what it broke of its
// promises. It ends with 1 if there was anything.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/natter-chat/natter/services/e2e/chaos"
	"github.com/natter-chat/natter/services/e2e/chaos/checker"
	"github.com/natter-chat/natter/services/e2e/chaos/history"
	"github.com/natter-chat/natter/services/e2e/chaos/viewer"
	"github.com/natter-chat/natter/services/e2e/harness/build"
	"github.com/natter-chat/natter/services/internal/pgtest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	good, err := run(ctx, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
	}
	if !good {
		stop()
		os.Exit(1)
	}
}

// options of the command line.
type options struct {
	chaos.Config
	services, kinds, check, view string
}

func parse(args []string) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("chaos", flag.ContinueOnError)
	f.Uint64Var(&o.Seed, "seed", 0, "of all dice; 0: another one each time")
	f.StringVar(&o.Shape, "shape", "standalone", "standalone, split, replicated (three history replicas; needs PostgreSQL) or clustered (and three NATS servers)")
	f.IntVar(&o.Faults, "faults", 100, "end after so many faults; 0: -for ends it")
	f.DurationVar(&o.For, "for", 0, "end after this time; 0: -faults ends it")
	f.StringVar(&o.kinds, "only", "", "what the names of faults begin with, parted by commas: kill,halt nats; empty: all")
	f.BoolVar(&o.SmallDisks, "small-disks", false, "have data on small file systems, which then may be full; needs root")
	f.BoolVar(&o.Clocks, "clocks", false, "have clocks jump; natter is built with a clock that can be set, which takes minutes the first time")
	f.StringVar(&o.Dir, "dir", "", "where data, logs and the history go; empty: a new directory, kept only if something is found")
	f.StringVar(&o.services, "services", "services", "the directory services of natter's sources")
	f.StringVar(&o.check, "check", "", "run nothing; check this history")
	f.StringVar(&o.view, "view", "", "run nothing; write a page to look at this history with, beside it")
	return o, f.Parse(args)
}

func run(ctx context.Context, args []string) (good bool, err error) {
	o, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return true, nil
	case err != nil:
		return false, err
	case o.view != "":
		return view(o.view)
	case o.check != "":
		return check(o.check)
	}
	return o.run(ctx)
}

func check(file string) (bool, error) {
	entries, err := history.Load(file)
	if err != nil {
		return false, err
	}
	found, err := checker.Check(entries)
	for _, v := range found {
		fmt.Println(v)
	}
	return err == nil && len(found) == 0, err
}

func view(file string) (bool, error) {
	page := strings.TrimSuffix(file, filepath.Ext(file)) + ".html"
	if err := viewer.Write(file, page); err != nil {
		return false, err
	}
	fmt.Println(page)
	return true, nil
}

func (o *options) run(ctx context.Context) (good bool, err error) {
	if o.Seed == 0 {
		o.Seed = uint64(time.Now().UnixNano())
	}
	if o.kinds != "" {
		o.Kinds = strings.Split(o.kinds, ",")
	}
	o.Log = func(line string) { fmt.Println(line) }
	temporary := o.Dir == ""
	if temporary {
		if o.Dir, err = os.MkdirTemp("", "natter-chaos-"); err != nil {
			return false, err
		}
		defer func() {
			if good {
				err = errors.Join(err, os.RemoveAll(o.Dir))
			}
		}()
	} else if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return false, err
	}
	if chaos.Shapes()[o.Shape] {
		closes, err := o.postgres()
		if err != nil {
			return false, err
		}
		defer func() { err = errors.Join(err, closes()) }()
	}
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return false, err
	}
	services, err := filepath.Abs(o.services)
	if err != nil {
		return false, err
	}
	bin := filepath.Join(o.Dir, "bin")
	o.Programs = build.NewCache(services, bin, false).Tagged(bin, "faultpoints")
	fmt.Printf("%s, seed %d, in %s\n", o.Shape, o.Seed, o.Dir)
	summary, err := chaos.Run(ctx, o.Config)
	if err != nil {
		return false, err
	}
	fmt.Print(summary)
	return len(summary.Violations) == 0, nil
}

func (o *options) postgres() (closes func() error, err error) {
	server, err := pgtest.New()
	if err != nil {
		return nil, err
	}
	url, err := server.Database()
	if err != nil {
		return nil, errors.Join(err, server.Close())
	}
	o.Database, o.DatabaseURL = server, url
	return server.Close, nil
}
