package client

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// A check says what is wrong with a JSON value, or nothing.
type check func(path string, v any) error

// object is the fields of a JSON object; those whose name ends in ? may be
// absent, and no others may be there.
type object map[string]check

// frames is the server's half of section 6 of the design, written down a
// second time: what each frame must hold, and nothing beside it.
func frames() object {
	message := object{
		"seq": count, "user": text, "name": text, "time": moment, "text": text, "data?": anyObject, "clientMsgId?": text, "editedAt?": moment, "version": count,
		"deleted": boolean, "replyTo?": count, "thread?": count, "replyCount?": count, "mentions?": list(text),
		"reactions": list(object{"emoji": text, "count": count, "mine": boolean}.check),
	}
	view := object{
		"room": text, "name": text, "kind": oneOf("PUBLIC", "PRIVATE", "BROADCAST", "DIRECT"), "topic": text,
		"role": oneOf("ROLE_UNSPECIFIED", "OWNER", "MODERATOR", "MEMBER", "READER"), "head": count, "readSeq": count, "unread": count, "mentions": count,
		"memberCount": count, "slowModeSeconds": count, "archived": boolean, "last?": message.check, "since?": count,
		"resume": oneOf("RESUME_UNSPECIFIED", "FRESH", "COMPLETE", "TRUNCATED", "RESET"),
	}
	states := oneOf("ONLINE", "AWAY", "BUSY", "INVISIBLE", "OFFLINE")
	return object{
		"welcome": object{
			"session": text, "user": object{"id": text, "name": text, "avatar?": text}.check, "epoch": wide, "rooms": list(view.check), "limits": limits, "serverTime": moment,
		}.check,
		"ack":   object{"room": text, "seq": count, "time": moment, "duplicate": boolean, "durability": oneOf("OS", "DISK", "QUORUM")}.check,
		"ok":    object{}.check,
		"pong":  object{}.check,
		"error": object{"code": codes, "message": text, "field?": text, "retryAfterMs?": count}.check,
		"event": event,
		"room":  view.check,
		"gone":  object{"room": text, "reason": text}.check,
		"typing": object{
			"room": text, "user": text, "stop": boolean,
		}.check,
		"readMark": object{"room": text, "user": text, "seq": count}.check,
		"signal":   object{"room": text, "user": text, "name": text, "data?": anyObject}.check,
		"presenceChange": object{
			"room?": text, "changes": list(object{"user": text, "state": states, "text?": text, "lastSeen?": moment}.check), "online": count,
		}.check,
		"page":       object{"room": text, "messages": list(message.check), "hasBefore": boolean, "hasAfter": boolean}.check,
		"roomList":   object{"rooms": list(view.check), "cursor?": text}.check,
		"memberList": object{"members": list(object{"user": text, "name": text, "role": text, "state": states, "lastSeen?": moment}.check), "cursor?": text}.check,
		"results": object{"hits": list(object{
			"room": text, "message": message.check,
			"snippet": object{"text": text, "marks": list(object{"start": count, "end": count}.check)}.check,
		}.check), "cursor?": text}.check,
		"goaway": object{"afterMs": count, "reason": text}.check,
		"notice": object{"text": text, "room?": text, "data?": anyObject}.check,
	}
}

func codes(path string, v any) error {
	return oneOf("BAD_REQUEST", "UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND", "CONFLICT", "TOO_LARGE", "RATE_LIMITED", "SLOW_MODE", "ROOM_FULL", "GONE", "UNAVAILABLE", "INTERNAL")(path, v)
}

// limits are numbers, whatever they are called.
func limits(path string, v any) error {
	o, ok := v.(map[string]any)
	if !ok || len(o) == 0 {
		return fmt.Errorf("%s is %v, not an object with limits", path, v)
	}
	for name, value := range o {
		if err := count(path+"."+name, value); err != nil {
			return err
		}
	}
	return nil
}

