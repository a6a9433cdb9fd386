package e2e_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/access"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// doors are the addresses of all gRPC of a deployment.
func doors(d *shape.Deployment) []string {
	all := slices.DeleteFunc(append([]string{d.History, d.Presence}, d.GatewayRPC...), func(a string) bool { return a == "" })
	slices.Sort(all)
	return slices.Compact(all)
}

// plainly connects without any credential; knocks bring their own.
func plainly(t *testing.T, addr string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// knock calls any method with an empty request, and gives its first answer.
func knock(t *testing.T, conn *grpc.ClientConn, method string, md metadata.MD) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(metadata.NewOutgoingContext(t.Context(), md), client.Patience)
	defer cancel()
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method, grpc.WaitForReady(true))
	if err != nil {
		return err
	}
	if err := stream.SendMsg(&emptypb.Empty{}); err != nil {
		return stream.RecvMsg(&emptypb.Empty{})
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	return stream.RecvMsg(&emptypb.Empty{})
}

func bearing(token string) metadata.MD { return metadata.Pairs("authorization", "Bearer "+token) }

// offered are the services that a server says it has.
func offered(t *testing.T, conn *grpc.ClientConn, token string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(metadata.NewOutgoingContext(t.Context(), bearing(token)), client.Patience)
	defer cancel()
	stream, err := reflectionpb.NewServerReflectionClient(conn).ServerReflectionInfo(ctx, grpc.WaitForReady(true))
	if err != nil {
		t.Fatal(err)
	}
	err = stream.Send(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range answer.GetListServicesResponse().GetService() {
		names = append(names, s.GetName())
	}
	return names
}

// methods of a service, "/package.Service/Method", from its schema.
func methods(t *testing.T, service string) []string {
	t.Helper()
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
	if err != nil {
		t.Fatalf("a server offers %s, whose schema nobody here knows: %v", service, err)
	}
	all := found.(protoreflect.ServiceDescriptor).Methods()
	names := make([]string, all.Len())
	for i := range names {
		names[i] = "/" + service + "/" + string(all.Get(i).Name())
	}
	return names
}

// TestEveryDoorIsLocked walks through all methods of all services that run, as
// their schemas have them: without a credential, with a wrong one, with that of a
// service and with each scope, each is refused but to those whom the schema
// names. A method whose schema names nobody fails the test, so that a new one
// cannot be forgotten.
func TestEveryDoorIsLocked(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		seen := map[string]bool{}
		for _, addr := range doors(d) {
			conn := plainly(t, addr)
			for _, service := range offered(t, conn, d.AdminToken) {
				seen[service] = true
				for _, method := range methods(t, service) {
					if strings.HasPrefix(method, "/grpc.health.") {
						if err := knock(t, conn, method, nil); status.Code(err) == codes.Unauthenticated || status.Code(err) == codes.PermissionDenied {
							t.Errorf("%s is asked by load balancers, and refused: %v", method, err)
						}
						continue
					}
					tryDoor(t, d, conn, method)
				}
			}
		}
		protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
			for i := range f.Services().Len() {
				if name := string(f.Services().Get(i).FullName()); strings.HasPrefix(name, "natter.") && !seen[name] {
					t.Errorf("no server offers %s, so it was not tried", name)
				}
			}
			return true
		})
	})
}

func tryDoor(t *testing.T, d *shape.Deployment, conn *grpc.ClientConn, method string) {
	t.Helper()
	rule := rpc.RuleOf(method)
	if rule.GetScope() == 0 {
		t.Errorf("%s: its schema does not say which scope it needs (natter.access.v1.rule)", method)
		return
	}
	for what, md := range map[string]metadata.MD{
		"nothing": nil, "an empty token": bearing(""), "a wrong token": bearing("a-token-that-nobody-ever-had"),
		"a token without its end": bearing(d.AdminToken[:len(d.AdminToken)-1]), "a user's token": bearing(d.JWTSecret),
		"another scheme": metadata.Pairs("authorization", "Basic "+d.AdminToken), "only a user": metadata.Pairs("natter-user", "ana"),
		"two tokens": metadata.Pairs("authorization", "Bearer "+d.AdminToken, "authorization", "Bearer "+d.AdminToken),
	} {
		if err := knock(t, conn, method, md); status.Code(err) != codes.Unauthenticated {
			t.Errorf("%s with %s: %v, want Unauthenticated", method, what, err)
		}
	}
	needed := access.Name(rule.GetScope())
	if !rule.GetServices() {
		for _, md := range []metadata.MD{bearing(d.ServiceToken), metadata.Join(bearing(d.ServiceToken), metadata.Pairs("natter-user", "ana"))} {
			if err := knock(t, conn, method, md); status.Code(err) != codes.PermissionDenied || !strings.Contains(err.Error(), "scope "+needed) {
				t.Errorf("%s with a service's token: %v, want PermissionDenied, naming the scope %s", method, err, needed)
			}
		}
	}
	for scope, token := range d.Scoped {
		if scope == needed && scope != "read" {
			continue // it would be done
		}
		err := knock(t, conn, method, bearing(token))
		if refused := status.Code(err) == codes.PermissionDenied || status.Code(err) == codes.Unauthenticated; refused != (scope != needed) {
			t.Errorf("%s, which needs %s, with %s: %v", method, needed, scope, err)
		} else if refused && !strings.Contains(err.Error(), "scope "+needed) {
			t.Errorf("%s with %s does not say that it needs %s: %v", method, scope, needed, err)
		}
	}
	if err := knock(t, conn, method, metadata.Join(bearing(d.AdminToken), metadata.Pairs("natter-user", "ana"))); status.Code(err) != codes.PermissionDenied {
		t.Errorf("%s by an admin who claims to act for a user: %v, want PermissionDenied", method, err)
	}
}
