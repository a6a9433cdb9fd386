package secrets

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/natter-chat/natter/services/internal/natsx"
)

// clustered are the servers of a cluster, by name and host.
func clustered() []string { return []string{"nats-1", "nats-2", "nats-3"} }

// servers writes the configurations of a server alone, of three, and the part
// that tells of rights, for a Helm chart.
func (m *Make) servers(keys natsx.Keys) error {
	alone := natsx.ServerOptions{
		Name: "nats", Listen: "0.0.0.0:4222", StoreDir: "/data", SyncAlways: true, MaxStore: m.MaxStore, Keys: keys,
	}
	if m.TLSCert != "" || m.TLSKey != "" || m.TLSCA != "" {
		alone.TLS = &natsx.ServerTLS{Cert: m.TLSCert, Key: m.TLSKey, CA: m.TLSCA}
	}
	if err := m.server(alone); err != nil {
		return err
	}
	var accounts bytes.Buffer
	if err := natsx.AccountsConfig(&accounts, keys); err != nil {
		return err
	}
	if err := m.write("nats-accounts.conf", accounts.Bytes()); err != nil {
		return err
	}
	joining, err := m.keep("nats-cluster-secret")
	if err != nil {
		return err
	}
	for _, name := range clustered() {
		one := alone
		one.Name = name
		one.Cluster = &natsx.Cluster{Name: "natter", Listen: "0.0.0.0:6222", Secret: joining}
		for _, other := range clustered() {
			if other != name {
				one.Cluster.Routes = append(one.Cluster.Routes, "nats://"+other+":6222")
			}
		}
		if err := m.server(one); err != nil {
			return err
		}
	}
	return nil
}

// server writes one configuration.
func (m *Make) server(o natsx.ServerOptions) error {
	var b bytes.Buffer
	if err := natsx.ServerConfig(&b, o); err != nil {
		return err
	}
	return m.write(o.Name+".conf", b.Bytes())
}

// write writes a file where it differs from what is there, into the same file:
// a running container holds on to that.
func (m *Make) write(name string, content []byte) error {
	path := filepath.Join(m.Dir, name)
	if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, content) {
		return nil
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		return err
	}
	return os.Chmod(path, 0o644)
}

func readKey(path string) (natsx.Key, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return natsx.Key{}, err
	}
	key, err := natsx.KeyOf(slices.Clone(bytes.TrimSpace(content)))
	if err != nil {
		return natsx.Key{}, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}
