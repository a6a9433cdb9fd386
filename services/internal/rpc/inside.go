package rpc

import (
	"net"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// Inside is a listener for the program's own calls to itself, on the loopback:
// what comes by it is served in the clear though others need TLS. Tokens are
// asked for all the same.
func (s *Server) Inside(l net.Listener) net.Listener { return insideListener{l} }

type insideListener struct{ net.Listener }

func (l insideListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return insideConn{conn}, nil
}

type insideConn struct{ net.Conn }

// fromOutside are credentials that let what came by [Server.Inside] do without.
type fromOutside struct {
	credentials.TransportCredentials
}

func (f fromOutside) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	if own, ok := conn.(insideConn); ok {
		return insecure.NewCredentials().ServerHandshake(own.Conn)
	}
	return f.TransportCredentials.ServerHandshake(conn)
}

func (f fromOutside) Clone() credentials.TransportCredentials {
	return fromOutside{f.TransportCredentials.Clone()}
}