// event: its own fields, and exactly one change.
func event(path string, v any) error {
	changes := object{
		"message": object{"text": text, "data?": anyObject, "replyTo?": count, "thread?": count, "mentions": list(text)}.check,
		"edited":  object{"seq": count, "text": text, "mentions?": list(text)}.check,
		"deleted": object{"seq": count}.check,
		"reacted": object{"seq": count, "emoji": text, "removed": boolean}.check,
		"created": object{"name": text, "kind": text, "topic": text}.check,
		"updated": object{"name?": text, "topic?": text, "slowModeSeconds?": count, "archived?": boolean}.check,
		"joined":  object{"role": text, "by?": text}.check,
		"left":    object{}.check,
		"removed": object{"user": text, "reason?": text, "banned": boolean, "until?": moment}.check,
		"unbanned": object{
			"user": text,
		}.check,
		"muted":   object{"user": text, "until?": moment}.check,
		"unmuted": object{"user": text}.check,
		"roleSet": object{"user": text, "role": text}.check,
		"closed":  object{}.check,
		"erased":  object{"seqs": list(count)}.check,
		"trimmed": object{"before": count}.check,
		"retentionSet": object{
			"retention?": object{"ageSeconds": count, "count": count}.check,
		}.check,
	}
	o, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("%s is %v, not an object", path, v)
	}
	own, found := object{"room": text, "seq": count, "time": moment, "user": text, "name?": text, "clientMsgId?": text}, 0
	for name, check := range changes {
		if _, there := o[name]; there {
			own[name] = check
			found++
		}
	}
	if found != 1 {
		return fmt.Errorf("%s holds %d changes, not one", path, found)
	}
	return own.check(path, v)
}

// conforms holds one frame to the schema.
func (o object) conforms(raw []byte) error {
	var frame map[string]any
	if err := json.Unmarshal(raw, &frame); err != nil {
		return fmt.Errorf("it is no JSON object: %w", err)
	}
	if re, there := frame["re"]; there {
		if err := count("re", re); err != nil {
			return err
		}
		delete(frame, "re")
	}
	if len(frame) != 1 {
		return fmt.Errorf("it holds %d bodies, not one", len(frame))
	}
	for name, body := range frame {
		check, known := o[name]
		if !known {
			return fmt.Errorf("%s is no frame of the contract", name)
		}
		return check(name, body)
	}
	return nil
}

func (o object) check(path string, v any) error {
	have, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("%s is %v, not an object", path, v)
	}
	for name, check := range o {
		optional := name[len(name)-1] == '?'
		if optional {
			name = name[:len(name)-1]
		}
		value, there := have[name]
		if !there && !optional {
			return fmt.Errorf("%s.%s is missing", path, name)
		}
		if !there {
			continue
		}
		if err := check(path+"."+name, value); err != nil {
			return err
		}
	}
	for name := range have {
		if o[name] == nil && o[name+"?"] == nil {
			return fmt.Errorf("%s.%s is not in the contract", path, name)
		}
	}
	return nil
}

func list(of check) check {
	return func(path string, v any) error {
		elements, ok := v.([]any)
		if !ok {
			return fmt.Errorf("%s is %v, not a list", path, v)
		}
		for i, element := range elements {
			if err := of(path+"["+strconv.Itoa(i)+"]", element); err != nil {
				return err
			}
		}
		return nil
	}
}

func oneOf(names ...string) check {
	return func(path string, v any) error {
		if name, ok := v.(string); !ok || !slices.Contains(names, name) {
			return fmt.Errorf("%s is %v, not one of %v", path, v, names)
		}
		return nil
	}
}

func text(path string, v any) error {
	if _, ok := v.(string); !ok {
		return fmt.Errorf("%s is %v, not a string", path, v)
	}
	return nil
}

// wide is a 64-bit number, which canonical JSON writes as a string.
func wide(path string, v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("%s is %v, not a string", path, v)
	}
	if _, err := strconv.ParseUint(s, 10, 64); err != nil {
		return fmt.Errorf("%s is %q, not a number of 64 bits", path, s)
	}
	return nil
}

func count(path string, v any) error {
	n, ok := v.(float64)
	if !ok || n < 0 || n > 1<<32-1 || n != float64(uint32(n)) {
		return fmt.Errorf("%s is %v, not a number of 32 bits", path, v)
	}
	return nil
}

func boolean(path string, v any) error {
	if _, ok := v.(bool); !ok {
		return fmt.Errorf("%s is %v, not true or false", path, v)
	}
	return nil
}

func anyObject(path string, v any) error {
	if _, ok := v.(map[string]any); !ok {
		return fmt.Errorf("%s is %v, not an object", path, v)
	}
	return nil
}

func moment(path string, v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("%s is %v, not a time", path, v)
	}
	if _, err := time.Parse(time.RFC3339Nano, s); err != nil {
		return fmt.Errorf("%s is %q, not a time of RFC 3339", path, s)
	}
	return nil
}
