package rpc

import (
	"context"
	"crypto/x509"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/natter-chat/natter/services/internal/access"
	"github.com/natter-chat/natter/services/internal/certs"
)

const bearer = "bearer "

// identities are all who can prove who they are: by the tokens of the settings,
// by those of the file, by a certificate that the file names.
type identities struct {
	fixed access.List
	file  *access.File   // nil: none
	ca    *certs.Signers // nil: no certificate proves anything
}

// newIdentities have the tokens of the settings under the names admin and
// service.
func newIdentities(serviceToken, adminToken string) identities {
	var i identities
	if adminToken != "" {
		digest := access.DigestOf(adminToken)
		i.fixed = append(i.fixed, access.Entry{Name: "admin", Scopes: access.All, Digest: &digest})
	}
	if serviceToken != "" {
		digest := access.DigestOf(serviceToken)
		i.fixed = append(i.fixed, access.Entry{Name: "service", Service: true, Digest: &digest})
	}
	return i
}

// identify tells who calls. A token decides, where there is one; without one, a
// certificate does.
func (i identities) identify(ctx context.Context) (Caller, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	entry, err := i.prove(ctx, md)
	if err != nil {
		return Caller{}, err
	}
	if entry.Service {
		user, err := actingUser(md)
		return Caller{Name: entry.Name, User: user}, err
	}
	if len(md.Get(userKey)) > 0 {
		return Caller{}, status.Error(codes.PermissionDenied, "the metadata natter-user is for natter's own services: an admin acts for nobody, and sees all")
	}
	return Caller{Admin: true, Name: entry.Name, Scopes: entry.Scopes}, nil
}

func (i identities) prove(ctx context.Context, md metadata.MD) (access.Entry, error) {
	now := time.Now()
	list := i.listed()
	if len(md.Get("authorization")) == 0 {
		if cert := i.certificate(ctx); cert != nil {
			if entry, ok := list.Certificate(cert, now); ok {
				return entry, nil
			}
			return access.Entry{}, status.Error(codes.Unauthenticated, "the certificate is signed well, but NATTER_ADMIN_TOKENS_FILE of this server has no line for its subject, or the line has expired")
		}
	}
	token, ok := bearerToken(md)
	if !ok {
		return access.Entry{}, status.Error(codes.Unauthenticated, "no token: send the metadata authorization: Bearer <token>")
	}
	for _, l := range []access.List{i.fixed, list} {
		if entry, ok := l.Token(token, now); ok {
			return entry, nil
		}
	}
	return access.Entry{}, status.Error(codes.Unauthenticated, "the token is neither the service token nor an admin token of this server, or it has expired")
}

func (i identities) listed() access.List {
	if i.file == nil {
		return nil
	}
	return i.file.Get()
}

// certificate is the client's, if one was shown that NATTER_GRPC_CLIENT_CA
// signed; nil else.
func (i identities) certificate(ctx context.Context) *x509.Certificate {
	p, ok := peer.FromContext(ctx)
	if i.ca == nil || !ok {
		return nil
	}
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok || !i.ca.Signed(info.State.VerifiedChains) {
		return nil
	}
	return info.State.PeerCertificates[0]
}

func bearerToken(md metadata.MD) (string, bool) {
	values := md.Get("authorization")
	if len(values) != 1 || len(values[0]) <= len(bearer) || !strings.EqualFold(values[0][:len(bearer)], bearer) {
		return "", false
	}
	return values[0][len(bearer):], true
}
