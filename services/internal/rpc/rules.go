package rpc

import (
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	accessv1 "github.com/natter-chat/natter/proto/natter/access/v1"
)

const (
	healthPrefix     = "/grpc.health.v1.Health/"
	reflectionPrefix = "/grpc.reflection."
)

// RuleOf says who may call a method, "/package.Service/Method": what its schema
// says. Nil, and so nobody, where it says nothing.
func RuleOf(method string) *accessv1.Rule {
	if strings.HasPrefix(method, reflectionPrefix) {
		return &accessv1.Rule{Scope: accessv1.Scope_READ}
	}
	name := protoreflect.FullName(strings.ReplaceAll(strings.TrimPrefix(method, "/"), "/", "."))
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
	if err != nil {
		return nil
	}
	if _, ok := found.(protoreflect.MethodDescriptor); !ok || !proto.HasExtension(found.Options(), accessv1.E_Rule) {
		return nil
	}
	rule, _ := proto.GetExtension(found.Options(), accessv1.E_Rule).(*accessv1.Rule)
	return rule
}

// open tells the methods that anyone may call: load balancers ask for health.
func open(method string) bool { return strings.HasPrefix(method, healthPrefix) }

// rules remembers what the schema says. Only methods that are registered come
// here, so it stays small.
type rules struct{ known sync.Map } // method → *accessv1.Rule

func (r *rules) of(method string) *accessv1.Rule {
	if rule, ok := r.known.Load(method); ok {
		return rule.(*accessv1.Rule)
	}
	rule := RuleOf(method)
	r.known.Store(method, rule)
	return rule
}
