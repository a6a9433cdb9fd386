// Package compose drives natter's compose stack, as its guide tells people to:
// by docker compose, and by what is published on 127.0.0.1.
package compose

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/natter-chat/natter/services/e2e/harness/process"
)

// Config of a project.
type Config struct {
	// Deploy is the directory with compose.yaml. Needed.
	Deploy string
	// Dir takes secrets and settings. Needed.
	Dir string
	// Name keeps projects on one engine apart. Needed.
	Name string
	// Subnet of its network, apart from those of others. Needed.
	Subnet string
	// Files beside compose.yaml, such as compose.cluster.yaml.
	Files []string
	// Profiles, such as observability.
	Profiles []string
	// Settings NAME=value of natter's services.
	Settings []string
	// Version of the images.
	Version string
}

// Project is one stack. Its methods may be called at the same time.
type Project struct {
	cfg Config
	env map[string]string
}

// New lays out a project: free ports, settings. Nothing runs yet.
func New(cfg Config) (*Project, error) {
	p := &Project{cfg: cfg, env: map[string]string{
		"NATTER_SECRETS": filepath.Join(cfg.Dir, "secrets"), "NATTER_ENV_FILE": filepath.Join(cfg.Dir, "natter.env"),
		"NATTER_ADMINS": filepath.Join(cfg.Dir, "admins"),
		"NATTER_SUBNET": cfg.Subnet, "NATTER_VERSION": cfg.Version, "COMPOSE_PROFILES": strings.Join(cfg.Profiles, ","),
	}}
	files := []string{filepath.Join(cfg.Deploy, "compose.yaml")}
	for _, file := range cfg.Files {
		files = append(files, filepath.Join(cfg.Deploy, file))
	}
	p.env["COMPOSE_FILE"], p.env["COMPOSE_PROJECT_NAME"] = strings.Join(files, string(os.PathListSeparator)), cfg.Name
	for _, port := range []string{"NATTER_PORT", "NATTER_GRPC_PORT", "NATTER_STATS_PORT", "NATTER_PROMETHEUS_PORT", "NATTER_GRAFANA_PORT", "NATTER_TLS_PORT"} {
		addr, err := process.FreeAddr()
		if err != nil {
			return nil, err
		}
		p.env[port] = strings.TrimPrefix(addr, "127.0.0.1:")
	}
	if err := os.MkdirAll(p.env["NATTER_SECRETS"], 0o700); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(p.Admins(), 0o755); err != nil {
		return nil, err
	}
	return p, os.WriteFile(p.env["NATTER_ENV_FILE"], []byte(strings.Join(cfg.Settings, "\n")+"\n"), 0o600)
}

// Set changes a variable of compose's own, such as NATTER_VERSION.
func (p *Project) Set(name, value string) { p.env[name] = value }

// Local is the base URL of what a variable's port publishes.
func (p *Project) Local(variable string) string { return "http://127.0.0.1:" + p.env[variable] }

// Web is where browsers go.
func (p *Project) Web() string { return p.Local("NATTER_PORT") }

// Secure is where browsers go with compose.tls.yaml.
func (p *Project) Secure() string { return "https://127.0.0.1:" + p.env["NATTER_TLS_PORT"] }

// GRPC is the address for admins.
func (p *Project) GRPC() string { return "127.0.0.1:" + p.env["NATTER_GRPC_PORT"] }

// Secret is the content of one of the secrets.
func (p *Project) Secret(name string) (string, error) {
	content, err := os.ReadFile(filepath.Join(p.env["NATTER_SECRETS"], name))
	return strings.TrimSpace(string(content)), err
}

// Admins is the directory with the file of further admins, if there is one.
func (p *Project) Admins() string { return p.env["NATTER_ADMINS"] }

// Compose runs docker compose with the project's files and variables.
func (p *Project) Compose(ctx context.Context, args ...string) (string, error) {
	return p.docker(ctx, append([]string{"compose", "--progress", "quiet"}, args...)...)
}

// Up builds and starts what does not run, and waits until all is healthy. More
// arguments are those of docker compose up.
func (p *Project) Up(ctx context.Context, args ...string) error {
	_, err := p.Compose(ctx, append([]string{"up", "-d", "--wait", "--wait-timeout", "240"}, args...)...)
	return err
}

// Stop ends all containers, and keeps them.
func (p *Project) Stop(ctx context.Context) error {
	_, err := p.Compose(ctx, "--profile", "*", "stop", "-t", "5")
	return err
}

// Down ends it, with its data.
func (p *Project) Down(ctx context.Context) error {
	_, err := p.Compose(ctx, "--profile", "*", "down", "-v", "--remove-orphans", "-t", "2")
	return err
}

// Logs writes what all containers said.
func (p *Project) Logs(ctx context.Context, w io.Writer) error {
	out, err := p.Compose(ctx, "logs", "--no-color", "--timestamps")
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, out)
	return err
}

// Make runs a target of the repository's Makefile for this stack, such as roll.
func (p *Project) Make(ctx context.Context, target string) error {
	_, err := p.run(ctx, "make", "-C", filepath.Dir(p.cfg.Deploy), target, "STACK="+p.stack())
	return err
}

// stack names the files of the project as the Makefile does, from the
// repository's root.
func (p *Project) stack() string {
	files := []string{"deploy/compose.yaml"}
	for _, file := range p.cfg.Files {
		files = append(files, "deploy/"+file)
	}
	return strings.Join(files, string(os.PathListSeparator))
}

// Roll replaces the containers of services, by the script that is documented.
func (p *Project) Roll(ctx context.Context, services ...string) error {
	_, err := p.run(ctx, filepath.Join(p.cfg.Deploy, "roll"), services...)
	return err
}

// docker runs a command of the engine, and gives what it printed.
func (p *Project) docker(ctx context.Context, args ...string) (string, error) {
	return p.run(ctx, "docker", args...)
}

func (p *Project) run(ctx context.Context, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = os.Environ()
	for name, value := range p.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", program, strings.Join(args, " "), err, end(stderr.String(), 4000))
	}
	return stdout.String(), nil
}

func end(text string, most int) string { return text[max(0, len(text)-most):] }

// Container is one replica of a service.
type Container struct {
	ID, Name, Service, State, Health string
}

// Containers of the services named, or of all, that exist.
func (p *Project) Containers(ctx context.Context, services ...string) ([]Container, error) {
	out, err := p.Compose(ctx, append([]string{"ps", "--all", "--no-trunc", "--format", "json"}, services...)...)
	if err != nil {
		return nil, err
	}
	var all []Container
	decoder := json.NewDecoder(strings.NewReader(out))
	for {
		var c Container
		err := decoder.Decode(&c)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("docker compose ps: %w", err)
		}
		all = append(all, c)
	}
}
