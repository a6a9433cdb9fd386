package presence

import (
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/presence/fold"
	"github.com/natter-chat/natter/services/presence/peers"
)

// maxAsked bounds the users of one question.
const maxAsked = 1000

// maxHeld bounds the questions that wait until a replica knows everybody.
const maxHeld = 4096

// outlet publishes a message, with a subject to reply to or none. It does not
// wait.
type outlet func(subject, reply string, m proto.Message)

// link says whether NATS is connected, and how often it was connected again.
type link func() (connected bool, reconnects uint64)

// replica is the state of one presence replica. Only its loop touches it, and who
// holds the loop's lock.
type replica struct {
	name    string
	publish outlet
	link    link
	metrics *metrics
	clock   clock
	fold    *fold.Fold
	batches *fold.Batches
	peers   *peers.Peers
	said    map[string][]string // by replica: what keeps it from being ready
	syncs   *syncs
	// owning: everybody is known, and the replica has its share of the rooms.
	owning     bool
	learning   time.Time // since when, while not owning
	reconnects uint64
	beaten     time.Time
	beats      uint64 // since it owns
	held       []question
	// empty are rooms of which this replica said, since it knows these others,
	// that nobody is in them.
	empty map[string]bool
	seen  *seenBook
	late  *lateness
}

// question is a PresenceAsk, and where to answer.
type question struct {
	*presencev1.PresenceAsk
	reply string
	// respond answers one that came from within the process; nil: it came by NATS.
	respond func(data []byte)
	came    time.Time // zero: another replica took it
}

