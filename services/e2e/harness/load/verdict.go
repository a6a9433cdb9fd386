package load

import (
	"errors"
	"fmt"
	"slices"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// Verdict holds every promise that was made to the crowd against what is
// stored: each acked message is there, once, where its ack said, and each sender's
// in order; every observer saw exactly that. To be called after Finish. log gives a
// room's events, 1 to at least head.
func (c *Crowd) Verdict(log func(room string, head uint32) ([]*chatv1.Event, error)) error {
	var errs []error
	for _, room := range c.rooms() {
		events, err := log(room, c.last(room))
		if err != nil {
			return err
		}
		stored, twice := map[uint32]string{}, map[string]uint32{}
		for _, e := range events {
			if e.GetMessage() == nil {
				continue
			}
			id := e.GetClientMsgId()
			if first, there := twice[id]; there {
				errs = append(errs, fmt.Errorf("%s is stored twice, at %d and %d", id, first, e.GetSeq()))
			}
			twice[id], stored[e.GetSeq()] = e.GetSeq(), id
		}
		errs = append(errs, c.promises(room, stored), c.sights(room, stored))
	}
	return errors.Join(errs...)
}

func (c *Crowd) promises(room string, stored map[uint32]string) error {
	var errs []error
	sent := 0
	for _, s := range c.Senders {
		if s.Room != room {
			continue
		}
		before := uint32(0)
		for _, shot := range s.Shots {
			sent++
			if stored[shot.Ack.Seq] != shot.ID {
				errs = append(errs, fmt.Errorf("%s was acked with seq %d, where %q is stored", shot.ID, shot.Ack.Seq, stored[shot.Ack.Seq]))
			}
			if shot.Ack.Seq <= before && !s.Unordered {
				errs = append(errs, fmt.Errorf("%s has seq %d, and the one sent before it %d", shot.ID, shot.Ack.Seq, before))
			}
			before = shot.Ack.Seq
		}
	}
	if sent != len(stored) {
		errs = append(errs, fmt.Errorf("%d messages are in %s, %d were sent and acked", len(stored), room, sent))
	}
	return errors.Join(errs...)
}

func (c *Crowd) sights(room string, stored map[uint32]string) error {
	var errs []error
	for i, o := range c.Observers {
		if o.Room != room {
			continue
		}
		seen := o.Seen()
		if len(seen) != len(stored) {
			errs = append(errs, fmt.Errorf("observer %d saw %d messages of %d in %s", i, len(seen), len(stored), room))
		}
		for seq, id := range stored {
			if seen[seq] != id {
				return errors.Join(append(errs, fmt.Errorf("observer %d saw %q at seq %d of %s, where %q is stored", i, seen[seq], seq, room, id))...)
			}
		}
	}
	return errors.Join(errs...)
}

func (c *Crowd) rooms() []string {
	var rooms []string
	for _, s := range c.Senders {
		if !slices.Contains(rooms, s.Room) {
			rooms = append(rooms, s.Room)
		}
	}
	return rooms
}

// Refused: somebody was told UNAVAILABLE. To be read after Finish.
func (c *Crowd) Refused() bool {
	return slices.ContainsFunc(c.Senders, func(s *Sender) bool { return s.Unordered })
}

// Silences are those of all senders that began between two moments. To be called
// after Finish.
func (c *Crowd) Silences(from, to time.Time) []Silence {
	var all []Silence
	for _, s := range c.Senders {
		for _, silence := range s.Silences {
			if !silence.From.Before(from) && silence.From.Before(to) {
				all = append(all, silence)
			}
		}
	}
	return all
}

// Waits are the longest time without any ack, and the longest from a message to
// its ack, of what was under way between two moments. To be called after Finish.
func (c *Crowd) Waits(from, to time.Time) (silence, longest time.Duration) {
	acks := []time.Time{from}
	for _, s := range c.Senders {
		for _, shot := range s.Shots {
			if shot.AckedAt.Before(from) || shot.First.After(to) {
				continue
			}
			longest = max(longest, shot.AckedAt.Sub(shot.First))
			acks = append(acks, shot.AckedAt)
		}
	}
	slices.SortFunc(acks, time.Time.Compare)
	for i := 1; i < len(acks); i++ {
		silence = max(silence, acks[i].Sub(acks[i-1]))
	}
	return silence, longest
}
