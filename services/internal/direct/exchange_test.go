package direct_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/natter-chat/natter/services/internal/direct"
)

// nowhere: nobody follows anything at NATS.
func nowhere(string) bool { return false }

func TestAsk(t *testing.T) {
	x := direct.New(nowhere)
	ask := func() (answer string, taken bool) {
		taken = x.Ask("a.b", direct.Request{Data: []byte("q"), Respond: func(data []byte) { answer = string(data) }})
		return answer, taken
	}
	if _, taken := ask(); taken {
		t.Error("a request was taken where nobody serves")
	}
	first := x.Serve("a.b", func(r direct.Request) bool {
		r.Respond(append(r.Data, " of the first"...))
		return true
	})
	if answer, taken := ask(); !taken || answer != "q of the first" {
		t.Errorf("the answer is %q (taken: %v)", answer, taken)
	}
	second := x.Serve("a.b", func(direct.Request) bool { return false })
	first() // takes nothing away of who came in its place
	if answer, taken := ask(); taken || answer != "" {
		t.Errorf("who leaves requests has taken one, with the answer %q", answer)
	}
	second()
	if _, taken := ask(); taken {
		t.Error("a request was taken by one that has stopped")
	}
}

// TestStop: once stop has returned nothing is under way at the handler, and
// nothing comes any more.
func TestStop(t *testing.T) {
	x := direct.New(nowhere)
	var inside, stopped atomic.Bool
	stop := x.Serve("a", func(direct.Request) bool {
		inside.Store(true)
		defer inside.Store(false)
		if stopped.Load() {
			t.Error("a request came after stop")
		}
		return true
	})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 1000 {
				x.Ask("a", direct.Request{})
			}
		})
	}
	stop()
	stopped.Store(true)
	if inside.Load() {
		t.Error("a request is under way after stop")
	}
	all.Wait()
}

func TestFollow(t *testing.T) {
	x := direct.New(nowhere)
	x.Tell(direct.Message{Subject: "a"}) // nobody hears it
	var got []int64
	stop := x.Follow("a", func(m direct.Message) { got = append(got, m.Body.(*wrapperspb.Int64Value).GetValue()) })
	for i := range 100 {
		x.Tell(direct.Message{Subject: "a", Body: wrapperspb.Int64(int64(i))})
	}
	x.Tell(direct.Message{Subject: "b"})
	stop()
	x.Tell(direct.Message{Subject: "a", Body: wrapperspb.Int64(-1)})
	if len(got) != 100 {
		t.Fatalf("%d of 100 messages came: %v", len(got), got)
	}
	for i, n := range got {
		if n != int64(i) {
			t.Fatalf("message %d is %d", i, n)
		}
	}
}

// TestElsewhere: NATS gets what is followed there, whoever follows it here.
func TestElsewhere(t *testing.T) {
	x := direct.New(func(subject string) bool { return subject == "a" })
	x.Follow("a", func(direct.Message) {})
	x.Follow("b", func(direct.Message) {})
	for subject, want := range map[string]bool{"a": true, "b": false} {
		if got := x.Tell(direct.Message{Subject: subject}); got != want {
			t.Errorf("what is told of %s is to go to NATS: %v, want %v", subject, got, want)
		}
	}
}

func TestNobody(t *testing.T) {
	var x *direct.Exchange
	if !x.Tell(direct.Message{Subject: "a"}) {
		t.Error("there is no exchange, and NATS is left out, too")
	}
	if x.Ask("a", direct.Request{}) {
		t.Error("there is no exchange, and a request was taken")
	}
	x.Serve("a", nil)()
}
