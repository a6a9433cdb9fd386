package shape

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/natter-chat/natter/services/e2e/harness/build"
	"github.com/natter-chat/natter/services/e2e/harness/process"
	"github.com/natter-chat/natter/services/internal/natsx"
	"github.com/natter-chat/natter/services/internal/secret"
)

// Clustered is Replicated with three NATS servers, which keep each log three
// times.
func Clustered(histories int) Shape {
	return Shape{Name: "clustered", plan: func(d *Deployment) error {
		d.cfg.Env = append(d.cfg.Env, "NATTER_REPLICAS=3")
		return planHistories(d, histories, planServers)
	}}
}

// servers is how many NATS servers a cluster has.
const servers = 3

// planServers adds the NATS servers of a cluster. They become ready together,
// so only the last one is waited for.
func planServers(d *Deployment, keys natsx.Keys) error {
	path, err := d.cfg.Programs.Path(build.NATS())
	if err != nil {
		return err
	}
	clients, err := addrs(servers)
	if err != nil {
		return err
	}
	routes, err := addrs(servers)
	if err != nil {
		return err
	}
	known := secret.New()
	for i := range servers {
		if err := planServer(d, keys, path, fmt.Sprintf("nats-%d", i+1), clients[i], routes[i], routes, known); err != nil {
			return err
		}
	}
	d.NATS, d.NATSOperator = "nats://"+strings.Join(clients, ",nats://"), keys[natsx.Operator].Seed
	return nil
}

func planServer(d *Deployment, keys natsx.Keys, path, name, clients, route string, routes []string, known string) error {
	monitor, err := process.FreeAddr()
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(monitor)
	if err != nil {
		return err
	}
	dir := d.Dir(name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	cluster := &natsx.Cluster{Name: "e2e", Listen: route, Secret: strings.Map(alphanumeric, known)}
	for _, other := range routes {
		cluster.Routes = append(cluster.Routes, "nats://"+other)
	}
	file := filepath.Join(dir, "nats.conf")
	if err := writeConfig(file, natsx.ServerOptions{
		Name: name, Listen: clients, StoreDir: filepath.Join(dir, "data"), SyncAlways: true, MaxStore: 32 << 30, Keys: keys, Cluster: cluster,
	}); err != nil {
		return err
	}
	ready := ""
	if route == routes[len(routes)-1] {
		ready = "http://" + monitor + "/healthz"
	}
	d.Processes = append(d.Processes, process.New(process.Config{
		Name: name, Path: path, Dir: dir, Log: d.logFile(name), Ready: ready,
		Args: []string{"-c", file, "-a", "127.0.0.1", "-m", port},
	}))
	return nil
}

func alphanumeric(r rune) rune {
	if '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
		return r
	}
	return -1
}
