package presence

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/proto/subject"
)

func TestIdleSessionsCostNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		m := h.start("r")
		time.Sleep(2 * time.Second)
		g := h.gateway("g")
		for i := range 20000 {
			g.opens(fmt.Sprint(i), fmt.Sprint("user", i), fmt.Sprint("room", i%1000))
		}
		time.Sleep(5 * time.Second)
		if rooms := len(h.heard()); rooms != 2000 { // and each once more
			t.Errorf("%d messages to 1000 rooms that 20 users each came into at once, want 2000", rooms)
		}
		time.Sleep(30 * time.Second)
		h.wantSilence("nothing moved")
		if s := m.state(); s.Sessions != 20000 || s.Users != 20000 || s.owned != 1000 || s.failing() != nil {
			t.Errorf("state %+v, %v", s, s.failing())
		}
	})
}

func TestLearnsBeforeItSpeaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		g := h.gateway("g")
		g.opens("1", "ana", "red")
		time.Sleep(10 * time.Second)
		began := time.Now()
		m := h.start("r")
		m.box.questions <- ask("red", "inbox")
		time.Sleep(time.Second)
		h.wantSilence("it listens")
		if err := m.state().failing(); err == nil {
			t.Error("ready although it does not know who is here")
		}
		time.Sleep(time.Second)
		said := h.heard()
		if len(said) != 2 || said[0].subject != "inbox" || said[1].subject != subject.PresenceOut("red") {
			t.Fatalf("published %v, want the answer and red", said)
		}
		for _, s := range said {
			if !s.message.Whole || users(s.message) != "ana+" || s.at.Sub(began) > learnTime+window {
				t.Errorf("published %v after %v", s.message, s.at.Sub(began))
			}
		}
		if err := m.state().failing(); err != nil {
			t.Error(err)
		}
	})
}

func TestLostGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		h.start("r")
		a, b := h.gateway("a"), h.gateway("b")
		a.opens("1", "ana", "red")
		a.opens("2", "ben", "red")
		b.opens("1", "cem", "red")
		time.Sleep(10 * time.Second)
		h.heard()
		a.mu.Lock()
		a.silent = true
		a.mu.Unlock()
		time.Sleep(8 * time.Second)
		b.opens("2", "ana", "red")
		time.Sleep(20 * time.Second)
		said := h.heard()
		if len(said) != 2 || users(said[0].message) != "ben-" || said[1].message != said[0].message {
			t.Fatalf("published %v, want only ben gone, and that once more", said)
		}
	})
}

func TestDeafnessSaysNothingOfGateways(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		m := h.start("r")
		g := h.gateway("g")
		g.opens("1", "ana", "red")
		g.opens("2", "ben", "red")
		time.Sleep(5 * time.Second)
		h.heard()
		h.disconnect()
		time.Sleep(time.Minute)
		if m.state().failing() == nil {
			t.Error("ready without NATS")
		}
		g.ends("2")
		h.wantSilence("no connection")
		h.reconnect()
		time.Sleep(10 * time.Second)
		said := h.heard()
		if len(said) < 1 || !said[0].message.Whole || users(said[0].message) != "ana+ ben+" {
			t.Fatalf("published %v, want red whole", said)
		}
		if last := said[len(said)-1].message; last.Online != 1 {
			t.Errorf("at last %v, want ana alone", last)
		}
		if err := m.state().failing(); err != nil {
			t.Error(err)
		}
	})
}

func TestGatewayThatDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		good, bad := h.gateway("good"), h.gateway("bad")
		good.opens("1", "ana", "red")
		bad.opens("1", "ben", "red")
		bad.refuses = true
		time.Sleep(time.Second)
		m := h.start("r")
		time.Sleep(9 * time.Second)
		if err := m.state().failing(); err == nil || !strings.Contains(err.Error(), "bad") || strings.Contains(err.Error(), "good") {
			t.Errorf("failing: %v, want bad named", err)
		}
		h.wantSilence("it waits for the others")
		time.Sleep(3 * time.Second)
		if said := h.heard(); len(said) == 0 || users(said[0].message) != "ana+" {
			t.Fatalf("published %v, want what is known by now", said)
		}
		bad.mu.Lock()
		bad.refuses = false
		bad.mu.Unlock()
		time.Sleep(4 * time.Second)
		if said := h.heard(); len(said) == 0 || users(said[len(said)-1].message) != "ben+" {
			t.Fatalf("published %v, want ben, too", said)
		}
		if err := m.state().failing(); err != nil {
			t.Error(err)
		}
	})
}

