package command

import (
	"google.golang.org/protobuf/proto"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
)

// PrintChange tells what was done to a room.
func (e *Env) PrintChange(answer proto.Message, change *historyv1.Change) error {
	return e.Print(answer, func(t *Table) {
		t.Row("SEQ", "DONE BEFORE")
		t.Row(change.GetSeq(), YesNo(change.GetDuplicate()))
	})
}
