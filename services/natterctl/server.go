package natterctl

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"google.golang.org/grpc"

	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/rpc"
	"github.com/natter-chat/natter/services/natterctl/command"
)

const defaultAddr = "127.0.0.1:9090"

// server is where to ask, and as whom.
type server struct {
	Addr         string        `env:"NATTER_GRPC_ADDR" default:"${addr}" help:"gRPC address of natter; ${addr} if not set." placeholder:"HOST:PORT"`
	HistoryAddr  string        `env:"NATTER_HISTORY_URL" help:"Address of history, where the services run apart." placeholder:"HOST:PORT"`
	PresenceAddr string        `env:"NATTER_PRESENCE_URL" help:"Address of presence, where the services run apart." placeholder:"HOST:PORT"`
	GatewayAddr  string        `env:"NATTER_GATEWAY_URL" help:"Address of a gateway, where the services run apart." placeholder:"HOST:PORT"`
	Token        string        `env:"NATTER_ADMIN_TOKEN" help:"Admin token. Others on this machine can read a command line: rather use the variable or a file." placeholder:"SECRET"`
	TokenFile    string        `env:"NATTER_ADMIN_TOKEN_FILE" help:"File that holds the admin token." placeholder:"FILE"`
	TLSCA        string        `name:"tls-ca" env:"NATTER_TLS_CA" help:"Certificates of who signed the server's (PEM). Without it there is no TLS." placeholder:"FILE"`
	TLSCert      string        `name:"tls-cert" env:"NATTER_TLS_CERT" help:"Certificate to show to the server (PEM)." placeholder:"FILE"`
	TLSKey       string        `name:"tls-key" env:"NATTER_TLS_KEY" help:"Key of that certificate (PEM)." placeholder:"FILE"`
	Timeout      time.Duration `default:"15s" help:"How long to wait for an answer."`
}

// dial makes one connection to each address. close ends them all.
func (s *server) dial() (client *command.Client, closeAll func(), err error) {
	token, err := s.token()
	if err != nil {
		return nil, nil, err
	}
	conns := map[string]*grpc.ClientConn{}
	closeAll = func() {
		for _, conn := range conns {
			_ = conn.Close()
		}
	}
	to := func(addr string) *grpc.ClientConn {
		target := reachable(cmp.Or(addr, s.Addr))
		if conns[target] == nil && err == nil {
			var conn *grpc.ClientConn
			if conn, err = rpc.Dial(target, token, config.TLS{CA: s.TLSCA, Cert: s.TLSCert, Key: s.TLSKey}); err == nil {
				conns[target] = conn
			}
		}
		return conns[target]
	}
	history, presence, gateway := to(s.HistoryAddr), to(s.PresenceAddr), to(s.GatewayAddr)
	if err != nil {
		closeAll()
		return nil, nil, err
	}
	return command.NewClient(history, presence, gateway), closeAll, nil
}

// target is the address to name where nobody answers.
func (s *server) target() string {
	if s.HistoryAddr == "" && s.PresenceAddr == "" && s.GatewayAddr == "" {
		return reachable(s.Addr)
	}
	return "one of " + strings.Join([]string{
		reachable(cmp.Or(s.HistoryAddr, s.Addr)), reachable(cmp.Or(s.PresenceAddr, s.Addr)), reachable(cmp.Or(s.GatewayAddr, s.Addr)),
	}, ", ")
}

// reachable is the address to call: a server's ":9090" is this machine's.
func reachable(addr string) string {
	switch {
	case addr == "":
		return defaultAddr
	case strings.HasPrefix(addr, ":"):
		return "127.0.0.1" + addr
	}
	return addr
}

func (s *server) token() (string, error) {
	token, err := command.Secret(s.Token, s.TokenFile, "an admin token", "--token or NATTER_ADMIN_TOKEN, --token-file or NATTER_ADMIN_TOKEN_FILE")
	if err != nil {
		return "", err
	}
	if token == "" && s.TLSCert == "" { // a certificate may prove as much
		return "", &command.Advised{
			Err:  errors.New("there is no admin token to call the server with"),
			Next: "set NATTER_ADMIN_TOKEN or NATTER_ADMIN_TOKEN_FILE, use --token-file, or name a profile that has one with --profile.",
		}
	}
	return token, nil
}
