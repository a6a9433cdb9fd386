package history

import (
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// memory remembers the answers to commands for a minute, so that a retry is
// not done again. Sends are not in it: their clientMsgIds are remembered for
// ever. It belongs to the writer.
type memory struct {
	answers map[string]*chatv1.Result
	order   []remembered
}

type remembered struct {
	id    string
	until time.Time
}

func newMemory() *memory { return &memory{answers: map[string]*chatv1.Result{}} }

func (m *memory) add(id string, result *chatv1.Result, until time.Time) {
	if id == "" {
		return
	}
	if _, known := m.answers[id]; !known {
		m.order = append(m.order, remembered{id, until})
	}
	m.answers[id] = result
}

// replay remembers what a record of the log answered.
func (m *memory) replay(r *chatv1.LogRecord) {
	for _, e := range r.GetEvents() {
		if e.GetMessage() == nil {
			m.add(e.GetCommandId(), &chatv1.Result{Seq: e.GetSeq(), TimeMs: e.GetTimeMs()}, time.UnixMilli(e.GetTimeMs()).Add(memoryFor))
		}
	}
}

func (m *memory) get(id string) *chatv1.Result { return m.answers[id] }

func (m *memory) expire(now time.Time) {
	n := 0
	for n < len(m.order) && now.After(m.order[n].until) {
		delete(m.answers, m.order[n].id)
		n++
	}
	if n > 0 {
		m.order = append(m.order[:0:0], m.order[n:]...)
	}
}
