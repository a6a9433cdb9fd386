package standalone

import (
	"maps"
	"path/filepath"

	"github.com/natter-chat/natter/services/gateway"
	"github.com/natter-chat/natter/services/history"
	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/secret"
	"github.com/natter-chat/natter/services/presence"
)

// Settings of the program: those of the services, without how they find each
// other.
type Settings struct {
	HTTP    config.HTTPListen `embed:"" group:"Where to listen"`
	HTTPTLS config.HTTPTLS    `embed:"" group:"Where to listen"`
	GRPC    config.GRPCListen `embed:"" group:"Where to listen"`
	Ops     config.OpsListen  `embed:"" group:"Where to listen"`
	// NATSListen opens the embedded NATS to tools.
	NATSListen string `name:"nats-listen" env:"NATTER_NATS_LISTEN" placeholder:"HOST:PORT" group:"Where to listen" help:"Where to let NATS tools in, with a key from the data directory; empty: nowhere."`

	History  history.Config  `embed:"" group:"Rooms"`
	Presence presence.Config `embed:"" group:"Rooms"`
	Gateway  gateway.Config  `embed:""`

	Secrets config.Secrets `embed:"" group:"Admins"`
	TLS     config.TLS     `embed:"" group:"Admins"`
	Log     config.Log     `embed:"" group:"Logs"`
	Trace   config.Trace   `embed:"" group:"Logs"`
}

// Vars are the defaults that differ from those of the services: everything is
// on this machine alone, and guests are welcome.
func Vars() map[string]string {
	vars := gateway.Vars()
	maps.Copy(vars, map[string]string{
		"guests": "true", "http_addr": "127.0.0.1:8080", "grpc_addr": "127.0.0.1:9090", "ops_addr": "127.0.0.1:9091",
	})
	return vars
}

// keep fills in the secrets that are not set: they are made at the first start
// and kept in the data directory, mode 0600.
func (s *Settings) keep(dir string) error {
	for name, value := range map[string]*string{
		"jwt-secret":    &s.Gateway.JWTSecret,
		"guest-secret":  &s.Gateway.GuestSecret,
		"service-token": &s.Secrets.ServiceToken,
		"admin-token":   &s.Secrets.AdminToken,
	} {
		if *value != "" || name == "jwt-secret" && s.Gateway.JWKS != "" { // the keys are enough
			continue
		}
		kept, err := secret.Keep(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		*value = kept
	}
	return nil
}
