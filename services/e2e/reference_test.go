package e2e_test

import (
	"encoding/json"
	"flag"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/proto/reference"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// update writes what the server says into the reference, where that is not
// written yet: a frame of the conversation may be as short as {"ack":{}}, and
// what it names is kept.
var update = flag.Bool("update", false, "complete proto/reference/conversation.txt with what comes")

// TestReference plays the conversation that the protocol's reference shows, and
// holds every frame of the server's to what is documented. Times, and what else
// can be no other twice, are held to their kind alone.
func TestReference(t *testing.T) {
	steps, err := reference.Conversation()
	if err != nil {
		t.Fatal(err)
	}
	everywhereAlone(t, []string{"NATTER_DRAIN=1s"}, func(t *testing.T, d *shape.Deployment) {
		p := newPlay(t, d)
		for _, step := range steps {
			p.step(step)
		}
		for _, kind := range kinds((*clientv1.ClientFrame)(nil).ProtoReflect().Descriptor(), "request", "") {
			if !p.said[kind] {
				t.Errorf("the conversation has no request %s", kind)
			}
		}
		server := kinds((*clientv1.ServerFrame)(nil).ProtoReflect().Descriptor(), "body", "")
		changes := kinds((*clientv1.ServerFrame_Event)(nil).ProtoReflect().Descriptor(), "change", "event.")
		for _, kind := range append(server, changes...) {
			if !p.heard[kind] {
				t.Errorf("the conversation has no frame %s of the server's", kind)
			}
		}
		if *update && d.Shape == shape.Standalone().Name && !t.Failed() {
			p.write(steps)
		}
	})
}

// kinds are the names of all that a frame may hold.
func kinds(frame protoreflect.MessageDescriptor, oneof protoreflect.Name, prefix string) []string {
	var names []string
	fields := frame.Oneofs().ByName(oneof).Fields()
	for i := range fields.Len() {
		names = append(names, prefix+fields.Get(i).JSONName())
	}
	return names
}

// TestReferenceFrames: a frame of the conversation is a frame of the schema,
// written as section 6 of the design has it: what is not optional is there.
func TestReferenceFrames(t *testing.T) {
	steps, err := reference.Conversation()
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range steps {
		if step.Frame == nil {
			continue
		}
		canonical, err := step.Canonical()
		if err != nil {
			t.Errorf("line %d: %v", step.Line, err)
			continue
		}
		if err := sameShape("", decoded(t, step.Frame), decoded(t, canonical), everything); err != nil {
			t.Errorf("line %d: %v\nas it is written: %s\nas it should be:  %s", step.Line, err, step.Frame, canonical)
		}
	}
}

func decoded(t *testing.T, text json.RawMessage) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}
