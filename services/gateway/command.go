package gateway

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/direct"
)

const (
	attemptTimeout  = 2 * time.Second
	commandDeadline = 15 * time.Second
	backoffLeast    = 50 * time.Millisecond
	backoffMost     = time.Second
	// scanEvery is how often commands under way are looked through for those
	// whose answer is late.
	scanEvery = 25 * time.Millisecond
)

// answered is told a command's outcome, once, in a worker or in a goroutine of
// the scan; it must not wait. A nil reply means that none came in time: the
// outcome is unknown.
type answered func(reply *chatv1.CommandReply, d *dirty)

// command is one Command under way to the owner of its room.
type command struct {
	message  *chatv1.Command
	header   nats.Header // of each attempt; mostly nil
	subject  string
	answered answered
	began    time.Time
	deadline time.Time
	attempts int
	waiting  bool      // for an answer; else for the next attempt
	until    time.Time // and until then
}

// commands are those whose answers come to one worker. Each is sent with the
// same id again and again until the owner answers it or its deadline is over;
// no goroutine and no timer belongs to a single one.
type commands struct {
	nc       *nats.Conn
	exchange *direct.Exchange // nil: all goes by NATS
	worker   *worker
	metrics  *metrics

	mu       sync.Mutex
	last     uint64
	underWay map[uint64]*command
	scan     *time.Timer // runs while there are any
}

func newCommands(nc *nats.Conn, x *direct.Exchange, w *worker, m *metrics) *commands {
	c := &commands{nc: nc, exchange: x, worker: w, metrics: m, underWay: map[uint64]*command{}}
	c.scan = time.AfterFunc(time.Hour, c.late)
	c.scan.Stop()
	return c
}

// submit sends a command, which was asked for at a time before, to the owner of
// a partition, under a header. answered is called once, at most commandDeadline after that time.
func (c *commands) submit(message *chatv1.Command, header nats.Header, asked time.Time, partition int, tell answered) {
	now, deadline := time.Now(), asked.Add(commandDeadline)
	message.DeadlineMs = deadline.UnixMilli()
	cmd := &command{
		message: message, header: header, subject: subject.Command(partition), answered: tell,
		began: now, deadline: deadline,
	}
	data := cmd.attempt(now)
	c.mu.Lock()
	c.last++
	token := c.last
	c.underWay[token] = cmd
	if len(c.underWay) == 1 {
		c.scan.Reset(scanEvery)
	}
	c.mu.Unlock()
	c.send(cmd, token, data)
}

// attempt prepares the next one.
func (cmd *command) attempt(now time.Time) []byte {
	cmd.attempts++
	if cmd.attempts > 1 {
		for _, send := range cmd.message.GetSends().GetSends() {
			send.Attempt = max(2, send.GetAttempt()+1)
		}
	}
	cmd.waiting, cmd.until = true, now.Add(attemptTimeout)
	data, err := proto.Marshal(cmd.message)
	if err != nil { // only for strings that are not UTF-8, which the frame's rules keep out
		return nil
	}
	return data
}

// send makes an attempt: within the process, if the owner is there, else by
// NATS. Nothing is sent while there is no connection: what is buffered then
// would only come late, and many times.
func (c *commands) send(cmd *command, token uint64, data []byte) {
	inbox := c.worker.inbox + strconv.FormatUint(token, 36)
	respond := func(reply []byte) {
		c.worker.offer(func(d *dirty) { c.answer(token, &nats.Msg{Data: reply}, d) })
	}
	if c.nc.IsConnected() { // without NATS the owner stores nothing either
		if c.exchange.Ask(cmd.subject, direct.Request{Header: cmd.header, Data: data, Respond: respond}) || c.publish(cmd, inbox, data) == nil {
			return
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if cmd := c.underWay[token]; cmd != nil {
		cmd.backOff(time.Now())
	}
}

func (c *commands) publish(cmd *command, reply string, data []byte) error {
	if cmd.header == nil {
		return c.nc.PublishRequest(cmd.subject, reply, data)
	}
	return c.nc.PublishMsg(&nats.Msg{Subject: cmd.subject, Reply: reply, Header: cmd.header, Data: data})
}

// reply takes what a worker received below the inbox.
func (c *commands) reply(token string, msg *nats.Msg, d *dirty) {
	if n, err := strconv.ParseUint(token, 36, 64); err == nil {
		c.answer(n, msg, d)
	}
}

// answer takes an answer to the command under a token.
func (c *commands) answer(token uint64, msg *nats.Msg, d *dirty) {
	reply := &chatv1.CommandReply{}
	failed := len(msg.Data) == 0 && msg.Header.Get("Status") != "" // no responders
	if !failed {
		failed = proto.Unmarshal(msg.Data, reply) != nil || reply.GetRefusal().GetCode() == chatv1.ErrorCode_UNAVAILABLE
	}
	c.mu.Lock()
	cmd := c.underWay[token]
	if cmd != nil && failed {
		if cmd.waiting {
			cmd.backOff(time.Now())
		}
		c.mu.Unlock()
		return
	}
	delete(c.underWay, token)
	c.mu.Unlock()
	if cmd == nil { // an earlier attempt was answered
		return
	}
	c.metrics.commands.Observe(time.Since(cmd.began).Seconds())
	cmd.answered(reply, d)
}

// backOff waits before the next attempt: half of a growing bound at least, so
// that an election is not flooded, and the rest at random.
func (cmd *command) backOff(now time.Time) {
	bound := min(backoffMost, backoffLeast<<min(cmd.attempts, 10))
	cmd.waiting, cmd.until = false, now.Add(bound/2+rand.N(bound/2))
}

// late looks through the commands under way.
func (c *commands) late() {
	now := time.Now()
	type again struct {
		token uint64
		cmd   *command
		data  []byte
	}
	var retries []again
	var over []*command
	c.mu.Lock()
	for token, cmd := range c.underWay {
		switch {
		case now.After(cmd.deadline):
			delete(c.underWay, token)
			over = append(over, cmd)
		case now.Before(cmd.until):
		case cmd.waiting:
			cmd.backOff(now)
		default:
			retries = append(retries, again{token, cmd, cmd.attempt(now)})
		}
	}
	if len(c.underWay) > 0 {
		c.scan.Reset(scanEvery)
	}
	c.mu.Unlock()
	for _, r := range retries {
		c.metrics.retries.Inc()
		c.send(r.cmd, r.token, r.data)
	}
	var d dirty
	for _, cmd := range over {
		cmd.answered(nil, &d)
	}
	d.flush()
}
