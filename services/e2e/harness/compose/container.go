package compose

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Kill ends a container's process at once, as a crash does: the engine starts
// it again, which it does not for those that it was told to end. It needs the
// engine on this machine, and the right to end its processes.
func (p *Project) Kill(ctx context.Context, c Container) error {
	out, err := p.docker(ctx, "inspect", "-f", "{{.State.Pid}}", c.ID)
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(out))
	if err != nil || pid <= 1 {
		return fmt.Errorf("%s has no process: pid %q", c.Name, out)
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return process.Kill()
}

// Pause freezes a container for a time.
func (p *Project) Pause(ctx context.Context, c Container, length time.Duration) error {
	if err := p.freeze(ctx, c); err != nil {
		return err
	}
	err := pass(ctx, length)
	_, again := p.docker(context.WithoutCancel(ctx), "unpause", c.ID)
	return errors.Join(err, again)
}

// freeze tries again for a while where the kernel does not freeze all of a
// container's threads in the engine's time, as on a busy machine.
func (p *Project) freeze(ctx context.Context, c Container) error {
	for deadline := time.Now().Add(time.Minute); ; {
		_, err := p.docker(ctx, "pause", c.ID)
		if err == nil || !strings.Contains(err.Error(), "unable to freeze") || time.Now().After(deadline) {
			return err
		}
		if err := pass(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
}

// endpoint is how a container stands in a network.
type endpoint struct {
	Aliases    []string
	IPAddress  string
	IPAMConfig *struct{} // not nil where it asked for an address
}

// Cut takes a container off all its networks for a time, and puts it back as it
// was.
func (p *Project) Cut(ctx context.Context, c Container, length time.Duration) error {
	out, err := p.docker(ctx, "inspect", "-f", "{{json .NetworkSettings.Networks}}", c.ID)
	if err != nil {
		return err
	}
	var networks map[string]endpoint
	if err := json.Unmarshal([]byte(out), &networks); err != nil {
		return fmt.Errorf("the networks of %s: %w", c.Name, err)
	}
	for name := range networks {
		if _, err := p.docker(ctx, "network", "disconnect", "-f", name, c.ID); err != nil {
			return err
		}
	}
	errs := []error{pass(ctx, length)}
	for name, at := range networks {
		args := []string{"network", "connect"}
		for _, alias := range at.Aliases {
			if !strings.HasPrefix(c.ID, alias) {
				args = append(args, "--alias", alias)
			}
		}
		_, err := p.docker(context.WithoutCancel(ctx), append(args, name, c.ID)...)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Healthy waits until all containers of the services named, or of all, run and
// are healthy.
func (p *Project) Healthy(ctx context.Context, services ...string) error {
	for {
		all, err := p.Containers(ctx, services...)
		if err != nil {
			return err
		}
		sick := ""
		for _, c := range all {
			if c.State != "running" || c.Health != "healthy" && c.Health != "" {
				sick += fmt.Sprintf(" %s is %s %s;", c.Name, c.State, c.Health)
			}
		}
		if sick == "" && len(all) > 0 {
			return nil
		}
		if err := pass(ctx, 200*time.Millisecond); err != nil {
			return fmt.Errorf("%w:%s", err, sick)
		}
	}
}

// Inspect is a field of a container or image, by a template of the engine's.
func (p *Project) Inspect(ctx context.Context, what, template string) (string, error) {
	out, err := p.docker(ctx, "inspect", "-f", template, what)
	return strings.TrimSpace(out), err
}

// Docker runs another command of the engine, such as stats.
func (p *Project) Docker(ctx context.Context, args ...string) (string, error) {
	out, err := p.docker(ctx, args...)
	return strings.TrimSpace(out), err
}

// pass lets time pass that is part of a fault.
func pass(ctx context.Context, length time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(length):
		return nil
	}
}