func newReplica(name string, cfg Config, real time.Time, publish outlet, link link, syncs *syncs, archive archive, m *metrics) *replica {
	r := &replica{
		name: name, publish: publish, link: link, metrics: m, syncs: syncs,
		clock: clock{last: real}, batches: fold.NewBatches(name), peers: peers.New(name), said: map[string][]string{},
		seen: newSeenBook(cfg.LastSeen, archive), late: &lateness{}, empty: map[string]bool{},
	}
	r.fold = fold.New(fold.Config{Lease: cfg.Lease, Grace: cfg.Grace, Ended: cfg.EndedGrace}, r.touched)
	r.fold.OnGone(r.seen.gone)
	r.batches.OnSeen(r.seen.told)
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

// minds says whether this replica, of all, speaks of the user. The space keeps
// users and rooms of the same name apart.
func (r *replica) minds(user string) bool { return r.owns(" " + user) }

// learn gives up all rooms: who was deaf, or has just begun, must hear first
// who is there.
func (r *replica) learn(now time.Time) {
	r.owning, r.learning = false, now
	r.batches.Drop()
	r.peers.Forget()
}

// hear folds a gateway's message.
func (r *replica) hear(real time.Time, m *presencev1.FromGateway) {
	r.seen.real = real
	r.fold.Hear(r.clock.now(real), m)
}

// hearPeer takes another replica's word, or a question that reached it
// although this replica owns the room.
func (r *replica) hearPeer(real time.Time, m *presencev1.Peer, reply string) {
	if m.Ask == nil {
		r.said[m.GetReplica()] = m.GetNotReady()
	}
	switch {
	case m.Ask != nil:
		if r.owns(m.GetAsk()) && reply != "" {
			r.answer(question{reply: reply, PresenceAsk: &presencev1.PresenceAsk{
				Room: m.GetAsk(), Gateway: m.GetGateway(), Users: m.GetUsers(),
			}})
		}
	case r.peers.Hear(r.clock.now(real), m.GetReplica(), m.GetLeaving()) && r.owning:
		lost := r.batches.Own(r.fold, r.owns)
		if m.GetBeat() > newBeats {
			r.disown(slices.AppendSeq(lost, maps.Keys(r.empty)))
		}
		clear(r.empty)
	}
}

// newBeats is how many beats a replica may have said before another that lives
// hears of it.
const newBeats = 3

// disown has gateways ask for rooms that two replicas told at the same time,
// since they did not hear each other: what came last may be from the one that
// gives them up.
func (r *replica) disown(rooms []string) {
	for _, room := range rooms {
		if r.owns(room) {
			continue
		}
		r.publish(subject.PresenceOut(room), "", &presencev1.RoomChanges{Room: room})
	}
}

// ask answers a question, sends it on to the room's owner, or keeps it until
// that one is known.
func (r *replica) ask(q question) {
	switch {
	case !r.owning && len(r.held) < maxHeld:
		r.held = append(r.held, q)
	case !r.owning:
	case q.GetUser() != "":
		r.tell(q, r.fold.Status(q.GetUser()))
		r.metrics.answered(q)
	case r.owns(q.GetRoom()):
		r.answer(q)
	default:
		r.publish(subject.PresencePeers, q.reply, &presencev1.Peer{
			Replica: r.name, Ask: &q.Room, Gateway: q.GetGateway(), Users: q.GetUsers(),
		})
	}
}

// tell answers a question about a user.
func (r *replica) tell(q question, s *presencev1.UserStatus) {
	if q.respond == nil {
		r.publish(q.reply, "", s)
		return
	}
	if data, err := proto.Marshal(s); err == nil {
		q.respond(data)
	}
}

// answer tells the whole of a room of its own.
func (r *replica) answer(q question) {
	users := q.GetUsers()[:min(len(q.GetUsers()), maxAsked)]
	if q.GetGateway() != "" {
		r.batches.Want(q.GetRoom(), q.GetGateway(), users)
	}
	if !r.fold.Has(q.GetRoom()) && len(r.empty) < maxHeld {
		r.empty[q.GetRoom()] = true
	}
	whole := r.batches.Whole(r.fold, q.GetRoom(), users...)
	r.seen.complete(whole.GetChanges(), func() {
		r.publish(q.reply, "", whole)
		r.metrics.answered(q)
	})
}

// synced folds what a gateway answered.
func (r *replica) synced(real time.Time, s synced) {
	now := r.clock.now(real)
	r.seen.real = real
	if r.syncs.ended(now, s) {
		r.fold.Synced(now, s.gateway, s.whole)
	}
}

// tick lets time pass, and tells what changed. It is called once per window.
func (r *replica) tick(real time.Time) {
	connected, reconnects := r.link()
	r.seen.real = real
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
	if live := r.peers.Names(); len(r.said) > len(live) {
		maps.DeleteFunc(r.said, func(name string, _ []string) bool { return !slices.Contains(live, name) })
	}
	unsynced := r.fold.Unsynced()
	r.syncs.begin(now, unsynced)
	if !r.owning && r.learned(now, unsynced) {
		r.take(now)
	}
	r.beat(now)
	r.flush(now)
	r.late.tend(now, r)
	r.seen.tend(real, r.minds)
}

// learned says whether the replica knows all it can.
func (r *replica) learned(now time.Time, unsynced []string) bool {
	heard := now.Sub(r.learning)
	return heard >= learnTime && len(unsynced) == 0 || heard >= learnAtMost
}

// take makes the replica's share of the rooms its own.
func (r *replica) take(now time.Time) {
	r.owning = true
	r.beaten, r.beats = time.Time{}, 0
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
	if r.owning && now.Sub(r.beaten) >= peerBeatEvery {
		r.beaten = now
		r.beats++
		r.publish(subject.PresencePeers, "", &presencev1.Peer{Replica: r.name, Beat: r.beats, NotReady: r.amiss(now)})
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
		r.seen.last(r.minds)
		r.owning = false
		r.batches.Drop()
		r.publish(subject.PresencePeers, "", &presencev1.Peer{Replica: r.name, Leaving: true})
	}
}

// amiss is what keeps a replica that takes its share from being ready.
func (r *replica) amiss(now time.Time) []string {
	if err := (&state{owning: r.owning, stuck: r.syncs.stuck(now)}).failing(); err != nil {
		return []string{"presence: " + err.Error()}
	}
	return nil
}

// others is how the other replicas that live say they are, by id.
func (r *replica) others() (all []*presencev1.ReplicaStatus) {
	for _, name := range r.peers.Names() {
		if name != r.name {
			all = append(all, &presencev1.ReplicaStatus{Replica: name, NotReady: r.said[name]})
		}
	}
	return all
}

// state is what others than the loop may know.
func (r *replica) state(real time.Time) *state {
	return &state{
		others: r.others(),
		Size:   r.fold.Size(), owning: r.owning, owned: r.batches.Owned(), replicas: r.peers.Live(),
		stuck: r.syncs.stuck(r.clock.now(real)), unsynced: slices.Clone(r.fold.Unsynced()),
	}
}
