package fold

// maxWanted is how many users one gateway may want to hear of in a room.
const maxWanted = 1000

// Want notes of whom a gateway wants to hear in a room that this replica owns,
// where only counts are told otherwise: instead of those that it wanted before.
func (b *Batches) Want(room, gateway string, users []string) {
	r := b.rooms[room]
	if r == nil {
		return
	}
	if r.wanted == nil {
		r.wanted = make(map[string][]string)
	}
	r.wanted[gateway] = users[:min(len(users), maxWanted)]
}

// wantedBy are those of whom any living gateway wants to hear.
func (r *batch) wantedBy(f *Fold) map[string]bool {
	all := make(map[string]bool)
	for gateway, users := range r.wanted {
		if !f.Alive(gateway) {
			delete(r.wanted, gateway)
			continue
		}
		for _, user := range users {
			all[user] = true
		}
	}
	return all
}
