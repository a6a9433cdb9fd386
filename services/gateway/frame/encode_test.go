package frame

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

func signalOf(x float64) *clientv1.ClientFrame {
	data := &structpb.Struct{Fields: map[string]*structpb.Value{"x": structpb.NewNumberValue(x)}}
	return &clientv1.ClientFrame{Request: &clientv1.ClientFrame_Signal_{Signal: &clientv1.ClientFrame_Signal{Room: "lobby", Name: "x", Data: data}}}
}

// TestAppendIsCanonical fills every type of server frame at random and compares
// with protojson, which defines what is canonical.
func TestAppendIsCanonical(t *testing.T) {
	codec := JSON()
	rapid.Check(t, func(t *rapid.T) {
		frame := &clientv1.ServerFrame{}
		fill(t, frame.ProtoReflect(), 0)
		got := codec.Append(nil, frame)
		want, err := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(frame)
		if err != nil {
			t.Fatal(err)
		}
		if !sameJSON(t, got, want) {
			t.Fatalf("\n got %s\nwant %s", got, want)
		}
		if again := codec.Append(nil, proto.Clone(frame).(*clientv1.ServerFrame)); !bytes.Equal(got, again) {
			t.Fatalf("not the same bytes twice:\n%s\n%s", got, again)
		}
	})
}

// TestShortCutsWriteTheSame: what is written without reflection is, to the byte,
// what the schema says.
func TestShortCutsWriteTheSame(t *testing.T) {
	codec := JSON().(*jsonCodec)
	bodies := codec.server.message.Oneofs().ByName("body").Fields()
	rapid.Check(t, func(t *rapid.T) {
		frame := &clientv1.ServerFrame{}
		m := frame.ProtoReflect()
		body := bodies.ByName(rapid.SampledFrom([]protoreflect.Name{"event", "ack", "page"}).Draw(t, "body"))
		fill(t, m.Mutable(body).Message(), 0)
		if rapid.Bool().Draw(t, "answers") {
			re := rapid.Uint32().Draw(t, "re")
			frame.Re = &re
		}
		if got, want := codec.Append(nil, frame), appendMessage(nil, codec.server, m); !bytes.Equal(got, want) {
			t.Fatalf("\n got %s\nwant %s", got, want)
		}
	})
}

func sameJSON(t *rapid.T, a, b []byte) bool {
	var x, y any
	if err := json.Unmarshal(a, &x); err != nil {
		t.Fatalf("not JSON: %v: %s", err, a)
	}
	if err := json.Unmarshal(b, &y); err != nil {
		t.Fatal(err)
	}
	return reflect.DeepEqual(x, y)
}

// fill sets a random choice of fields to random values.
func fill(t *rapid.T, m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	var chosen protoreflect.FieldDescriptor
	if bodies := m.Descriptor().Oneofs(); bodies.Len() > 0 && !bodies.Get(bodies.Len()-1).IsSynthetic() {
		for i := range bodies.Len() {
			if !bodies.Get(i).IsSynthetic() {
				choice := bodies.Get(i).Fields()
				chosen = choice.Get(rapid.IntRange(0, choice.Len()-1).Draw(t, "choice"))
			}
		}
	}
	for i := range fields.Len() {
		f := fields.Get(i)
		if real := f.ContainingOneof(); real != nil && !real.IsSynthetic() && f != chosen {
			continue
		}
		if f != chosen && rapid.Bool().Draw(t, "absent") {
			continue
		}
		if !f.IsList() {
			m.Set(f, fillValue(t, m.NewField(f), f, depth))
			continue
		}
		list := m.Mutable(f).List()
		for range rapid.IntRange(0, 2).Draw(t, "length") {
			list.Append(fillValue(t, list.NewElement(), f, depth))
		}
	}
}

func fillValue(t *rapid.T, empty protoreflect.Value, f protoreflect.FieldDescriptor, depth int) protoreflect.Value {
	switch f.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(rapid.String().Draw(t, "string"))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(rapid.Bool().Draw(t, "bool"))
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(rapid.Uint32().Draw(t, "uint32"))
	case protoreflect.Uint64Kind:
		return protoreflect.ValueOfUint64(rapid.Uint64().Draw(t, "uint64"))
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(rapid.IntRange(0, f.Enum().Values().Len()).Draw(t, "enum")))
	case protoreflect.MessageKind:
		switch f.Message().FullName() {
		case "google.protobuf.Timestamp":
			nanos := rapid.SampledFrom([]int64{0, 1e6, 999e6, 1e3, 1, 123456789}).Draw(t, "nanos")
			stamp := timestamppb.New(time.Unix(rapid.Int64Range(-1e9, 9e9).Draw(t, "seconds"), nanos))
			return protoreflect.ValueOfMessage(stamp.ProtoReflect())
		case "google.protobuf.Struct":
			return protoreflect.ValueOfMessage(anyStruct(t, 0).ProtoReflect())
		}
		if depth < 6 {
			fill(t, empty.Message(), depth+1)
		}
		return empty
	}
	t.Fatalf("the encoder knows no %v (%v)", f.Kind(), f.FullName())
	return empty
}

func anyStruct(t *rapid.T, depth int) *structpb.Struct {
	s := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	for range rapid.IntRange(0, 3).Draw(t, "size") {
		s.Fields[rapid.String().Draw(t, "name")] = anyValue(t, depth)
	}
	return s
}

func anyValue(t *rapid.T, depth int) *structpb.Value {
	switch kind := rapid.IntRange(0, 5).Draw(t, "kind"); {
	case kind == 0:
		return structpb.NewNullValue()
	case kind == 1:
		return structpb.NewBoolValue(rapid.Bool().Draw(t, "bool"))
	case kind == 2:
		x := rapid.Float64().Draw(t, "number")
		if math.IsInf(x, 0) || math.IsNaN(x) {
			x = 0.1
		}
		return structpb.NewNumberValue(x)
	case kind == 3 && depth < 3:
		return structpb.NewStructValue(anyStruct(t, depth+1))
	case kind == 4 && depth < 3:
		return structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{anyValue(t, depth+1)}})
	}
	return structpb.NewStringValue(rapid.String().Draw(t, "string"))
}

func TestTimesAreThoseOfTheCalendar(t *testing.T) {
	for day := int64(-719_162); day < 2_932_896; day += 13 { // the years 1 to 9999
		stamp := timestamppb.New(time.Unix(day*86_400+day%86_400, day%1000*1e6))
		want := stamp.AsTime().Format(`"2006-01-02T15:04:05.000Z"`)
		if stamp.GetNanos() == 0 {
			want = stamp.AsTime().Format(`"2006-01-02T15:04:05Z"`)
		}
		if got := string(appendTime(nil, stamp)); got != want {
			t.Fatalf("%v: %s, want %s", stamp, got, want)
		}
	}
}

func TestZeroFieldsAreThere(t *testing.T) {
	frame := &clientv1.ServerFrame{Body: &clientv1.ServerFrame_Room{Room: &chatv1.RoomView{}}}
	want := `{"room":{"room":"","name":"","kind":"ROOM_KIND_UNSPECIFIED","topic":"","role":"ROLE_UNSPECIFIED","head":0,"readSeq":0,` +
		`"unread":0,"mentions":0,"memberCount":0,"slowModeSeconds":0,"archived":false,"resume":"RESUME_UNSPECIFIED"}}`
	if got := string(JSON().Append(nil, frame)); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestStringsThatAreNoUTF8DoNotSpoilTheFrame(t *testing.T) {
	got := appendString(nil, "a\xff\xc3b\"")
	if want := `"a` + "\ufffd\ufffd" + `b\""`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
