package eventframe

import (
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

// TestEveryChangeIsTold: a change that is added to the log's schema is also
// added here, under the same name.
func TestEveryChangeIsTold(t *testing.T) {
	changes := (&chatv1.Event{}).ProtoReflect().Descriptor().Oneofs().ByName("change").Fields()
	shown := (&clientv1.ServerFrame_Event{}).ProtoReflect().Descriptor().Oneofs().ByName("change")
	for i := range changes.Len() {
		field := changes.Get(i)
		e := &chatv1.Event{Room: "lobby", Seq: 3, TimeMs: 1500, User: "ana"}
		e.ProtoReflect().Set(field, protoreflect.ValueOfMessage(e.ProtoReflect().NewField(field).Message()))
		got := Of(e)
		set := got.ProtoReflect().WhichOneof(shown)
		if set == nil || set.Name() != field.Name() {
			t.Errorf("%s is shown as %v", field.Name(), set)
		}
		if got.GetRoom() != "lobby" || got.GetSeq() != 3 || got.GetTime().AsTime().UnixMilli() != 1500 || got.GetUser() != "ana" || got.Name != nil || got.ClientMsgId != nil {
			t.Errorf("%s is shown as %v", field.Name(), got)
		}
	}
}