// TestReplicasTellHowTheyAre: each knows of the other whether it is ready, and
// forgets one that left.
func TestReplicasTellHowTheyAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		h.gateway("good").opens("1", "ana", "red")
		bad := h.gateway("bad")
		bad.refuses = true
		bad.opens("1", "ben", "red")
		time.Sleep(time.Second)
		a, b := h.start("a"), h.start("b")
		time.Sleep(20 * time.Second)
		for of, m := range map[string]*member{"b": a, "a": b} {
			if others := m.state().others; len(others) != 1 || others[0].GetReplica() != of || !strings.Contains(strings.Join(others[0].GetNotReady(), "; "), "bad") {
				t.Errorf("of %s the other knows %v, want that bad does not tell its sessions", of, others)
			}
		}
		bad.mu.Lock()
		bad.refuses = false
		bad.mu.Unlock()
		time.Sleep(10 * time.Second)
		if others := a.state().others; len(others) != 1 || len(others[0].GetNotReady()) > 0 {
			t.Errorf("when all is well a knows %v", others)
		}
		b.stop()
		time.Sleep(5 * time.Second)
		if others := a.state().others; len(others) != 0 {
			t.Errorf("when b has left a knows %v", others)
		}
		h.heard()
	})
}

func TestReplicasShareTheRooms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rooms = 40
		h := newHall(t)
		a := h.start("a")
		g := h.gateway("g")
		for i := range rooms {
			g.opens(fmt.Sprint(i), fmt.Sprint("user", i), fmt.Sprint("room", i))
		}
		time.Sleep(5 * time.Second)
		h.heard()
		b := h.start("b")
		time.Sleep(5 * time.Second)
		gained := map[string]bool{}
		for _, s := range h.heard() {
			if s.from != "b" || !s.message.Whole {
				t.Errorf("%s published %v, want only b's rooms, whole", s.from, s.message)
			}
			gained[s.message.Room] = true
		}
		if n := len(gained); n == 0 || n == rooms || n != b.state().owned || a.state().owned != rooms-n {
			t.Fatalf("b published %d rooms and owns %d, a owns %d", n, b.state().owned, a.state().owned)
		}
		checkAnswers(t, h, gained)
		for i := range rooms {
			g.opens(fmt.Sprint("more", i), fmt.Sprint("more", i), fmt.Sprint("room", i))
		}
		time.Sleep(window)
		for _, s := range h.heard() {
			if (s.from == "b") != gained[s.message.Room] {
				t.Errorf("%s published %s", s.from, s.message.Room)
			}
		}
		checkTakeOver(t, h, gained)
	})
}

// checkAnswers asks a for every room; the owner answers, once.
func checkAnswers(t *testing.T, h *hall, gained map[string]bool) {
	for i := range 40 {
		h.replicas["a"].box.questions <- ask(fmt.Sprint("room", i), "inbox")
	}
	answers := map[string]string{}
	for _, s := range h.heard() {
		if s.subject != "inbox" || answers[s.message.Room] != "" || s.message.Number != 1 || len(s.message.Changes) != 1 {
			t.Errorf("%s answered %v", s.from, s.message)
		}
		answers[s.message.Room] = s.from
	}
	for i := range 40 {
		room := fmt.Sprint("room", i)
		if answers[room] == "" || (answers[room] == "b") != gained[room] {
			t.Errorf("%q answered for %s", answers[room], room)
		}
	}
}

