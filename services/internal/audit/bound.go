package audit

import (
	"strings"

	"google.golang.org/protobuf/proto"

	accessv1 "github.com/natter-chat/natter/proto/natter/access/v1"
)

// maxText bounds each text of a record, in bytes.
const maxText = 128

// Text is what a record takes over of a text that came from outside: a bounded
// part of it, valid, and without control characters.
func Text(text string) string {
	text = strings.ToValidUTF8(text[:min(len(text), maxText)], "")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, text)
}

// Bound is a copy of a record whose texts are as [Text] leaves them.
func Bound(r *accessv1.AuditRecord) *accessv1.AuditRecord {
	r = proto.CloneOf(r)
	for _, text := range []*string{
		&r.Id, &r.Service, &r.Who, &r.Method, &r.Room, &r.User, &r.Address, &r.Forwarded, &r.Code, &r.Request, &r.Object,
	} {
		*text = Text(*text)
	}
	return r
}
