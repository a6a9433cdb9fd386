package store

import (
	"context"
	"errors"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
)

// ErrPosition says that a partition is not where the caller left it: somebody
// else applies its log.
var ErrPosition = errors.New("store: the partition is not at the expected position")

// ErrNotFound says that there is no such room or message.
var ErrNotFound = errors.New("store: not found")

// Deployment is what is fixed when a deployment first starts.
type Deployment struct {
	// Partitions is their number, 1 to 64.
	Partitions int
	// Epoch names the past, Unix ms; it rises when the past changed.
	Epoch uint64
}

// Position is how far a partition's log is applied. The zero Position is
// before the first record.
type Position struct {
	// Stream is when the stream was created, Unix ns: another value is another stream.
	Stream int64
	// Sequence of the last applied record in that stream.
	Sequence uint64
	// Record is the id of that record.
	Record []byte
}

// Equal tells whether two positions are the same.
func (p Position) Equal(q Position) bool {
	return p.Stream == q.Stream && p.Sequence == q.Sequence && string(p.Record) == string(q.Record)
}

// Query asks for a page of a room's messages.
type Query struct {
	Room string
	// Kind says on which side of Seq.
	Kind Side
	Seq  uint32
	// Thread, above 0: only the messages of that thread.
	Thread uint32
	// Limit is 1 to 100.
	Limit int
	// User who asks: whose own reactions are marked.
	User string
}

// Side says where a page lies.
type Side int

const (
	// Newest: the end of the room; Seq is not looked at.
	Newest Side = iota
	// Before: messages with a smaller seq, the nearest ones.
	Before
	// After: messages with a greater seq, the nearest ones.
	After
	// Around: from both sides, with the message itself.
	Around
)

// Page is a stretch of messages, rising by seq.
type Page struct {
	Messages            []*chatv1.Message
	HasBefore, HasAfter bool
	// Head of the room at the moment when the messages were read, though not their
	// reactions; 0: it is not known.
	Head uint32
}

// Standing is what a user is in a room.
type Standing struct {
	// Member is nil for who is none.
	Member *chatv1.Member
	// BannedUntil is the end of a ban, Unix ms; 0: there is none.
	BannedUntil int64
}

// Head is how far a room goes.
type Head struct {
	Room string
	Seq  uint32
}

// RoomQuery asks for rooms by name.
type RoomQuery struct {
	// User whose own rooms are listed beside the open ones; Admin: all rooms.
	User  string
	Admin bool
	// Mine: only rooms that User is a member of, closed ones left out.
	Mine bool
	// Text is part of a name, case folded; empty: any.
	Text string
	// After is the last room id of the page before; empty: from the start.
	After string
	// Limit is 1 to 100.
	Limit int
}

// LastSeen keeps when users were last seen. Its methods are safe for concurrent
// use.
type LastSeen interface {
	// KeepSeen keeps later times than those that it has.
	KeepSeen(ctx context.Context, seen []*chatv1.Seen) error
	// Seen tells of those users who were ever seen, by id.
	Seen(ctx context.Context, users []string) ([]*chatv1.Seen, error)
	// ForgetSeen takes away when a user was last seen.
	ForgetSeen(ctx context.Context, user string) error
}

// Store keeps everything. All methods are safe for concurrent use; the users
// of a Store declare the few methods that they need.
type Store interface {
	// Deployment returns what was fixed at the first start, which is `want` if this is the first.
	Deployment(ctx context.Context, want Deployment) (Deployment, error)
	// SetEpoch raises the epoch; a lower one changes nothing.
	SetEpoch(ctx context.Context, epoch uint64) error
	// Position tells how far a partition is applied.
	Position(ctx context.Context, partition int) (Position, error)
	// Apply folds records, the next after `from`, and moves the position to
	// `to`, all or nothing; ErrPosition if the position is not `from`.
	Apply(ctx context.Context, partition int, from, to Position, records []*chatv1.LogRecord) error

	// Room is a room's state, or ErrNotFound. It has no remembered ids.
	Room(ctx context.Context, room string) (*room.State, error)
	// Sent looks ids up in a room; those that are unknown are left out.
	Sent(ctx context.Context, room string, keys []room.SentKey) (map[room.SentKey]room.Sent, error)
	// Facts are what decisions need of messages; seqs that hold none are left out.
	Facts(ctx context.Context, room string, seqs []uint32) (map[uint32]*room.Message, error)
	// Events are at most limit events of a room with a seq above `after`, in order.
	Events(ctx context.Context, room string, after uint32, limit int) ([]*chatv1.Event, error)
	// Unread counts messages by others than the user in (after, to], to 100 each: all, and those that mention the user.
	Unread(ctx context.Context, room, user string, after, to uint32) (unread, mentions int, err error)

	// Messages is a page; an unknown room has none.
	Messages(ctx context.Context, q Query) (Page, error)
	// Message is one message, or ErrNotFound.
	Message(ctx context.Context, room, user string, seq uint32) (*chatv1.Message, error)
	// Mine are the emojis with which a user reacted to messages, by seq.
	Mine(ctx context.Context, room, user string, seqs []uint32) (map[uint32][]string, error)
	// Search finds messages, the newest first.
	Search(ctx context.Context, q SearchQuery) (SearchResults, error)
	// Info is a room and the user's standing in it, or ErrNotFound.
	Info(ctx context.Context, room, user string) (*chatv1.Room, Standing, error)
	// Rooms lists rooms by id, with the user's role and, for a member, the newest message of each.
	Rooms(ctx context.Context, q RoomQuery) ([]*chatv1.RoomView, error)
	// RoomsOf are the ids of a user's rooms, the most lately active first.
	RoomsOf(ctx context.Context, user string, limit int) ([]string, error)
	// Members are a room's members with an id above `after`, by id.
	Members(ctx context.Context, room, after string, limit int) ([]*chatv1.Member, error)

	LastSeen
	Retainer
	Audit
	// Heads are all rooms with an id above `after`, by id, closed ones too.
	Heads(ctx context.Context, after string, limit int) ([]Head, error)
	// Traces are the seqs in (after, to] of a room's messages and events that
	// tell of a user: theirs, or events about them; not what others said.
	Traces(ctx context.Context, user, room string, after, to uint32) ([]uint32, error)
	// Tidy leaves nothing on disk of what was taken away, as far as the store
	// can do that while it is in use. Others are served meanwhile.
	Tidy(ctx context.Context) error
	// Untidy tells whether Tidy has something to do that does not go by itself.
	Untidy(ctx context.Context) (bool, error)

	// Ping tells whether the store answers.
	Ping(ctx context.Context) error
	Close() error
}