// checkTakeOver kills b; a tells b's rooms, and no others, within 3 s.
func checkTakeOver(t *testing.T, h *hall, gained map[string]bool) {
	time.Sleep(5 * time.Second)
	h.heard()
	h.kill("b")
	killed := time.Now()
	time.Sleep(10 * time.Second)
	told := map[string]bool{}
	for _, s := range h.heard() {
		if d := s.at.Sub(killed); !told[s.message.Room] && (!s.message.Whole || !gained[s.message.Room] || d > 3*time.Second) {
			t.Errorf("%s published %v after %v", s.from, s.message, d)
		}
		told[s.message.Room] = true
	}
	if len(told) != len(gained) {
		t.Errorf("%d rooms were told, want b's %d", len(told), len(gained))
	}
}

func TestLeavingGivesTheRoomsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		a := h.start("a")
		g := h.gateway("g")
		g.opens("1", "ana", "red")
		time.Sleep(2 * time.Second)
		h.start("b")
		time.Sleep(5 * time.Second)
		h.heard()
		a.stop()
		left := time.Now()
		time.Sleep(time.Second)
		for _, s := range h.heard() {
			if s.from != "b" || !s.message.Whole || s.at.Sub(left) > 2*window {
				t.Errorf("%s published %v after %v", s.from, s.message, s.at.Sub(left))
			}
		}
		h.replicas["b"].box.questions <- ask("red", "inbox")
		if said := h.heard(); len(said) != 1 || users(said[0].message) != "ana+" {
			t.Errorf("b answers %v", said)
		}
	})
}

func ask(room, reply string) question {
	return question{PresenceAsk: &presencev1.PresenceAsk{Room: room}, reply: reply}
}

// TestHerd: 2,000 users come into one room at once; it is told in batches, one
// per window at most.
func TestHerd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		h.start("a")
		g := h.gateway("g")
		time.Sleep(3 * time.Second)
		h.heard()
		const herd = 2_000
		for i := range herd {
			g.opens(fmt.Sprint("s", i), fmt.Sprint("user", i), "red")
			time.Sleep(time.Millisecond)
		}
		time.Sleep(window)
		said := h.heard()
		if most := int((herd*time.Millisecond+window)/window) + 1; len(said) > most || len(said) == 0 {
			t.Fatalf("%d batches, want at most %d", len(said), most)
		}
		for i := 1; i < len(said); i++ {
			if apart := said[i].at.Sub(said[i-1].at); apart < window {
				t.Errorf("two batches are %v apart", apart)
			}
		}
		if last := said[len(said)-1].message; last.Online != herd {
			t.Errorf("the last batch counts %d, want %d", last.Online, herd)
		}
	})
}

// TestAnswersInTheLoopsStead: only what the replica knows, while the loop does
// nothing, and not before it begins or after it ends.
func TestAnswersInTheLoopsStead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		var answer *presencev1.UserStatus
		q := question{PresenceAsk: &presencev1.PresenceAsk{User: "ana"}, respond: func(data []byte) {
			answer = &presencev1.UserStatus{}
			if err := proto.Unmarshal(data, answer); err != nil {
				t.Error(err)
			}
		}}
		if newMailbox().atOnce(q) {
			t.Error("answered where there is no loop")
		}
		h.gateway("g").status("1", "ana", clientv1.PresenceState_BUSY, 7, "red")
		m := h.start("r")
		if m.box.atOnce(q) {
			t.Error("answered before it knows who is here")
		}
		time.Sleep(10 * time.Second)
		m.box.busy.Lock()
		if m.box.atOnce(q) {
			t.Error("answered while the loop works")
		}
		m.box.busy.Unlock()
		if !m.box.atOnce(q) || answer.GetUser() != "ana" || answer.GetState() != clientv1.PresenceState_BUSY || answer.GetStatusMs() != 7 {
			t.Errorf("the answer is %v", answer)
		}
		m.stop()
		synctest.Wait()
		if m.box.atOnce(q) {
			t.Error("answered after the end")
		}
	})
}
