package frame

import (
	"math"
	"time"

	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

// Limits that depend on settings. Zero means none.
type Limits struct {
	// Text is the most bytes of a message's text.
	Text int
	// Data is the most bytes of a message's or signal's data, as JSON.
	Data int
	// Live is the most rooms that hello may name.
	Live int
	// Page is the most messages, rooms or members in one answer.
	Page int
	// Terms is the most words of a search.
	Terms int
}

// DefaultLimits are those of the protocol.
func DefaultLimits() Limits {
	return Limits{Text: 16 << 10, Data: 4 << 10, Live: 200, Page: 100, Terms: 50}
}

// Bounds that are no setting, in bytes unless said otherwise.
const (
	maxRoom        = 64
	maxUser        = 128
	maxName        = 128
	maxTopic       = 1 << 10
	maxReason      = 1 << 10
	maxQuery       = 1 << 10
	maxRoomQuery   = 128
	maxEmoji       = 64
	maxSignal      = 64
	maxStatus      = 128
	maxAgent       = 128
	maxCursor      = 1 << 10
	maxToken       = 16 << 10
	maxClientMsgID = 64
	maxMembers     = 100    // users
	maxSlowMode    = 21_600 // seconds
)

// maxUntil is how far ahead the end of a status text may be.
const maxUntil = 30 * 24 * time.Hour

// Check holds a request to the rules of the protocol. It returns the first
// fault, without Re.
func Check(request *clientv1.ClientFrame, limits Limits) *Fault {
	r := &rules{limits: limits}
	r.id(request)
	switch body := request.GetRequest().(type) {
	case *clientv1.ClientFrame_Hello_:
		r.hello(body.Hello)
	case *clientv1.ClientFrame_Refresh_:
		r.token(body.Refresh.GetToken())
	case *clientv1.ClientFrame_Status_:
		r.status(body.Status)
	case *clientv1.ClientFrame_OpenDirect_:
		r.user("user", body.OpenDirect.GetUser())
	case *clientv1.ClientFrame_Ping_:
	default:
		r.message(request)
	}
	return r.fault
}

// rules collects the first fault.
type rules struct {
	limits Limits
	fault  *Fault
}

func (r *rules) bad(field, format string, args ...any) {
	if r.fault == nil {
		r.fault = bad(field, format, args...)
	}
}

func (r *rules) atMost(field string, have, most int, unit string) bool {
	if most == 0 || have <= most {
		return true
	}
	if r.fault == nil {
		r.fault = tooLarge(field, have, most, unit)
	}
	return false
}

// id: what is only passed on may go without an answer.
func (r *rules) id(request *clientv1.ClientFrame) {
	if request.GetId() == 0 && request.GetTyping() == nil && request.GetSignal() == nil {
		r.bad("id", "id is missing; number the requests 1, 2, 3 ...")
	}
}

func (r *rules) room(room string) {
	if !IsRoom(room) {
		r.bad("room", "room is not a room id: 1 to %d of a-z, 0-9, _ and -, beginning with a letter or digit", maxRoom)
	}
}

func (r *rules) user(field, user string) {
	if !IsUser(user) {
		r.bad(field, "%s is not a user id: 1 to %d bytes without control characters", field, maxUser)
	}
}

func (r *rules) seq(field string, seq uint32) {
	if seq == 0 {
		r.bad(field, "%s is missing; name a seq of 1 or more", field)
	}
}

func (r *rules) optionalSeq(field string, seq *uint32) {
	if seq != nil {
		r.seq(field, *seq)
	}
}

// line is a short text for people, on one line.
func (r *rules) line(field, text string, most int) {
	switch {
	case !r.atMost(field, len(text), most, "bytes"):
	case !plain(text):
		r.bad(field, "%s holds control characters", field)
	case towering(text):
		r.bad(field, "%s has more than %d marks on one character", field, maxMarks)
	}
}

// label is a line that must say something.
func (r *rules) label(field, text string, most int) {
	r.line(field, text, most)
	if blank(text) {
		r.bad(field, "%s is empty", field)
	}
}

func (r *rules) text(text string) {
	switch {
	case !r.atMost("text", len(text), r.limits.Text, "bytes"):
	case blank(text):
		r.bad("text", "text is empty")
	case hasNUL(text):
		r.bad("text", "text holds a NUL character")
	case towering(text):
		r.bad("text", "text has more than %d marks on one character", maxMarks)
	}
}

func (r *rules) data(data *structpb.Struct) {
	if data == nil {
		return
	}
	if fault := checkStruct(data, 1); fault != nil && r.fault == nil {
		r.fault = fault
		return
	}
	if r.limits.Data > 0 {
		r.atMost("data", len(appendStruct(nil, data)), r.limits.Data, "bytes as JSON")
	}
}

// checkStruct refuses what JSON or the store cannot hold.
func checkStruct(s *structpb.Struct, depth int) *Fault {
	for name, v := range s.GetFields() {
		if hasNUL(name) {
			return bad("data", "data holds a NUL character")
		}
		if fault := checkAny(v, depth+1); fault != nil {
			return fault
		}
	}
	return nil
}

func checkAny(v *structpb.Value, depth int) *Fault {
	if depth > maxDepth {
		return bad("data", "data is nested deeper than %d", maxDepth)
	}
	switch kind := v.GetKind().(type) {
	case nil:
		return bad("data", "data holds a value of no kind")
	case *structpb.Value_NullValue:
		if kind.NullValue != structpb.NullValue_NULL_VALUE {
			return bad("data", "data holds a null that is none")
		}
	case *structpb.Value_NumberValue:
		if math.IsNaN(kind.NumberValue) || math.IsInf(kind.NumberValue, 0) {
			return bad("data", "data holds a number that JSON cannot")
		}
	case *structpb.Value_StringValue:
		if hasNUL(kind.StringValue) {
			return bad("data", "data holds a NUL character")
		}
	case *structpb.Value_StructValue:
		return checkStruct(kind.StructValue, depth)
	case *structpb.Value_ListValue:
		for _, element := range kind.ListValue.GetValues() {
			if fault := checkAny(element, depth+1); fault != nil {
				return fault
			}
		}
	}
	return nil
}

func (r *rules) time(field string, t *timestamppb.Timestamp) {
	if t != nil && !t.IsValid() {
		r.bad(field, "%s is not a time", field)
	}
}

func (r *rules) limit(limit *uint32) {
	if limit != nil && (*limit == 0 || r.limits.Page > 0 && int64(*limit) > int64(r.limits.Page)) {
		r.bad("limit", "limit is not from 1 to %d", r.limits.Page)
	}
}

func (r *rules) cursor(cursor *string) {
	if cursor == nil {
		return
	}
	r.line("cursor", *cursor, maxCursor)
}
