package viewer

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/natter-chat/natter/services/e2e/chaos/checker"
	"github.com/natter-chat/natter/services/e2e/chaos/history"
)

// drawing is what the page draws.
type drawing struct {
	Title string `json:"title"`
	// End of the time, in milliseconds.
	End    float64 `json:"end"`
	Quiet  float64 `json:"quiet"`
	Rows   []*row  `json:"rows"`
	Faults []*band `json:"faults"`
	Found  []note  `json:"found"`
}

// row is one room on one device, or (with no room) the device's connections.
type row struct {
	Device string  `json:"device"`
	User   string  `json:"user"`
	Room   string  `json:"room"`
	Bands  []*band `json:"bands"`
	Marks  []mark  `json:"marks"`
}

// band is something that lasts, in milliseconds.
type band struct {
	From float64 `json:"from"`
	To   float64 `json:"to"`
	Name string  `json:"name"`
}

// mark is something that happened: e an event, a an ack, r a refusal, x a fault.
type mark struct {
	At   float64 `json:"at"`
	Kind string  `json:"kind"`
	Seq  uint32  `json:"seq"`
	Text string  `json:"text"`
}

// note is what the checker found.
type note struct {
	At   float64 `json:"at"`
	User string  `json:"user"`
	Room string  `json:"room"`
	Text string  `json:"text"`
}

// painter makes the drawing, entry by entry.
type painter struct {
	drawing
	rows   map[[2]string]*row
	conns  map[int]*row // by connection, the device's
	open   map[int]*band
	faults map[int]*band
}

func picture(entries []history.Entry, found []checker.Violation) *drawing {
	p := &painter{rows: map[[2]string]*row{}, conns: map[int]*row{}, open: map[int]*band{}, faults: map[int]*band{}}
	for _, e := range entries {
		p.take(e)
	}
	for _, b := range p.open {
		b.To = p.End
	}
	for _, b := range p.Faults {
		if b.To == 0 {
			b.To = p.End
		}
	}
	for _, v := range found {
		p.Found = append(p.Found, note{float64(v.At) / 1000, v.User, v.Room, v.String()})
	}
	slices.SortFunc(p.Rows, func(a, b *row) int { return cmp.Or(cmp.Compare(a.Device, b.Device), cmp.Compare(a.Room, b.Room)) })
	return &p.drawing
}

func (p *painter) take(e history.Entry) {
	at := float64(e.At) / 1000
	p.End = max(p.End, at)
	switch e.Kind {
	case history.Began:
		p.Title = fmt.Sprintf("%s, %s", e.Name, e.Text)
	case history.Opened:
		r := p.row(e.User, e.Device, "")
		b := &band{From: at, Name: fmt.Sprintf("connection %d", e.Conn)}
		r.Bands = append(r.Bands, b)
		p.conns[e.Conn], p.open[e.Conn] = r, b
	case history.Closed:
		if b := p.open[e.Conn]; b != nil {
			b.To, b.Name = at, b.Name+": "+e.Text
			delete(p.open, e.Conn)
		}
	case history.Got:
		p.got(e, at)
	case history.Fault:
		b := &band{From: at, Name: fmt.Sprintf("%d: %s", e.Fault, e.Name)}
		p.Faults, p.faults[e.Fault] = append(p.Faults, b), b
	case history.Healed:
		if b := p.faults[e.Fault]; b != nil {
			b.To = at
		}
	case history.Quiet:
		p.Quiet = at
	case history.Broke:
		if r := p.conns[e.Conn]; r != nil {
			r.Marks = append(r.Marks, mark{At: at, Kind: "x", Text: e.Text})
		}
	}
}

func (p *painter) row(user, device, room string) *row {
	key := [2]string{device, room}
	if p.rows[key] == nil {
		p.rows[key] = &row{User: user, Device: device, Room: room, Bands: []*band{}, Marks: []mark{}}
		p.Rows = append(p.Rows, p.rows[key])
	}
	return p.rows[key]
}

func (p *painter) got(e history.Entry, at float64) {
	device := p.conns[e.Conn]
	var f history.Frame
	if device == nil || json.Unmarshal(e.Frame, &f) != nil {
		return
	}
	room := func(id string) *row { return p.row(device.User, device.Device, id) }
	switch {
	case f.Event != nil:
		r := room(f.Event.Room)
		r.Marks = append(r.Marks, mark{at, "e", f.Event.Seq, f.Event.Kind() + " by " + f.Event.User})
	case f.Ack != nil:
		r := room(f.Ack.Room)
		r.Marks = append(r.Marks, mark{at, "a", f.Ack.Seq, "ack " + f.Ack.Durability})
	case f.Error != nil:
		device.Marks = append(device.Marks, mark{at, "r", 0, f.Error.Code + ": " + f.Error.Message})
	}
}
