package frame

import (
	"strconv"

	"google.golang.org/protobuf/types/known/timestamppb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

// A page holds up to 100 messages, so they go without reflection, too.

func appendPage(dst []byte, re *uint32, p *clientv1.ServerFrame_Page) []byte {
	dst = appendRe(dst, re)
	dst = append(dst, `"page":{"room":`...)
	dst = appendString(dst, p.GetRoom())
	dst = append(dst, `,"messages":[`...)
	for i, m := range p.GetMessages() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendChat(dst, m)
	}
	dst = append(dst, `],"hasBefore":`...)
	dst = strconv.AppendBool(dst, p.GetHasBefore())
	dst = append(dst, `,"hasAfter":`...)
	dst = strconv.AppendBool(dst, p.GetHasAfter())
	return append(dst, '}', '}')
}

// appendChat writes a message of a room.
func appendChat(dst []byte, m *chatv1.Message) []byte {
	dst = append(dst, `{"seq":`...)
	dst = strconv.AppendUint(dst, uint64(m.GetSeq()), 10)
	dst = append(dst, `,"user":`...)
	dst = appendString(dst, m.GetUser())
	dst = append(dst, `,"name":`...)
	dst = appendString(dst, m.GetName())
	dst = appendTimeField(dst, `,"time":`, m.GetTime())
	dst = append(dst, `,"text":`...)
	dst = appendString(dst, m.GetText())
	if m.GetData() != nil {
		dst = append(dst, `,"data":`...)
		dst = appendStruct(dst, m.GetData())
	}
	if m.ClientMsgId != nil {
		dst = append(dst, `,"clientMsgId":`...)
		dst = appendString(dst, m.GetClientMsgId())
	}
	dst = appendTimeField(dst, `,"editedAt":`, m.GetEditedAt())
	dst = append(dst, `,"version":`...)
	dst = strconv.AppendUint(dst, uint64(m.GetVersion()), 10)
	dst = append(dst, `,"deleted":`...)
	dst = strconv.AppendBool(dst, m.GetDeleted())
	dst = appendCountField(dst, `,"replyTo":`, m.ReplyTo)
	dst = appendCountField(dst, `,"thread":`, m.Thread)
	dst = appendCountField(dst, `,"replyCount":`, m.ReplyCount)
	dst = append(dst, `,"mentions":[`...)
	for i, user := range m.GetMentions() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, user)
	}
	dst = append(dst, `],"reactions":[`...)
	for i, r := range m.GetReactions() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"emoji":`...)
		dst = appendString(dst, r.GetEmoji())
		dst = append(dst, `,"count":`...)
		dst = strconv.AppendUint(dst, uint64(r.GetCount()), 10)
		dst = append(dst, `,"mine":`...)
		dst = strconv.AppendBool(dst, r.GetMine())
		dst = append(dst, '}')
	}
	return append(dst, `]}`...)
}

func appendTimeField(dst []byte, key string, t *timestamppb.Timestamp) []byte {
	if t == nil {
		return dst
	}
	return appendTime(append(dst, key...), t)
}

func appendCountField(dst []byte, key string, n *uint32) []byte {
	if n == nil {
		return dst
	}
	return strconv.AppendUint(append(dst, key...), uint64(*n), 10)
}
