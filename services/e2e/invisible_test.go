package e2e_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// TestInvisibleIsOffline: byte for byte, over a whole conversation, others get
// of an invisible user what they get of one who is not there.
func TestInvisibleIsOffline(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		offline, invisible := haunted(t, d, false), haunted(t, d, true)
		for i := range max(len(offline), len(invisible)) {
			var a, b string
			if i < len(offline) {
				a = offline[i]
			}
			if i < len(invisible) {
				b = invisible[i]
			}
			if a != b {
				t.Fatalf("frame %d is, with an offline user:\n%s\nand with an invisible one:\n%s", i, a, b)
			}
		}
		if len(offline) < 8 {
			t.Errorf("only %d frames were compared", len(offline))
		}
	})
}

// haunted is what ana is sent while a member of her room is invisible and does
// all that nobody may notice, or is offline.
func haunted(t *testing.T, d *shape.Deployment, there bool) []string {
	t.Helper()
	ana, bo, ghost := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo")), enter(t, d, 1, unique(t, "ghost"))
	room := ana.create(unique(t, "room"), M{"members": []string{bo.user, ghost.user}}).Room
	ana.sees(room, bo.user, "ONLINE", 0)
	ana.sees(room, ghost.user, "ONLINE", 0)
	mark := ana.Mark()
	if there {
		ghost.ok("status", M{"state": "INVISIBLE", "text": "boo"})
	} else {
		ghost.Close()
	}
	ana.sees(room, ghost.user, "OFFLINE", mark)

	mark = ana.Mark()
	first := bo.send(room, "one").Seq
	ana.reach(room, first)
	if there {
		ghost.reach(room, first)
		ghost.ok("typing", M{"room": room})
		ghost.ok("read", M{"room": room, "seq": first})
		phone := enter(t, d, 0, ghost.user) // which begins as was said on the other
		phone.ok("typing", M{"room": room})
		phone.ok("read", M{"room": room, "seq": first})
		phone.do("presence", M{"room": room})
		phone.ok("status", M{"state": "INVISIBLE", "text": "still"})
		ghost.Close()
		again := enterWith(t, d, 1, ghost.user, M{"state": "INVISIBLE"})
		again.ok("typing", M{"room": room})
		again.Close()
		phone.Close()
	}
	bo.ok("typing", M{"room": room})
	ana.await("bo types", mark, func(f client.Frame) bool { return f.Typing != nil && f.Typing.User == bo.user })
	second := bo.send(room, "two").Seq
	ana.reach(room, second)
	bo.ok("read", M{"room": room, "seq": second})
	ana.await("bo has read", mark, func(f client.Frame) bool { return strings.Contains(string(f.Raw), `"readMark"`) })
	ana.do("presence", M{"room": room})
	ana.do("members", M{"room": room})
	left := ana.Mark()
	bo.Close()
	ana.sees(room, bo.user, "OFFLINE", left)
	ana.do("members", M{"room": room})
	ana.do("presence", M{"room": room})

	names := strings.NewReplacer(room, "ROOM", ana.user, "ANA", bo.user, "BO", ghost.user, "GHOST")
	var frames []string
	for _, f := range ana.Since(mark) {
		frames = append(frames, varying.ReplaceAllString(names.Replace(string(f.Raw)), "$1"))
	}
	return frames
}

// varying is what differs from one conversation to the next: times, and ids
// that clients and servers make.
var varying = regexp.MustCompile(`("(?:time|lastSeen|clientMsgId)": ?)"[^"]*"`)
