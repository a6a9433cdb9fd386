// Package shape starts natter in each of the shapes in which it is deployed.
// A test that holds for one holds for all: it sees a [Deployment].
package shape

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/natter-chat/natter/services/e2e/harness/build"
	"github.com/natter-chat/natter/services/e2e/harness/process"
	"github.com/natter-chat/natter/services/e2e/harness/proxy"
	"github.com/natter-chat/natter/services/internal/natsx"
	"github.com/natter-chat/natter/services/internal/secret"
)

// Shape is a way to deploy natter.
type Shape struct {
	// Name of the shape, for the names of tests.
	Name string
	// plan says which programs there are.
	plan func(*Deployment) error
}

// All shapes, or the one that is [Elsewhere].
func All() []Shape {
	if file := os.Getenv(Elsewhere); file != "" {
		return []Shape{External(file)}
	}
	return []Shape{Standalone(), Split()}
}

// Config of a deployment.
type Config struct {
	// Dir takes data, keys and logs. Needed.
	Dir string
	// Programs builds the binaries. Needed.
	Programs *build.Cache
	// Env are settings NAME=value for all of natter's own programs, beside
	// and before those that the shape needs.
	Env []string
	// Proxied puts a network that can be broken between NATS and each of the
	// programs of the split shape.
	Proxied bool
	// NATSTLS secures the NATS server of the split shape; Env then says what its
	// clients show to it.
	NATSTLS *natsx.ServerTLS
	// Presences is how many presence replicas the split shape has; 0: one.
	Presences int
	// Gateways is how many gateways the split shape has; 0: two.
	Gateways int
}

// Access is what opens the deployment's doors.
type Access struct {
	// JWTSecret signs users' tokens.
	JWTSecret string
	// ServiceToken and AdminToken open gRPC.
	ServiceToken, AdminToken string
	// Scoped are tokens of admins who hold one scope each, by its name. Nil
	// where the deployment has none.
	Scoped map[string]string
}

// Deployment is a natter that was started. Its processes may be ended and
// started again one by one.
type Deployment struct {
	// Shape's name.
	Shape string
	Access
	// Gateways are the base URLs of all gateways, such as
	// "http://127.0.0.1:8080"; a test reaches natter by them alone.
	Gateways []string
	// Ops are the base URLs of /readyz and /metrics, one for each gateway.
	Ops []string
	// GatewayRPC are the addresses of the gateways' gRPC, one for each.
	GatewayRPC []string
	// History is the address of history's gRPC.
	History string
	// Presence is the address of presence's gRPC.
	Presence string
	// Histories are the gRPC addresses of all history replicas, and HistoryOps
	// the base URLs of their /readyz and /metrics; empty but in the shape replicated.
	Histories, HistoryOps []string
	// NATS is the URL of the NATS server; empty where it offers none.
	NATS string
	// NATSOperator is the seed of a user who may do all. Nil where NATS is empty.
	NATSOperator []byte
	// Networks between a process, by its name, and NATS, where they are proxied.
	Networks map[string]*proxy.Proxy
	// Processes in the order in which they are started.
	Processes []*process.Process

	cfg Config
}

// Start starts all of it and waits until all is ready. After an error nothing
// runs.
func (s Shape) Start(ctx context.Context, cfg Config) (*Deployment, error) {
	d, err := s.Prepare(cfg)
	if err != nil {
		return nil, err
	}
	if err := d.Start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start the shape %s: %w", s.Name, err), d.Kill())
	}
	return d, nil
}

// Prepare builds the programs and lays out everything, and starts nothing.
func (s Shape) Prepare(cfg Config) (*Deployment, error) {
	d := &Deployment{
		Shape: s.Name, cfg: cfg,
		Access: Access{JWTSecret: secret.New(), ServiceToken: secret.New(), AdminToken: secret.New()},
	}
	if err := d.mint(); err != nil {
		return nil, fmt.Errorf("lay out the shape %s: %w", s.Name, err)
	}
	if err := s.plan(d); err != nil {
		return nil, fmt.Errorf("lay out the shape %s: %w", s.Name, err)
	}
	return d, nil
}

