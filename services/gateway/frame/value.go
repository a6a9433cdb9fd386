package frame

import (
	"bytes"
	"math"
	"strconv"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// scalar reads one value of a field; invalid where it is not of its type.
func (d *decoder) scalar(f *field, blame string) protoreflect.Value {
	switch {
	case f.known == timestamp:
		return d.time(blame)
	case f.known == object:
		return d.object(blame)
	}
	switch f.kind {
	case protoreflect.StringKind:
		return d.string(blame)
	case protoreflect.BoolKind:
		return d.bool(blame)
	case protoreflect.EnumKind:
		return d.enum(f, blame)
	case protoreflect.Uint32Kind:
		if v, ok := d.unsigned(blame, math.MaxUint32); ok {
			return protoreflect.ValueOfUint32(uint32(v))
		}
	case protoreflect.Uint64Kind:
		if v, ok := d.unsigned(blame, math.MaxUint64); ok {
			return protoreflect.ValueOfUint64(v)
		}
	default:
		d.bad(blame, "%s cannot be read", blame)
		d.skip()
	}
	return protoreflect.Value{}
}

func (d *decoder) string(blame string) protoreflect.Value {
	if text, ok := d.quotedText(blame); ok {
		return protoreflect.ValueOfString(text)
	}
	return protoreflect.Value{}
}

func (d *decoder) quotedText(blame string) (string, bool) {
	if d.peek() != '"' {
		d.bad(blame, "%s is not a string", blame)
		d.skip()
		return "", false
	}
	text, valid := d.text()
	if !valid {
		d.bad(blame, "%s holds half of a surrogate pair", blame)
	}
	return text, valid
}

func (d *decoder) bool(blame string) protoreflect.Value {
	switch {
	case d.word("true"):
		return protoreflect.ValueOfBool(true)
	case d.word("false"):
		return protoreflect.ValueOfBool(false)
	}
	d.bad(blame, "%s is neither true nor false", blame)
	d.skip()
	return protoreflect.Value{}
}

// enum reads a bare name, or a number that the schema knows.
func (d *decoder) enum(f *field, blame string) protoreflect.Value {
	values := f.descriptor.Enum().Values()
	if d.peek() == '"' {
		name, _ := d.text()
		if v := values.ByName(protoreflect.Name(name)); v != nil {
			return protoreflect.ValueOfEnum(v.Number())
		}
		d.bad(blame, "%s is not one of the names that it may be", blame)
		return protoreflect.Value{}
	}
	if n, ok := d.unsigned(blame, math.MaxInt32); ok {
		if v := values.ByNumber(protoreflect.EnumNumber(n)); v != nil {
			return protoreflect.ValueOfEnum(v.Number())
		}
		d.bad(blame, "%s is not one of the names that it may be", blame)
	}
	return protoreflect.Value{}
}

// unsigned reads a whole number, also as a string, as canonical JSON has it.
func (d *decoder) unsigned(blame string, most uint64) (uint64, bool) {
	var text []byte
	switch c := d.peek(); {
	case c == '"':
		raw, _ := d.quoted()
		text = raw
		if s := (scanner{data: raw}); len(raw) == 0 || len(s.number()) != len(raw) {
			text = nil
		}
	case c == '-' || '0' <= c && c <= '9':
		text = d.number()
	default:
		d.skip()
	}
	v, ok := whole(text, most)
	if !ok {
		d.bad(blame, "%s is not a whole number from 0 to %d", blame, most)
	}
	return v, ok
}

// whole is the value of a number's text, where that is whole and in range.
func whole(text []byte, most uint64) (uint64, bool) {
	if bytes.ContainsAny(text, ".eE") {
		v, err := strconv.ParseFloat(string(text), 64)
		if err != nil || v != math.Trunc(v) || v < 0 || v > 1<<53 || v > float64(most) {
			return 0, false
		}
		return uint64(v), true
	}
	v, err := strconv.ParseUint(string(text), 10, 64)
	return v, err == nil && v <= most
}

func (d *decoder) time(blame string) protoreflect.Value {
	text, ok := d.quotedText(blame)
	if !ok {
		return protoreflect.Value{}
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if stamp := timestamppb.New(t); err == nil && stamp.IsValid() {
		return protoreflect.ValueOfMessage(stamp.ProtoReflect())
	}
	d.bad(blame, "%s is not a time like 2026-01-31T12:00:00Z", blame)
	return protoreflect.Value{}
}

func (d *decoder) object(blame string) protoreflect.Value {
	if o := d.structure(blame); o != nil {
		return protoreflect.ValueOfMessage(o.ProtoReflect())
	}
	return protoreflect.Value{}
}

func (d *decoder) structure(blame string) *structpb.Struct {
	if d.peek() != '{' {
		d.bad(blame, "%s is not an object", blame)
		d.skip()
		return nil
	}
	return d.structOf(blame)
}

func (d *decoder) structOf(blame string) *structpb.Struct {
	o := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	d.open('{')
	for first := true; d.more('}', first); first = false {
		name := d.member(blame)
		if _, twice := o.Fields[name]; twice {
			d.bad(blame, "%s holds a name twice", blame)
		}
		o.Fields[name] = d.any(blame)
	}
	return o
}

// member is an object's name as a string of its own.
func (d *decoder) member(blame string) string {
	name, valid := d.name()
	if !valid {
		d.bad(blame, "%s holds half of a surrogate pair", blame)
	}
	return string(name)
}

func (d *decoder) any(blame string) *structpb.Value {
	switch c := d.peek(); {
	case c == '{':
		return structpb.NewStructValue(d.structOf(blame))
	case c == '[':
		return structpb.NewListValue(d.listOf(blame))
	case c == '"':
		text, _ := d.quotedText(blame)
		return structpb.NewStringValue(text)
	case d.word("null"):
		return structpb.NewNullValue()
	case d.word("true"):
		return structpb.NewBoolValue(true)
	case d.word("false"):
		return structpb.NewBoolValue(false)
	}
	v, err := strconv.ParseFloat(string(d.number()), 64)
	if err != nil {
		d.bad(blame, "%s holds a number that is too large", blame)
	}
	return structpb.NewNumberValue(v)
}

func (d *decoder) listOf(blame string) *structpb.ListValue {
	list := &structpb.ListValue{}
	d.open('[')
	for first := true; d.more(']', first); first = false {
		list.Values = append(list.Values, d.any(blame))
	}
	return list
}
