package checker

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/natter-chat/natter/services/e2e/chaos/history"
)

// Violation is one promise that was broken.
type Violation struct {
	// Rule is a name of [Rules].
	Rule string
	Room string
	User string
	Conn int
	Seq  uint32
	// At is when it showed, in microseconds since the run began; 0: in the end.
	At   int64
	Text string
}

func (v Violation) String() string {
	return fmt.Sprintf("%s: room %q, user %q, connection %d, seq %d, at %.3f s: %s", v.Rule, v.Room, v.User, v.Conn, v.Seq, float64(v.At)/1e6, v.Text)
}

// Rule is one promise.
type Rule struct {
	Name string
	// Means is the promise in a sentence.
	Means string
	check func(*run)
}

// Rules are all that is checked.
func Rules() []Rule {
	return []Rule{
		{"order", "A room has one order: at a seq everybody sees the same event, 1, 2, 3 …, and its time never goes back.", (*run).order},
		{"ack", "What was acked stands at the seq of its ack, as it was sent.", (*run).acks},
		{"lost", "Nothing that was acked is missing.", nil}, // found by ack
		{"twice", "No message is stored twice.", (*run).twice},
		{"unstored", "Nothing is shown that is not stored.", nil}, // found by order
		{"gap", "A connection sees each room without hole or double from where it came in, and one that resumes from where it was.", (*run).views},
		{"reset", "A resume goes on; only what is too long ago is not replayed.", nil}, // found by gap
		{"behind", "When all is quiet, everybody has everything.", nil},                // found by gap
		{"leak", "No event reaches one who was removed before it.", (*run).leaks},
		{"mark", "Read markers only rise.", (*run).marks},
		{"fold", "Pages and members are the fold of the log, in the end and in between.", (*run).folds},
		{"fifo", "The sends of a connection into a room are decided in the order in which they were sent.", (*run).fifo},
		{"realtime", "What was asked after an ack comes after it; a view of a room is never older than what was known when it was asked for.", (*run).realtime},
		{"linear", "Creating rooms of an id, and changing who owns a room, is linearizable.", (*run).linear},
		{"presence", "When all is quiet, the members who are connected are online, and no others.", (*run).presence},
		{"contract", "Every frame is as the protocol says, and no program tells of a race or a panic, or stays away.", (*run).contract},
	}
}

// mostEach bounds the violations of one rule.
const mostEach = 20

// Check finds what was broken, in the order of the rules. An error says that it
// is no history.
func Check(entries []history.Entry) ([]Violation, error) {
	r, err := read(entries)
	if err != nil {
		return nil, err
	}
	for _, rule := range Rules() {
		if rule.check != nil {
			rule.check(r)
		}
	}
	return r.report(), nil
}

// broke notes a violation.
func (r *run) broke(v Violation) {
	r.found[v.Rule] = append(r.found[v.Rule], v)
}

func (r *run) report() []Violation {
	var all []Violation
	for _, rule := range Rules() {
		found := r.found[rule.Name]
		slices.SortStableFunc(found, func(a, b Violation) int { return cmp.Compare(a.At, b.At) })
		all = append(all, found[:min(len(found), mostEach)]...)
	}
	return all
}
