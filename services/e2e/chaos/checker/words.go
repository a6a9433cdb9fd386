package checker

import "fmt"

// said is a message's key: who sent it, and the id that they gave it.
type said struct{ room, user, id string }

// words gives each message of the log the text that it was sent with: the store
// has it as it stands, after all edits.
func (r *run) words() {
	sent := map[said]string{}
	for _, k := range r.calls {
		if send := k.request.Send; send != nil {
			sent[said{send.Room, k.conn.user, send.ClientMsgID}] = send.Text
		}
	}
	for id, m := range r.rooms {
		for i := range m.Events {
			if e := &m.Events[i]; e.Edited != nil {
				m.edits[e.Edited.Seq] = append(m.edits[e.Edited.Seq], e.Edited.Text)
			}
		}
		for seq, texts := range m.edits {
			e := m.at(seq)
			if e == nil || e.Message == nil || m.gone[seq] {
				continue
			}
			original, known := sent[said{id, e.User, e.ClientMsgID}]
			if last := texts[len(texts)-1]; e.Message.Text != last && known && e.Message.Text != original {
				r.broke(Violation{Rule: "fold", Room: id, User: e.User, Seq: seq, Text: fmt.Sprintf("the log has the message with %q, and its last edit with %q", e.Message.Text, last)})
			}
			if known {
				e.Message.Text = original
			}
		}
	}
}
