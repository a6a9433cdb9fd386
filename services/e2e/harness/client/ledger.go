package client

// ledger says which seq each live room's next event must have.
type ledger map[string]*position

type position struct {
	next uint32
	// or is also right for the next event: where a view of a room that was
	// live already names another head. 0: none.
	or uint32
}

// ask keeps of a request what its answer is judged by.
func ask(kind string, body any) question {
	q := question{kind: kind, from: map[string]uint32{}}
	fields, _ := body.(M)
	q.room, _ = fields["room"].(string)
	switch kind {
	case "hello":
		rooms, _ := fields["resume"].([]M)
		for _, at := range rooms {
			q.from[at["room"].(string)] = at["seq"].(uint32)
		}
	case "watch":
		if seq, ok := fields["seq"].(uint32); ok {
			q.from[q.room] = seq
		}
	}
	return q
}

// follow keeps the ledger. It holds mu.
func (c *Client) follow(frame Frame) {
	switch {
	case frame.Welcome != nil:
		c.epoch = frame.Welcome.Epoch
		for _, view := range frame.Welcome.Rooms {
			c.enter(view, c.asked[frame.Re])
		}
	case frame.Room != nil:
		c.enter(*frame.Room, c.asked[frame.Re])
	case frame.Event != nil:
		c.event(frame.Event)
	case frame.Gone != nil:
		delete(c.rooms, frame.Gone.Room)
	case frame.OK != nil && c.asked[frame.Re].kind == "unwatch":
		delete(c.rooms, c.asked[frame.Re].room)
	}
}

func (c *Client) enter(view View, q question) {
	from, named := q.from[view.Room]
	before := c.rooms[view.Room]
	at := &position{next: view.Head + 1}
	c.rooms[view.Room] = at
	if before != nil {
		at.or = before.next
	}
	switch {
	case !named && view.Resume != "FRESH":
		c.fault("%s is %s without a position named", view.Room, view.Resume)
	case named && view.Resume == "FRESH":
		c.fault("%s is FRESH after a position was named", view.Room)
	case named && view.Resume == "COMPLETE":
		if from > view.Head {
			c.fault("%s is COMPLETE from %d, which is beyond its head %d", view.Room, from, view.Head)
		}
		*at = position{next: from + 1}
	}
}

func (c *Client) event(e *Event) {
	at := c.rooms[e.Room]
	if at == nil {
		c.fault("an event of %s came, which is not live: seq %d", e.Room, e.Seq)
		return
	}
	if e.Seq != at.next && (at.or == 0 || e.Seq != at.or) {
		c.fault("seq %d of %s came where %d should be", e.Seq, e.Room, at.next)
	}
	at.next, at.or = e.Seq+1, 0
}

// Positions are the live rooms and the last seq that came of each, as hello
// takes them.
func (c *Client) Positions() []M {
	c.mu.Lock()
	defer c.mu.Unlock()
	positions := []M{}
	for room, at := range c.rooms {
		positions = append(positions, M{"room": room, "seq": at.next - 1})
	}
	return positions
}

// Seq is the last seq that came of a room; 0 if it is not live.
func (c *Client) Seq(room string) uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := c.rooms[room]; at != nil {
		return at.next - 1
	}
	return 0
}

// Live tells whether events of the room may come.
func (c *Client) Live(room string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rooms[room] != nil
}

// Epoch of the last welcome.
func (c *Client) Epoch() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.epoch
}
