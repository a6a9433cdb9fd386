package frame

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

// FuzzJSON: the decoder never panics, takes nothing that protojson would not
// take with the same meaning, and what it takes is taken in every other form,
// too.
func FuzzJSON(f *testing.F) {
	for _, text := range goodFrames {
		f.Add([]byte(text))
	}
	codec := JSON()
	f.Fuzz(func(t *testing.T, data []byte) {
		if !utf8.Valid(data) {
			return // the session closes with 1007 before the codec sees it
		}
		request, fault := Read(codec, data, DefaultLimits())
		if fault != nil {
			told(t, fault)
			return
		}
		want := &clientv1.ClientFrame{}
		if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, want); err != nil {
			t.Fatalf("taken, though %v", err)
		}
		if !proto.Equal(request, want) {
			t.Fatalf("\n got %v\nwant %v", request, want)
		}
		again(t, codec, mustMarshal(t, protojson.Marshal, request), request)
		again(t, Binary(), mustMarshal(t, proto.Marshal, request), request)
	})
}

// FuzzBinary: the decoder never panics, and both formats are of one mind: what
// is refused in one is refused in the other.
func FuzzBinary(f *testing.F) {
	for _, text := range goodFrames {
		request, _ := JSON().Decode([]byte(text))
		data, _ := proto.Marshal(request)
		f.Add(data)
	}
	codec := JSON()
	f.Fuzz(func(t *testing.T, data []byte) {
		request, fault := Read(Binary(), data, DefaultLimits())
		if fault != nil {
			told(t, fault)
		} else if request.GetRequest() == nil {
			t.Fatal("no request and no fault")
		}
		meant := &clientv1.ClientFrame{}
		if (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, meant) != nil {
			if fault == nil {
				t.Fatal("taken, though it is no message")
			}
			return
		}
		text, err := protojson.Marshal(meant)
		if err != nil {
			if fault == nil {
				t.Fatalf("taken, though JSON cannot say it: %v", err)
			}
			return
		}
		// Some things JSON says as if they were others, such as a null that is
		// another number than 0.
		said := &clientv1.ClientFrame{}
		if protojson.Unmarshal(text, said) != nil || !proto.Equal(said, meant) {
			if fault == nil {
				t.Fatalf("taken, though JSON says something else: %s", text)
			}
			return
		}
		in, other := Read(codec, text, DefaultLimits())
		if (fault == nil) != (other == nil) {
			t.Fatalf("binary: %v, JSON: %v, for %s", fault, other, text)
		}
		if fault == nil && !proto.Equal(request, in) {
			t.Fatalf("\nbinary %v\n  JSON %v", request, in)
		}
	})
}

// FuzzEncode: every frame of a server is canonical JSON that others can read,
// and means the same in both formats.
func FuzzEncode(f *testing.F) {
	for _, frame := range serverFrames(f) {
		data, _ := proto.Marshal(frame)
		f.Add(data)
	}
	codec := JSON()
	f.Fuzz(func(t *testing.T, data []byte) {
		frame := &clientv1.ServerFrame{}
		if (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, frame) != nil {
			return
		}
		official, err := protojson.Marshal(frame)
		if err != nil {
			return // times and numbers that JSON has no word for
		}
		text := codec.Append(nil, frame)
		got, want := &clientv1.ServerFrame{}, &clientv1.ServerFrame{}
		if err := protojson.Unmarshal(official, want); err != nil {
			return // such as a number that stands for a null
		}
		if err := protojson.Unmarshal(text, got); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		if !proto.Equal(got, want) {
			t.Fatalf("\n got %v\nwant %v\n  by %s", got, want, text)
		}
		binary := &clientv1.ServerFrame{}
		if err := proto.Unmarshal(Binary().Append(nil, frame), binary); err != nil || !proto.Equal(binary, frame) {
			t.Fatalf("binary: %v, %v", err, binary)
		}
	})
}

