package frame

import (
	"google.golang.org/protobuf/reflect/protoreflect"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

// jsonCodec speaks protobuf's canonical JSON. Its own decoder, and not
// protojson, since that one tells neither which field is at fault nor that an
// enum's name is unknown, and its spaces are random; a fuzz test holds the two
// together.
type jsonCodec struct {
	client, server *plan
}

// JSON is the codec of [ProtocolJSON].
func JSON() Codec {
	plans := planner{}
	return &jsonCodec{
		client: plans.of((*clientv1.ClientFrame)(nil).ProtoReflect().Descriptor()),
		server: plans.of((*clientv1.ServerFrame)(nil).ProtoReflect().Descriptor()),
	}
}

func (*jsonCodec) Text() bool  { return true }
func (*jsonCodec) Format() int { return formatJSON }

func (c *jsonCodec) Append(dst []byte, frame *clientv1.ServerFrame) []byte {
	switch body := frame.GetBody().(type) {
	case *clientv1.ServerFrame_Event_:
		if posted := body.Event.GetMessage(); posted != nil {
			return appendPosted(dst, frame.Re, body.Event, posted)
		}
	case *clientv1.ServerFrame_Ack_:
		return appendAck(dst, frame.Re, body.Ack)
	case *clientv1.ServerFrame_Page_:
		return appendPage(dst, frame.Re, body.Page)
	}
	return appendMessage(dst, c.server, frame.ProtoReflect())
}

func (c *jsonCodec) Decode(data []byte) (*clientv1.ClientFrame, *Fault) {
	d := decoder{scanner: scanner{data: data}}
	request := &clientv1.ClientFrame{}
	if d.peek() != '{' {
		d.expected("a JSON object")
	} else {
		d.frame(c.client, request)
		d.end()
	}
	if d.err != "" {
		d.fault = bad("", "the frame is not valid JSON: %s", d.err)
	}
	switch {
	case d.fault == nil && d.requests == 0:
		d.fault = bad("", "the frame holds no request that this server knows")
	case d.fault == nil && d.requests > 1:
		d.fault = bad("", "the frame holds %d requests; send one per frame", d.requests)
	}
	if d.fault != nil {
		d.fault.Re = request.GetId()
		return nil, d.fault
	}
	return request, nil
}

// decoder fills a message from JSON text. What is wrong with a value is kept
// in fault, and the text read on, so that an id that follows is still found.
type decoder struct {
	scanner
	fault    *Fault // the first one
	requests int
}

func (d *decoder) bad(field, format string, args ...any) {
	if d.fault == nil && d.err == "" {
		d.fault = bad(field, format, args...)
	}
}

// frame fills the frame itself; the fields below it are named in faults.
func (d *decoder) frame(p *plan, request *clientv1.ClientFrame) {
	m := request.ProtoReflect()
	var seen uint64
	d.open('{')
	for first := true; d.more('}', first); first = false {
		f := p.byName[string(d.key())]
		if f == nil {
			d.skip()
			continue
		}
		if d.again(&seen, f.index, f.name) || d.word("null") {
			continue
		}
		if f.message == nil {
			d.value(f, m, f.name)
			continue
		}
		d.requests++
		if d.peek() != '{' {
			d.bad(f.name, "%s is not an object", f.name)
			d.skip()
			continue
		}
		if f.name == "send" {
			d.send(request)
			continue
		}
		d.fields(f.message, m.Mutable(f.descriptor).Message(), "")
	}
}

// fields fills a message; name is the field to blame, empty for the one that
// is read.
func (d *decoder) fields(p *plan, m protoreflect.Message, name string) {
	var seen uint64
	d.open('{')
	for first := true; d.more('}', first); first = false {
		f := p.byName[string(d.key())]
		if f == nil {
			d.skip()
			continue
		}
		blame := name
		if blame == "" {
			blame = f.name
		}
		if d.again(&seen, f.index, blame) || d.word("null") {
			continue
		}
		if f.list {
			d.list(f, m.Mutable(f.descriptor).List(), blame)
			continue
		}
		d.value(f, m, blame)
	}
}

// again refuses a field that was there before in the same object, be it as null.
func (d *decoder) again(seen *uint64, index int, blame string) bool {
	if *seen&(1<<index) == 0 {
		*seen |= 1 << index
		return false
	}
	d.bad(blame, "%s is there twice", blame)
	d.skip()
	return true
}

func (d *decoder) list(f *field, list protoreflect.List, blame string) {
	if d.peek() != '[' {
		d.bad(blame, "%s is not a list", blame)
		d.skip()
		return
	}
	d.open('[')
	for first := true; d.more(']', first); first = false {
		if f.message == nil {
			if v := d.scalar(f, blame); v.IsValid() {
				list.Append(v)
			}
			continue
		}
		if d.peek() != '{' {
			d.bad(blame, "%s holds something that is not an object", blame)
			d.skip()
			continue
		}
		element := list.NewElement()
		d.fields(f.message, element.Message(), blame)
		list.Append(element)
	}
}

func (d *decoder) value(f *field, m protoreflect.Message, blame string) {
	if v := d.scalar(f, blame); v.IsValid() {
		m.Set(f.descriptor, v)
	}
}
