package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// addedAtOnce is how many members one request takes.
const addedAtOnce = 100

// crowd is everybody, and the rooms that they are in.
type crowd struct {
	people []*person
	rooms  []*room
}

func newCrowd(id string, users, rooms int) *crowd {
	c := &crowd{}
	for i := range rooms {
		c.rooms = append(c.rooms, &room{id: fmt.Sprintf("bench-%s-%d", id, i), sent: map[string]*message{}})
	}
	for i := range users {
		p := &person{user: fmt.Sprintf("bench-%s-user-%d", id, i), room: c.rooms[i%rooms]}
		p.room.people = append(p.room.people, p)
		c.people = append(c.people, p)
	}
	return c
}

// settle makes the rooms and their members.
func (c *crowd) settle(ctx context.Context, client *command.Client) error {
	for _, r := range c.rooms {
		var users []string
		for _, p := range r.people {
			users = append(users, p.user)
		}
		if _, err := client.Rooms.Create(ctx, &historyv1.CreateRequest{Room: r.id, Name: r.id, Kind: chatv1.RoomKind_PRIVATE, Topic: "natterctl bench"}); err != nil {
			return err
		}
		r.made = true
		for len(users) > 0 {
			n := min(addedAtOnce, len(users))
			added, err := client.Rooms.AddMembers(ctx, &historyv1.AddMembersRequest{Room: r.id, Users: users[:n]})
			if err != nil {
				return err
			}
			for _, m := range added.GetMembers() {
				if m.GetRefusal() != nil {
					return fmt.Errorf("%s is not let into %s: %s", m.GetUser(), r.id, m.GetRefusal().GetMessage())
				}
			}
			users = users[n:]
		}
	}
	return nil
}

// leave deletes the rooms that were made.
func (c *crowd) leave(ctx context.Context, client *command.Client) error {
	var errs []error
	for _, r := range c.rooms {
		if r.made {
			_, err := client.Rooms.Delete(ctx, &historyv1.DeleteRequest{Room: r.id})
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (c *crowd) close() {
	for _, p := range c.people {
		p.close()
	}
}

// wait gives what is on its way a time to come.
func (c *crowd) wait(ctx context.Context, most time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		open := false
		for _, r := range c.rooms {
			open = open || r.open()
		}
		if !open {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
