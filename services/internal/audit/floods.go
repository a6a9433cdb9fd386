package audit

import (
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	accessv1 "github.com/natter-chat/natter/proto/natter/access/v1"
)

const (
	// floodMost refused calls of one kind have a record each, within floodFor.
	floodMost = 30
	floodFor  = time.Minute
)

// kind of refused calls: who called what, and how it ended. There are as many as
// there are admins and methods, and no more.
type kind struct{ who, method, code string }

// flood is the refused calls of one kind within a time.
type flood struct {
	calls int
	more  int                   // that have no record of their own
	last  *accessv1.AuditRecord // of these
	over  *time.Timer
}

// floods tells which records are taken of calls that change nothing. Safe for
// concurrent use.
type floods struct {
	tell func(*accessv1.AuditRecord) // the record that stands for many

	mu    sync.Mutex
	under map[kind]*flood
	ended bool
}

func newFloods(tell func(*accessv1.AuditRecord)) *floods {
	return &floods{tell: tell, under: map[kind]*flood{}}
}

// refused tells whether a call with this outcome has changed nothing, by no
// fault of the server's.
func refused(code string) bool {
	switch code {
	case codes.PermissionDenied.String(), codes.InvalidArgument.String(), codes.NotFound.String():
		return true
	}
	return false
}

// passes tells whether a record is taken as it is.
func (f *floods) passes(r *accessv1.AuditRecord) bool {
	if !refused(r.GetCode()) {
		return true
	}
	k := kind{r.GetWho(), r.GetMethod(), r.GetCode()}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended {
		return true
	}
	under := f.under[k]
	if under == nil {
		under = &flood{over: time.AfterFunc(floodFor, func() { f.over(k) })}
		f.under[k] = under
	}
	if under.calls++; under.calls <= floodMost {
		return true
	}
	under.more, under.last = under.more+1, r
	return false
}

// over tells of what was left out, if anything was.
func (f *floods) over(k kind) {
	f.mu.Lock()
	under := f.under[k]
	delete(f.under, k)
	f.mu.Unlock()
	if under == nil || under.more == 0 {
		return
	}
	r := proto.CloneOf(under.last)
	r.Id, r.Code = rand.Text(), fmt.Sprintf("%s, %d calls", r.GetCode(), under.more)
	r.Room, r.User, r.Object, r.Seq = "", "", "", 0 // on whomever
	f.tell(r)
}

// end tells of what was left out by now. Records are then taken as they are.
func (f *floods) end() {
	f.mu.Lock()
	var left []kind
	for k, under := range f.under {
		under.over.Stop()
		left = append(left, k)
	}
	f.ended = true
	f.mu.Unlock()
	for _, k := range left {
		f.over(k)
	}
}