// FuzzGuard: however the bytes come, the same is said of them.
func FuzzGuard(f *testing.F) {
	f.Add([]byte("\x81\x85\x00\x00\x00\x00hello"), uint8(1))
	f.Add(cat(clientFrame(0x01, "a"), clientFrame(0x89, "ping"), clientFrame(0x80, "b"), clientFrame(0x88, "\x03\xe8bye")), uint8(3))
	f.Add([]byte("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00"), uint8(2))
	f.Add([]byte("\x81\xfe\x00\x05\x00\x00\x00\x00hello"), uint8(5))
	f.Fuzz(func(t *testing.T, data []byte, step uint8) {
		whole, broken := guarded(data, max(1, len(data)))
		passed, again := guarded(data, max(1, int(step)))
		if broken == nil && whole != passed || (broken == nil) != (again == nil) || broken != nil && *broken != *again {
			t.Fatalf("at once %d, %v; by %d bytes %d, %v", whole, broken, step, passed, again)
		}
		if broken != nil && !slices.Contains([]int{CloseProtocolError, CloseInvalidData, CloseTooBig}, broken.Code) {
			t.Fatalf("a code of %d", broken.Code)
		}
		if broken == nil && passed != len(data) {
			t.Fatalf("%d of %d bytes pass, and nothing is said", passed, len(data))
		}
	})
}

// told: a refusal names a code and a field of the protocol, and says in one
// line what to mend.
func told(t *testing.T, fault *Fault) {
	t.Helper()
	if fault.Code != chatv1.ErrorCode_BAD_REQUEST && fault.Code != chatv1.ErrorCode_TOO_LARGE {
		t.Fatalf("code %v", fault.Code)
	}
	if fault.Message == "" || len(fault.Message) > 250 || !utf8.ValidString(fault.Message) || strings.ContainsAny(fault.Message, "\r\n") {
		t.Fatalf("message %q", fault.Message)
	}
	if fault.Field != "" && !isField((*clientv1.ClientFrame)(nil).ProtoReflect().Descriptor(), fault.Field, 0) {
		t.Fatalf("field %q is none of the protocol's", fault.Field)
	}
}

func isField(message protoreflect.MessageDescriptor, name string, depth int) bool {
	fields := message.Fields()
	if fields.ByJSONName(name) != nil {
		return true
	}
	for i := range fields.Len() {
		if below := fields.Get(i).Message(); below != nil && depth < 3 && isField(below, name, depth+1) {
			return true
		}
	}
	return false
}

func again(t *testing.T, codec Codec, data []byte, want *clientv1.ClientFrame) {
	t.Helper()
	got, fault := Read(codec, data, DefaultLimits())
	if fault != nil || !proto.Equal(got, want) {
		t.Fatalf("%q: %v, %v, want %v", data, fault, got, want)
	}
}

func mustMarshal(t *testing.T, marshal func(proto.Message) ([]byte, error), m proto.Message) []byte {
	t.Helper()
	data, err := marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// serverFrames are examples to begin with.
func serverFrames(f *testing.F) []*clientv1.ServerFrame {
	f.Helper()
	var frames []*clientv1.ServerFrame
	for _, text := range []string{
		`{"re":1,"welcome":{"session":"s","user":{"id":"ana","name":"Ana"},"epoch":"18446744073709551615","rooms":[{"room":"lobby","kind":"PUBLIC","role":"OWNER"}],"serverTime":"2027-01-02T03:04:05.006Z"}}`,
		`{"re":4294967295,"ack":{"room":"lobby","seq":7,"time":"1969-12-31T23:59:59.999999999Z","duplicate":true,"durability":"DISK"}}`,
		`{"event":{"room":"lobby","seq":7,"user":"ana","message":{"text":"\u0000\"\\\u2028😀","data":{"a":[1e-9,1e21,-0.0,null,true,{"":"x"}]},"replyTo":1,"mentions":["bo",""]}}}`,
		`{"event":{"room":"lobby","seq":8,"user":"ana","removed":{"user":"bo","banned":true,"until":"9999-12-31T23:59:59Z"}}}`,
		`{"re":2,"page":{"room":"lobby","messages":[{"seq":1,"deleted":true,"reactions":[{"emoji":"👍","count":2,"mine":true}]}],"hasBefore":true}}`,
		`{"error":{"code":"RATE_LIMITED","message":"slow down","field":"text","retryAfterMs":5}}`,
		`{"presenceChange":{"room":"lobby","changes":[{"user":"ana","state":"AWAY"}],"online":3}}`,
	} {
		frame := &clientv1.ServerFrame{}
		if err := protojson.Unmarshal([]byte(text), frame); err != nil {
			f.Fatal(err)
		}
		frames = append(frames, frame)
	}
	return frames
}
