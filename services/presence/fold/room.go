package fold

import "slices"

// room is one with any session in it.
type room struct {
	id string
	// users says through how many sessions a user is in it.
	users map[*user]int
	// online counts the users that others see.
	online int
}

func (r *room) count(before, now Presence) {
	if before.Visible() {
		r.online--
	}
	if now.Visible() {
		r.online++
	}
}

func (f *Fold) room(id string) *room {
	r := f.rooms[id]
	if r == nil {
		r = &room{id: id, users: make(map[*user]int)}
		f.rooms[id] = r
	}
	return r
}

// seat puts a user into a room through one more session.
func (f *Fold) seat(u *user, r *room) {
	r.users[u]++
	if r.users[u] > 1 {
		return
	}
	u.rooms = append(u.rooms, r)
	r.count(Presence{}, u.shown)
	f.touched(r.id, u.id, Presence{})
}

// unseat takes one session of the user out of the room. A room without a
// session is forgotten.
func (f *Fold) unseat(u *user, r *room) {
	r.users[u]--
	if r.users[u] > 0 {
		return
	}
	delete(r.users, u)
	i := slices.Index(u.rooms, r)
	u.rooms = slices.Delete(u.rooms, i, i+1)
	r.count(u.shown, Presence{})
	if len(r.users) == 0 {
		delete(f.rooms, r.id)
	}
	f.touched(r.id, u.id, u.shown)
}
