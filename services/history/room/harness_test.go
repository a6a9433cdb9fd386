package room

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// users, ids and texts are few, so that random commands meet each other.
var (
	userGen = rapid.SampledFrom([]string{"ana", "bo", "cy", "guest:x", "安"})
	kindGen = rapid.SampledFrom([]chatv1.RoomKind{chatv1.RoomKind_PUBLIC, chatv1.RoomKind_PRIVATE, chatv1.RoomKind_BROADCAST, chatv1.RoomKind_ROOM_KIND_UNSPECIFIED, chatv1.RoomKind_DIRECT})
	textGen = rapid.SampledFrom([]string{"hi", "hello <@bo>", "", " \t\u200b", "x\x00y", "\xff", strings.Repeat("a", 16<<10), strings.Repeat("a", 16<<10+1), "<@ana><@ana><@nobody>"})
	idGen   = rapid.SampledFrom([]string{"m1", "m2", "m3", "", "has space", "é", strings.Repeat("x", 65)})
)

// commandGen draws any command, sensible or not.
func commandGen() *rapid.Generator[Command] {
	return rapid.Custom(func(t *rapid.T) Command {
		c := Command{ID: fmt.Sprint(rapid.IntRange(0, 1000).Draw(t, "id")), By: &chatv1.Actor{User: userGen.Draw(t, "user")}}
		c.By.Name = strings.ToUpper(c.By.User)
		switch rapid.SampledFrom([]string{"create", "join", "leave", "send", "send", "send", "nothing"}).Draw(t, "change") {
		case "create":
			c.Change = &chatv1.CreateRoom{
				Name: rapid.SampledFrom([]string{"Lobby", "", strings.Repeat("n", 10_000)}).Draw(t, "name"),
				Kind: kindGen.Draw(t, "kind"), Members: rapid.SliceOfN(userGen, 0, 3).Draw(t, "members"),
			}
		case "join":
			c.Change = &chatv1.Join{}
		case "leave":
			c.Change = &chatv1.Leave{}
		case "send":
			send := &chatv1.Send{ClientMsgId: idGen.Draw(t, "clientMsgId"), Text: textGen.Draw(t, "text"), Attempt: 1}
			if rapid.Bool().Draw(t, "reply") {
				to := rapid.Uint32Range(0, 30).Draw(t, "to")
				send.ReplyTo = &to
			}
			c.Change = send
		}
		return c
	})
}
