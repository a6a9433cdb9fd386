package frame_test

import (
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/proto/reference"
	"github.com/natter-chat/natter/services/gateway/frame"
)

// TestReference: what the protocol's reference shows is, to the byte, what a
// gateway reads and writes.
func TestReference(t *testing.T) {
	steps, err := reference.Conversation()
	if err != nil {
		t.Fatal(err)
	}
	codec, frames := frame.JSON(), 0
	for _, step := range steps {
		switch step.Kind {
		case reference.Says:
			frames++
			if _, fault := frame.Read(codec, step.Frame, frame.DefaultLimits()); fault != nil {
				t.Errorf("line %d: %v", step.Line, fault)
			}
		case reference.Hears:
			frames++
			f := &clientv1.ServerFrame{}
			if err := protojson.Unmarshal(step.Frame, f); err != nil {
				t.Errorf("line %d: %v", step.Line, err)
			} else if got := codec.Append(nil, f); string(got) != string(step.Frame) {
				t.Errorf("line %d:\nshown   %s\nwritten %s", step.Line, step.Frame, got)
			}
		}
	}
	if frames < 100 {
		t.Errorf("the reference shows %d frames only", frames)
	}
}