// Start starts what does not run, in order.
func (d *Deployment) Start(ctx context.Context) error {
	for _, p := range d.Processes {
		if p.Running() {
			continue
		}
		if err := p.Start(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Stop stops all orderly, last first.
func (d *Deployment) Stop() error {
	var errs []error
	for i := range d.Processes {
		errs = append(errs, d.Processes[len(d.Processes)-1-i].Stop())
	}
	return errors.Join(errs...)
}

// Kill ends all at once.
func (d *Deployment) Kill() error {
	var errs []error
	for _, p := range d.Processes {
		errs = append(errs, p.Kill())
	}
	for _, network := range d.Networks {
		errs = append(errs, network.Close())
	}
	d.Networks = nil
	return errors.Join(errs...)
}

// Process by name, or nil.
func (d *Deployment) Process(name string) *process.Process {
	for _, p := range d.Processes {
		if p.Name() == name {
			return p
		}
	}
	return nil
}

// Alarm is an error if any process told of a data race or a panic.
func (d *Deployment) Alarm() error {
	var errs []error
	for _, p := range d.Processes {
		errs = append(errs, p.Alarm())
	}
	return errors.Join(errs...)
}

// Tails are the ends of all logs.
func (d *Deployment) Tails(lines int) string {
	var b strings.Builder
	for _, p := range d.Processes {
		fmt.Fprintf(&b, "--- %s\n%s\n", p.Name(), p.Tail(lines))
	}
	return b.String()
}

// KeepLogs copies all logs into a directory, which it makes.
func (d *Deployment) KeepLogs(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, p := range d.Processes {
		content, err := os.ReadFile(d.logFile(p.Name()))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, d.Shape+"-"+p.Name()+".log"), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Dir is the working directory of a process.
func (d *Deployment) Dir(process string) string { return filepath.Join(d.cfg.Dir, process) }

// Login is how a service of the split shape shows itself to NATS and to the
// other services, as environment variables.
func (d *Deployment) Login(service string) []string {
	return []string{
		"NATTER_NATS_URL=" + d.NATS, "NATTER_NATS_CREDS=" + d.SeedFile(service),
		"NATTER_SERVICE_TOKEN=" + d.ServiceToken, "NATTER_ADMIN_TOKEN=" + d.AdminToken,
	}
}

// network is where a process of the split shape finds NATS, if not directly.
func (d *Deployment) network(process string) ([]string, error) {
	if !d.cfg.Proxied {
		return nil, nil
	}
	p, err := proxy.Start(strings.TrimPrefix(d.NATS, "nats://"))
	if err != nil {
		return nil, err
	}
	if d.Networks == nil {
		d.Networks = map[string]*proxy.Proxy{}
	}
	d.Networks[process] = p
	return []string{"NATTER_NATS_URL=nats://" + p.Addr()}, nil
}

// SeedFile is what a service of the split shape shows itself to NATS with.
func (d *Deployment) SeedFile(service string) string {
	return filepath.Join(d.cfg.Dir, service+".seed")
}

func (d *Deployment) logFile(name string) string { return filepath.Join(d.cfg.Dir, name+".log") }

// add adds a program of ours: env beside what is in the configuration.
func (d *Deployment) add(name string, program build.Program, ops string, env ...string) error {
	path, err := d.cfg.Programs.Path(program)
	if err != nil {
		return err
	}
	dir := d.Dir(name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	d.Processes = append(d.Processes, process.New(process.Config{
		Name: name, Path: path, Dir: dir, Log: d.logFile(name), Ready: "http://" + ops + "/readyz",
		Env: append(append([]string{"NATTER_LOG_LEVEL=debug", "NATTER_ADMIN_TOKENS_FILE=" + d.TokensFile()}, d.cfg.Env...), env...),
	}))
	return nil
}

// addrs are free addresses, count of them.
func addrs(count int) ([]string, error) {
	found := make([]string, count)
	for i := range found {
		var err error
		if found[i], err = process.FreeAddr(); err != nil {
			return nil, err
		}
	}
	return found, nil
}
