package frame

import (
	"google.golang.org/protobuf/reflect/protoreflect"
)

// plan is what decoding and encoding need to know of a message type, looked up
// once.
type plan struct {
	message protoreflect.MessageDescriptor
	fields  []*field
	byName  map[string]*field
}

// field is one field of a plan.
type field struct {
	descriptor protoreflect.FieldDescriptor
	index      int
	name       string // lowerCamelCase
	key        string // "name":
	kind       protoreflect.Kind
	list       bool
	always     bool // written also when zero
	inOneof    bool
	message    *plan
	known      known
}

// known are the types with a JSON form of their own.
type known int

const (
	ordinary known = iota
	timestamp
	object
)

// planner makes plans, one per type.
type planner map[protoreflect.FullName]*plan

func (ps planner) of(message protoreflect.MessageDescriptor) *plan {
	if p := ps[message.FullName()]; p != nil {
		return p
	}
	p := &plan{message: message, byName: map[string]*field{}}
	ps[message.FullName()] = p
	for i := range message.Fields().Len() {
		f := ps.field(message.Fields().Get(i), i)
		p.fields = append(p.fields, f)
		p.byName[f.name] = f
		p.byName[string(f.descriptor.Name())] = f
	}
	return p
}

func (ps planner) field(d protoreflect.FieldDescriptor, index int) *field {
	f := &field{
		descriptor: d, index: index, name: d.JSONName(), key: `"` + d.JSONName() + `":`,
		kind: d.Kind(), list: d.IsList(),
		always:  d.IsList() || !d.HasPresence(),
		inOneof: d.ContainingOneof() != nil && !d.ContainingOneof().IsSynthetic(),
	}
	if f.kind != protoreflect.MessageKind {
		return f
	}
	switch d.Message().FullName() {
	case "google.protobuf.Timestamp":
		f.known = timestamp
	case "google.protobuf.Struct":
		f.known = object
	default:
		f.message = ps.of(d.Message())
	}
	return f
}
