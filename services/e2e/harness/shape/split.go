package shape

import (
	"cmp"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/natter-chat/natter/services/e2e/harness/build"
	"github.com/natter-chat/natter/services/e2e/harness/process"
	"github.com/natter-chat/natter/services/internal/natsx"
	"github.com/natter-chat/natter/services/internal/secret"
)

// Split is each service in a process of its own, with two gateways or as many
// as the configuration says, around a real NATS server.
func Split() Shape { return Shape{Name: "split", plan: planSplit} }

func planSplit(d *Deployment) error {
	keys, err := natsx.NewKeys(natsx.Operator)
	if err != nil {
		return err
	}
	if err := planNATS(d, keys); err != nil {
		return err
	}
	for service, key := range keys {
		if err := os.WriteFile(d.SeedFile(service), append(key.Seed, '\n'), 0o600); err != nil {
			return err
		}
	}
	history, err := planService(d, natsx.History, natsx.History, build.History(), "NATTER_DATA_DIR=data")
	if err != nil {
		return err
	}
	presence, err := planPresences(d)
	if err != nil {
		return err
	}
	d.History, d.Presence = history, presence
	return planGateways(d, history, presence)
}

// planService adds a service with gRPC, and gives its address.
func planService(d *Deployment, name, service string, program build.Program, env ...string) (string, error) {
	a, err := addrs(2)
	if err != nil {
		return "", err
	}
	network, err := d.network(service)
	if err != nil {
		return "", err
	}
	env = append(append(append(env, d.Login(service)...), network...), "NATTER_GRPC_ADDR="+a[0], "NATTER_OPS_ADDR="+a[1])
	return a[0], d.add(name, program, a[1], env...)
}

// planPresences adds the presence replicas, and gives the first one's address.
func planPresences(d *Deployment) (string, error) {
	first, err := planService(d, natsx.Presence, natsx.Presence, build.Presence())
	for i := 2; i <= d.cfg.Presences && err == nil; i++ {
		_, err = planService(d, fmt.Sprintf("%s-%d", natsx.Presence, i), natsx.Presence, build.Presence())
	}
	return first, err
}

func planGateways(d *Deployment, history, presence string) error {
	guests := secret.New()
	for i := range cmp.Or(d.cfg.Gateways, 2) {
		a, err := addrs(3)
		if err != nil {
			return err
		}
		d.Gateways = append(d.Gateways, "http://"+a[0])
		d.GatewayRPC = append(d.GatewayRPC, a[1])
		d.Ops = append(d.Ops, "http://"+a[2])
		env := append([]string{
			"NATTER_HTTP_ADDR=" + a[0], "NATTER_GRPC_ADDR=" + a[1], "NATTER_OPS_ADDR=" + a[2],
			"NATTER_HISTORY_URL=" + history, "NATTER_PRESENCE_URL=" + presence,
			"NATTER_JWT_SECRET=" + d.JWTSecret, "NATTER_GUESTS=true", "NATTER_GUEST_SECRET=" + guests,
		}, d.Login(natsx.Gateway)...)
		name := fmt.Sprintf("gateway-%d", i+1)
		network, err := d.network(name)
		if err != nil {
			return err
		}
		if err := d.add(name, build.Gateway(), a[2], append(env, network...)...); err != nil {
			return err
		}
	}
	return nil
}

func planNATS(d *Deployment, keys natsx.Keys) error {
	path, err := d.cfg.Programs.Path(build.NATS())
	if err != nil {
		return err
	}
	a, err := addrs(2)
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(a[1])
	if err != nil {
		return err
	}
	dir := d.Dir("nats")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file := filepath.Join(dir, "nats.conf")
	if err := writeConfig(file, natsx.ServerOptions{
		Name: "e2e", Listen: a[0], StoreDir: filepath.Join(dir, "data"), SyncAlways: true, MaxStore: 32 << 30, Keys: keys, TLS: d.cfg.NATSTLS,
	}); err != nil {
		return err
	}
	d.NATS, d.NATSOperator = "nats://"+a[0], keys[natsx.Operator].Seed
	d.Processes = append(d.Processes, process.New(process.Config{
		Name: "nats", Path: path, Dir: dir, Log: d.logFile("nats"),
		Args:  []string{"-c", file, "-a", "127.0.0.1", "-m", port},
		Ready: "http://" + a[1] + "/healthz",
	}))
	return nil
}

func writeConfig(path string, o natsx.ServerOptions) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err := natsx.ServerConfig(file, o); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}
