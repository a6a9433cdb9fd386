package gateway

import (
	"fmt"
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

func TestSearchIsPassedOn(t *testing.T) {
	r := start(t)
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	ana, _ := r.hello(t, "ana")
	for i, text := range []string{"a needle", "hay", "needle again"} {
		ana.must("ack", "send", object{"room": "lobby", "clientMsgId": fmt.Sprint("m", i), "text": text})
	}
	results := ana.must("results", "search", object{"room": "lobby", "query": "needle"})
	hits, _ := results["hits"].([]any)
	if len(hits) != 2 || results["cursor"] != "more" {
		t.Fatalf("%v", results)
	}
	hit := hits[1].(object)
	snippet := hit["snippet"].(object)
	mark := snippet["marks"].([]any)[0].(object)
	if hit["room"] != "lobby" || hit["message"].(object)["text"] != "a needle" || snippet["text"] != "a needle" || fmt.Sprint(mark["start"], mark["end"]) != "2 8" {
		t.Errorf("%v", hit)
	}
}
