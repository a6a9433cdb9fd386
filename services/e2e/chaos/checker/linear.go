package checker

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/natter-chat/natter/services/e2e/chaos/history"
)

// Contested begins the ids of rooms whose creation, owners and members are
// checked whole: nobody is invited, kicked or banned there.
const Contested = "crown-"

// linearWithin bounds the search of one room; what is not decided by then is
// no violation.
const linearWithin = 20 * time.Second

// attempt is an operation on a contested room.
type attempt struct {
	by      string
	request history.Request
}

// outcome of an attempt.
type outcome int

const (
	unknown outcome = iota
	done
	refused
)

// linear: there is one order of all attempts on a room, in which each has the
// answer that it had, and which none of them contradicts in time.
func (r *run) linear() {
	rooms := map[string][]porcupine.Operation{}
	for _, k := range r.calls {
		id := contested(&k.request)
		if !strings.HasPrefix(id, Contested) {
			continue
		}
		out, end := unknown, int64(math.MaxInt64)
		if k.reply != nil {
			out = outcomeOf(k.reply)
		}
		if out != unknown {
			end = k.replied
		}
		rooms[id] = append(rooms[id], porcupine.Operation{ClientId: k.conn.number, Input: attempt{k.conn.user, k.request}, Call: k.sent, Output: out, Return: end})
	}
	for id, operations := range rooms {
		if porcupine.CheckOperationsTimeout(model(), operations, linearWithin) == porcupine.Illegal {
			r.broke(Violation{Rule: "linear", Room: id, Text: "no order of the attempts to create it and to change its owners explains their answers"})
		}
	}
}

func outcomeOf(f *history.Frame) outcome {
	switch {
	case f.Error == nil:
		return done
	case f.Error.Code == "UNAVAILABLE", f.Error.Code == "RATE_LIMITED", f.Error.Code == "INTERNAL":
		return unknown
	}
	return refused
}

// crown is the state of a contested room. It is never changed, only replaced.
type crown struct {
	made  string // by whom and as what; empty: not yet
	roles map[string]string
}

func (c crown) owners() int {
	n := 0
	for _, role := range c.roles {
		if role == "OWNER" {
			n++
		}
	}
	return n
}

// with is the state in which a user has a role; empty: none.
func (c crown) with(user, role string) crown {
	next := crown{c.made, map[string]string{}}
	for u, r := range c.roles {
		next.roles[u] = r
	}
	if next.roles[user] = role; role == "" {
		delete(next.roles, user)
	}
	return next
}

func (c crown) equal(o crown) bool {
	if c.made != o.made || len(c.roles) != len(o.roles) {
		return false
	}
	for user, role := range c.roles {
		if o.roles[user] != role {
			return false
		}
	}
	return true
}

// model is a contested room, by the rules that natter documents.
func model() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return crown{} },
		Step: func(state, input, output any) (bool, any) {
			next, allowed := state.(crown).step(input.(attempt))
			switch output.(outcome) {
			case done:
				return allowed, next
			case refused:
				return !allowed, state
			}
			return true, next
		},
		Equal: func(a, b any) bool { return a.(crown).equal(b.(crown)) },
	}
}

// step is what an attempt comes to.
func (c crown) step(a attempt) (next crown, allowed bool) {
	q := a.request
	switch {
	case q.CreateRoom != nil:
		return c.create(a.by, q.CreateRoom)
	case c.made == "":
		return c, false
	case q.Join != nil && c.roles[a.by] == "":
		return c.with(a.by, "MEMBER"), true
	case q.Join != nil:
		return c, true
	case q.Leave != nil && c.roles[a.by] == "":
		return c, true
	case q.Leave != nil && c.roles[a.by] == "OWNER" && c.owners() == 1:
		return c, false
	case q.Leave != nil:
		return c.with(a.by, ""), true
	case c.roles[a.by] != "OWNER" || c.roles[q.SetRole.User] == "":
		return c, false
	case c.roles[q.SetRole.User] == q.SetRole.Role:
		return c, true
	case c.roles[q.SetRole.User] == "OWNER" && c.owners() == 1:
		return c, false
	}
	return c.with(q.SetRole.User, q.SetRole.Role), true
}

func (c crown) create(by string, q *history.CreateRoom) (crown, bool) {
	as := strings.Join(append([]string{by, q.Name, q.Kind}, slices.Sorted(slices.Values(q.Members))...), "\n")
	if c.made != "" {
		return c, c.made == as
	}
	next := crown{as, map[string]string{}}
	for _, user := range q.Members {
		next.roles[user] = "MEMBER"
	}
	next.roles[by] = "OWNER"
	return next, true
}

// contested is the room that a request is about, if it is one that is modelled.
func contested(q *history.Request) string {
	switch {
	case q.CreateRoom != nil:
		return q.CreateRoom.Room
	case q.Join != nil:
		return q.Join.Room
	case q.Leave != nil:
		return q.Leave.Room
	case q.SetRole != nil:
		return q.SetRole.Room
	}
	return ""
}
