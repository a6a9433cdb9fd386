package presence

import (
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/presence/fold"
	"github.com/natter-chat/natter/services/presence/peers"
)

// maxHeld bounds the questions that wait until a replica knows everybody.
const maxHeld = 4096

// outlet publishes a message, with a subject to reply to or none. It does not
// wait.
type outlet func(subject, reply string, m proto.Message)

// link says whether NATS is connected, and how often it was connected again.
type link func() (connected bool, reconnects uint64)

// replica is the state of one presence replica. Only its loop touches it.
type replica struct {
	name    string
	publish outlet
	link    link
	metrics *metrics
	clock   clock
	fold    *fold.Fold
	batches *fold.Batches
	peers   *peers.Peers
	syncs   *syncs
	// owning: everybody is known, and the replica has its share of the rooms.
	owning     bool
	learning   time.Time // since when, while not owning
	reconnects uint64
	beaten     time.Time
	held       []question
}

// question is a PresenceAsk: the room, and where to answer.
type question struct{ room, reply string }

func newReplica(name string, cfg Config, real time.Time, publish outlet, link link, syncs *syncs, m *metrics) *replica {
	r := &replica{
		name: name, publish: publish, link: link, metrics: m, syncs: syncs,
		clock: clock{last: real}, batches: fold.NewBatches(name), peers: peers.New(name),
	}
	r.fold = fold.New(fold.Config{Lease: cfg.Lease, Grace: cfg.Grace, Ended: cfg.EndedGrace}, r.touched)
	_, r.reconnects = link()
	r.learn(real)
	return r
}

func (r *replica) touched(room, user string, before fold.Presence) {
	if r.owns(room) {
		r.batches.Touch(room, user, before)
	}
}

func (r *replica) owns(room string) bool { return r.owning && r.peers.Owner(room) == r.name }

// learn gives up all rooms: who was deaf, or has just begun, must hear first
// who is there.
func (r *replica) learn(now time.Time) {
	r.owning, r.learning = false, now
	r.batches.Drop()
	r.peers.Forget()
}

// hear folds a gateway's message.
func (r *replica) hear(real time.Time, m *presencev1.FromGateway) {
	r.fold.Hear(r.clock.now(real), m)
}

// hearPeer takes another replica's word, or a question that reached it
// although this replica owns the room.
func (r *replica) hearPeer(real time.Time, m *presencev1.Peer, reply string) {
	switch {
	case m.Ask != nil:
		if r.owns(m.GetAsk()) && reply != "" {
			r.publish(reply, "", r.batches.Whole(r.fold, m.GetAsk()))
		}
	case r.peers.Hear(r.clock.now(real), m.GetReplica(), m.GetLeaving()) && r.owning:
		r.batches.Own(r.fold, r.owns)
	}
}

// ask answers a question, sends it on to the room's owner, or keeps it until
// that one is known.
func (r *replica) ask(q question) {
	switch {
	case !r.owning && len(r.held) < maxHeld:
		r.held = append(r.held, q)
	case !r.owning:
	case r.owns(q.room):
		r.publish(q.reply, "", r.batches.Whole(r.fold, q.room))
	default:
		r.publish(subject.PresencePeers, q.reply, &presencev1.Peer{Replica: r.name, Ask: &q.room})
	}
}

// synced folds what a gateway answered.
func (r *replica) synced(real time.Time, s synced) {
	now := r.clock.now(real)
	if r.syncs.ended(now, s) {
		r.fold.Synced(now, s.gateway, s.whole)
	}
}

// tick lets time pass, and tells what changed. It is called once per window.
func (r *replica) tick(real time.Time) {
	connected, reconnects := r.link()
	if !connected {
		r.clock.skip(real)
	}
	now := r.clock.now(real)
	if !connected || reconnects != r.reconnects {
		r.reconnects = reconnects
		r.learn(now)
	}
	if !connected {
		return
	}
	r.fold.Advance(now)
	if r.peers.Advance(now) && r.owning {
		r.batches.Own(r.fold, r.owns)
	}
	unsynced := r.fold.Unsynced()
	r.syncs.begin(now, unsynced)
	if !r.owning && r.learned(now, unsynced) {
		r.take(now)
	}
	r.beat(now)
	r.flush(now)
}

// learned says whether the replica knows all it can.
func (r *replica) learned(now time.Time, unsynced []string) bool {
	heard := now.Sub(r.learning)
	return heard >= learnTime && len(unsynced) == 0 || heard >= learnAtMost
}

// take makes the replica's share of the rooms its own.
func (r *replica) take(now time.Time) {
	r.owning = true
	r.beaten = time.Time{}
	r.beat(now)
	r.batches.Own(r.fold, r.owns)
	held := r.held
	r.held = nil
	for _, q := range held {
		r.ask(q)
	}
}

// beat tells the other replicas that this one takes its share.
func (r *replica) beat(now time.Time) {
	if r.owning && now.Sub(r.beaten) >= beatEvery {
		r.beaten = now
		r.publish(subject.PresencePeers, "", &presencev1.Peer{Replica: r.name})
	}
}

func (r *replica) flush(now time.Time) {
	for _, m := range r.batches.Flush(now, r.fold) {
		r.metrics.told(m)
		r.publish(subject.PresenceOut(m.GetRoom()), "", m)
	}
}

// leave gives the rooms to the others at once.
func (r *replica) leave() {
	if r.owning {
		r.owning = false
		r.batches.Drop()
		r.publish(subject.PresencePeers, "", &presencev1.Peer{Replica: r.name, Leaving: true})
	}
}

// state is what others than the loop may know.
func (r *replica) state(real time.Time) *state {
	return &state{
		Size: r.fold.Size(), owning: r.owning, owned: r.batches.Owned(), replicas: r.peers.Live(),
		stuck: r.syncs.stuck(r.clock.now(real)), unsynced: slices.Clone(r.fold.Unsynced()),
	}
}
