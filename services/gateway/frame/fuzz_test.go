package frame

import (
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

// FuzzJSON: the decoder never panics, and takes nothing that protojson would
// not take with the same meaning.
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
			if fault.Message == "" || len(fault.Message) > 250 {
				t.Fatalf("message %q", fault.Message)
			}
			return
		}
		want := &clientv1.ClientFrame{}
		if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, want); err != nil {
			t.Fatalf("taken, though %v", err)
		}
		if !proto.Equal(request, want) {
			t.Fatalf("\n got %v\nwant %v", request, want)
		}
	})
}

func FuzzBinary(f *testing.F) {
	for _, text := range goodFrames {
		request, _ := JSON().Decode([]byte(text))
		data, _ := proto.Marshal(request)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		request, fault := Read(Binary(), data, DefaultLimits())
		if fault == nil && request.GetRequest() == nil {
			t.Fatal("no request and no fault")
		}
	})
}
