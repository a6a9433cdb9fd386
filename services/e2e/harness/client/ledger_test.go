package client

import (
	"fmt"
	"strings"
	"testing"
)

// TestFaultsAreFound: a client that finds nothing would let every test pass.
func TestFaultsAreFound(t *testing.T) {
	for what, c := range map[string]struct {
		frames string // one per line
		fault  string // "": none
	}{
		"all well":              {view("FRESH", 3) + anEvent(4) + anEvent(5), ""},
		"a hole":                {view("FRESH", 3) + anEvent(4) + anEvent(6), "seq 6 of r came where 5 should be"},
		"twice":                 {view("FRESH", 3) + anEvent(4) + anEvent(4), "seq 4 of r came where 5 should be"},
		"out of order":          {view("FRESH", 3) + anEvent(5) + anEvent(4), "seq 5 of r came where 4 should be"},
		"not live":              {anEvent(1), "not live"},
		"after gone":            {view("FRESH", 3) + `{"gone":{"room":"r","reason":"left"}}` + "\n" + anEvent(4), "not live"},
		"COMPLETE for nothing":  {view("COMPLETE", 3), "without a position"},
		"no reply to anything":  {`{"re":9,"ok":{}}` + "\n", "nothing was asked"},
		"a field is missing":    {`{"gone":{"room":"r"}}` + "\n", "gone.reason is missing"},
		"a field too many":      {`{"gone":{"room":"r","reason":"left","x":1}}` + "\n", "gone.x is not in the contract"},
		"a list is null":        {strings.Replace(posted(1, `null`), "\n", "", 1) + "\n", "not a list"},
		"two changes":           {strings.Replace(posted(1, `[]`), `"message"`, `"left":{},"message"`, 1), "2 changes"},
		"an unknown frame":      {`{"fly":{}}` + "\n", "no frame of the contract"},
		"two bodies":            {`{"ok":{},"pong":{}}` + "\n", "2 bodies"},
		"a number as a string":  {`{"readMark":{"room":"r","user":"u","seq":"7"}}` + "\n", "not a number"},
		"an unknown error code": {`{"error":{"code":"OOPS","message":"x"}}` + "\n", "not one of"},
	} {
		t.Run(what, func(t *testing.T) {
			client := &Client{schema: frames(), asked: map[uint32]question{}, replies: map[uint32]Frame{}, rooms: ledger{}, news: make(chan struct{})}
			for line := range strings.Lines(c.frames) {
				client.take(1, []byte(strings.TrimSpace(line)))
			}
			err := client.Faults()
			if (c.fault == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.fault) {
				t.Errorf("found %v, not %q", err, c.fault)
			}
		})
	}
}

func view(resume string, head int) string {
	return fmt.Sprintf(`{"room":{"room":"r","name":"R","kind":"PUBLIC","topic":"","role":"MEMBER","head":%d,"readSeq":0,"unread":0,"mentions":0,`+
		`"memberCount":1,"slowModeSeconds":0,"archived":false,"resume":%q}}`, head, resume) + "\n"
}

func anEvent(seq int) string { return posted(seq, `[]`) }

func posted(seq int, mentions string) string {
	return fmt.Sprintf(`{"event":{"room":"r","seq":%d,"time":"2030-01-02T03:04:05Z","user":"u","message":{"text":"x","mentions":%s}}}`, seq, mentions) + "\n"
}
