package gateway

import (
	"testing"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/gateway/gatewaytest"
)

// TestUnavailableOwnerOfMany: what waits behind a command without an answer is
// not told later than that.
func TestUnavailableOwnerOfMany(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	ana, _ := r.hello(t, "ana")
	r.town.Set(gatewaytest.Faults{Command: func(int) (bool, bool) { return false, false }})
	began := time.Now()
	ana.send("send", object{"room": "lobby", "clientMsgId": "m", "text": "x"})
	ana.send("edit", object{"room": "lobby", "seq": 1, "text": "y"})
	ana.send("send", object{"room": "lobby", "clientMsgId": "n", "text": "z"})
	for i := range 3 {
		if refusal := ana.expect("error"); refusal["code"] != "UNAVAILABLE" {
			t.Errorf("request %d: %v", i, refusal)
		}
	}
	if took := time.Since(began); took > commandDeadline+10*time.Second {
		t.Errorf("the last of three requests was answered after %s", took)
	}
}
