package natterctl

import (
	"errors"
	"fmt"
	"os"
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
	Addr      string        `env:"NATTER_GRPC_ADDR" default:"${addr}" help:"gRPC address of natter; ${addr} if not set." placeholder:"HOST:PORT"`
	Token     string        `env:"NATTER_ADMIN_TOKEN" help:"Admin token. Others on this machine can read a command line: rather use the variable or a file." placeholder:"SECRET"`
	TokenFile string        `env:"NATTER_ADMIN_TOKEN_FILE" help:"File that holds the admin token." placeholder:"FILE"`
	TLSCA     string        `name:"tls-ca" env:"NATTER_TLS_CA" help:"Certificates of who signed the server's (PEM). Without it there is no TLS." placeholder:"FILE"`
	TLSCert   string        `name:"tls-cert" env:"NATTER_TLS_CERT" help:"Certificate to show to the server (PEM)." placeholder:"FILE"`
	TLSKey    string        `name:"tls-key" env:"NATTER_TLS_KEY" help:"Key of that certificate (PEM)." placeholder:"FILE"`
	Timeout   time.Duration `default:"15s" help:"How long to wait for an answer."`
}

func (s *server) dial() (*grpc.ClientConn, error) {
	token, err := s.token()
	if err != nil {
		return nil, err
	}
	return rpc.Dial(s.target(), token, config.TLS{CA: s.TLSCA, Cert: s.TLSCert, Key: s.TLSKey})
}

// target is the address to call: a server's ":9090" is this machine's.
func (s *server) target() string {
	switch {
	case s.Addr == "":
		return defaultAddr
	case strings.HasPrefix(s.Addr, ":"):
		return "127.0.0.1" + s.Addr
	}
	return s.Addr
}

func (s *server) token() (string, error) {
	token := s.Token
	if token != "" && s.TokenFile != "" {
		return "", errors.New("both an admin token and a file with one are set (--token or NATTER_ADMIN_TOKEN, --token-file or NATTER_ADMIN_TOKEN_FILE); one is enough")
	}
	if s.TokenFile != "" {
		content, err := os.ReadFile(s.TokenFile)
		if err != nil {
			return "", fmt.Errorf("the admin token's file: %w", err)
		}
		token = strings.TrimSpace(string(content))
	}
	if token == "" {
		return "", &command.Advised{
			Err:  errors.New("there is no admin token to call the server with"),
			Next: "set NATTER_ADMIN_TOKEN or NATTER_ADMIN_TOKEN_FILE, or use --token-file.",
		}
	}
	return token, nil
}
