package room

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// users, ids and texts are few, so that random commands meet each other.
var (
	userGen    = rapid.SampledFrom([]string{"ana", "bo", "cy", "guest:x", "安"})
	validKinds = []chatv1.RoomKind{chatv1.RoomKind_PUBLIC, chatv1.RoomKind_PRIVATE, chatv1.RoomKind_BROADCAST}
	kindGen    = rapid.SampledFrom([]chatv1.RoomKind{chatv1.RoomKind_PUBLIC, chatv1.RoomKind_PRIVATE, chatv1.RoomKind_BROADCAST, chatv1.RoomKind_ROOM_KIND_UNSPECIFIED, chatv1.RoomKind_DIRECT})
	textGen    = rapid.SampledFrom([]string{"hi", "hello <@bo>", "", " \t\u200b", "x\x00y", "\xff", strings.Repeat("a", 16<<10), strings.Repeat("a", 16<<10+1), "<@ana><@ana><@nobody>"})
	idGen      = rapid.SampledFrom([]string{"m1", "m2", "m3", "", "has space", "é", strings.Repeat("x", 65)})
)

// commandGen draws any command, sensible or not.
func commandGen() *rapid.Generator[Command] {
	return rapid.Custom(func(t *rapid.T) Command {
		c := Command{ID: fmt.Sprint(rapid.IntRange(0, 1000).Draw(t, "id")), By: &chatv1.Actor{User: userGen.Draw(t, "user")}}
		c.By.Name = strings.ToUpper(c.By.User)
		c.Change = changeGen(t)
		switch c.Change.(type) {
		case *chatv1.Trim, *chatv1.SetRetention:
			c.By.Admin = rapid.Bool().Draw(t, "admin")
		}
		return c
	})
}

var changes = []string{"create", "join", "join", "leave", "send", "send", "send", "edit", "delete", "react", "read", "invite", "kick", "ban", "unban", "mute", "unmute", "setRole", "update", "deleteRoom", "trim", "setRetention", "nothing"}

func changeGen(t *rapid.T) any {
	user := userGen.Draw(t, "target")
	seq := rapid.Uint32Range(0, 40).Draw(t, "seq")
	until := rapid.SampledFrom([]*timestamppb.Timestamp{nil, Time(1), Time(1_005_000), Time(2_000_000)}).Draw(t, "until")
	switch rapid.SampledFrom(changes).Draw(t, "change") {
	case "create":
		return &chatv1.CreateRoom{
			Name: rapid.SampledFrom([]string{"Lobby", "", strings.Repeat("n", 10_000)}).Draw(t, "name"),
			Kind: kindGen.Draw(t, "kind"), Members: rapid.SliceOfN(userGen, 0, 3).Draw(t, "members"),
		}
	case "join":
		return &chatv1.Join{}
	case "leave":
		return &chatv1.Leave{}
	case "send":
		send := &chatv1.Send{ClientMsgId: idGen.Draw(t, "clientMsgId"), Text: textGen.Draw(t, "text"), Attempt: 1}
		if rapid.Bool().Draw(t, "reply") {
			send.ReplyTo = &seq
		}
		return send
	case "edit":
		return &chatv1.Edit{Seq: seq, Text: textGen.Draw(t, "text")}
	case "delete":
		return &chatv1.Delete{Seq: seq}
	case "react":
		return &chatv1.React{Seq: seq, Emoji: rapid.SampledFrom([]string{"👍", "🎉", "x", "", "\n"}).Draw(t, "emoji"), Remove: rapid.Bool().Draw(t, "remove")}
	case "read":
		return &chatv1.Read{Seq: seq}
	case "invite":
		return &chatv1.Invite{User: user}
	case "kick":
		return &chatv1.Kick{User: user}
	case "ban":
		return &chatv1.Ban{User: user, Until: until}
	case "unban":
		return &chatv1.Unban{User: user}
	case "mute":
		return &chatv1.Mute{User: user, Until: until}
	case "unmute":
		return &chatv1.Unmute{User: user}
	case "setRole":
		return &chatv1.SetRole{User: user, Role: rapid.SampledFrom([]chatv1.Role{0, 1, 2, 3, 4, 9}).Draw(t, "role")}
	case "update":
		slow, archived := rapid.SampledFrom([]uint32{0, 2, 99_999}).Draw(t, "slow"), rapid.Bool().Draw(t, "archived")
		return &chatv1.UpdateRoom{SlowModeSeconds: &slow, Archived: &archived}
	case "trim":
		return &chatv1.Trim{Before: seq}
	case "setRetention":
		return &chatv1.SetRetention{Retention: rapid.SampledFrom([]*chatv1.Retention{nil, nil, {}, {Count: 10}}).Draw(t, "retention")}
	case "deleteRoom":
		return &chatv1.DeleteRoom{}
	}
	return nil
}
