package gateway

import (
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/gateway/gatewaytest"
)

// TestANoticeOfARoomBeingEntered does not bring the session into it a second
// time; one that comes afterwards does.
func TestANoticeOfARoomBeingEntered(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.town.Create("bo", "secret", chatv1.RoomKind_PRIVATE)
	ana, _ := r.hello(t, "ana")
	session := r.users.sessions("ana")[0]
	r.town.Set(gatewaytest.Faults{Heads: func(m *chatv1.Heads) []*chatv1.Heads { return []*chatv1.Heads{{Epoch: m.GetEpoch()}} }})
	if !session.startEntering("other", "secret") { // as hello does with all its rooms
		t.Fatal("the rooms are being entered already")
	}
	r.town.Do("bo", "secret", invite("ana"))
	r.membership("ana", "secret", true, 2)
	if session.working() {
		t.Error("a room is entered a second time")
	}
	ana.silent()
	session.doneEntering("other", "secret")
	r.membership("ana", "secret", true, 2)
	ana.expect("room")
	ana.silent()
}
