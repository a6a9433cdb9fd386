package history

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/history/webhook"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/ops"
)

// delivered is the body of a delivery, as a receiver reads it that knows
// nothing of natter's Go code.
type delivered struct {
	Webhook, Delivery, Room string
	Attempt, After, Through uint32
	Epoch                   string
	Events                  []struct {
		Room    string
		Seq     uint32
		User    string
		Message *struct{ Text string }
		Deleted *struct{ Seq uint32 }
		Erased  *struct{ Seqs []uint32 }
	}
}

// receiver takes deliveries over HTTP, and keeps what it took.
type receiver struct {
	t   testing.TB
	url string
	// answer says what to answer; 0: 200. It is called before a delivery counts.
	answer func(d delivered, w http.ResponseWriter) int

	mu      sync.Mutex
	secrets []string
	all     []delivered // that were answered with 200
	asked   int
	first   map[string][]uint32 // seqs by room, each where it came first
}

func newReceiver(t testing.TB) *receiver {
	r := &receiver{t: t, first: map[string][]uint32{}}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.url = server.URL + "/hook?token=quetzal"
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return // it was cut off
	}
	var d delivered
	if err := json.Unmarshal(body, &d); err != nil {
		r.t.Errorf("the body %s: %v", body, err)
	}
	r.mu.Lock()
	r.asked++
	answer := r.answer
	for _, secret := range r.secrets {
		if err := webhook.Verify(secret, q.Header.Get(webhook.HeaderSignature), body, time.Now()); err != nil {
			r.t.Errorf("the signature %q: %v", q.Header.Get(webhook.HeaderSignature), err)
		}
	}
	r.mu.Unlock()
	if q.Header.Get(webhook.HeaderDelivery) != d.Delivery || q.Header.Get(webhook.HeaderWebhook) != d.Webhook || q.Header.Get("Content-Type") != "application/json" {
		r.t.Errorf("the headers %v of %s", q.Header, body)
	}
	status := 0
	if answer != nil {
		status = answer(d, w)
	}
	if status != 0 && status != http.StatusOK {
		w.WriteHeader(status)
		return
	}
	r.take(d)
}

func (r *receiver) take(d delivered) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, d)
	for _, e := range d.Events {
		if e.Room != d.Room || e.Seq <= d.After || e.Seq > d.Through {
			r.t.Errorf("a delivery of %s (%d, %d] holds seq %d of %s", d.Room, d.After, d.Through, e.Seq, e.Room)
		}
		if !slices.Contains(r.first[e.Room], e.Seq) {
			r.first[e.Room] = append(r.first[e.Room], e.Seq)
		}
	}
}

// set changes how the receiver answers.
func (r *receiver) set(answer func(d delivered, w http.ResponseWriter) int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

func (r *receiver) attempts() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked
}

func (r *receiver) seqs(room string) []uint32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.first[room])
}

func (r *receiver) deliveries() []delivered {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.all)
}

// has waits until all events of a room from a seq on have come, and fails
// unless they came in order.
func (r *receiver) has(room string, from, to uint32) {
	r.t.Helper()
	natstest.Eventually(r.t, 2*time.Minute, "all events are delivered", func() bool {
		seqs := r.seqs(room)
		return len(seqs) > 0 && slices.Max(seqs) >= to && len(seqs) >= int(to-from+1)
	})
	for i, seq := range r.seqs(room) {
		if seq != from+uint32(i) {
			r.t.Fatalf("of %s came %v, which is not %d to %d in order", room, r.seqs(room), from, to)
		}
	}
}

// readySoon is ready on a machine that is busy.
func (r *running) readySoon() {
	r.t.Helper()
	natstest.Eventually(r.t, 2*time.Minute, "history is ready", func() bool {
		return !slices.ContainsFunc(r.Checks(), func(c ops.Check) bool { return c.Ready() != nil })
	})
}

// hooked is a configuration by which deliveries to this machine are allowed.
func hooked(dir string) Config {
	cfg := testConfig(dir)
	cfg.WebhookAllow, cfg.WebhookRetryFor = []string{"127.0.0.0/8"}, time.Hour
	return cfg
}

// quick has failed deliveries tried again soon.
func quick(s *Service) {
	s.webhooks.policy.Backoff = webhook.Backoff{Base: 20 * time.Millisecond, Most: 200 * time.Millisecond, Asked: time.Second}
}

func (r *running) webhooks() historyv1.WebhooksClient {
	return historyv1.NewWebhooksClient(r.grpc(usersAdminToken))
}

// hook makes a webhook of some rooms.
func (r *running) hook(to *receiver, rooms ...string) string {
	r.t.Helper()
	made, err := r.webhooks().Create(r.t.Context(), &historyv1.WebhooksCreateRequest{Url: to.url, Rooms: rooms})
	if err != nil {
		r.t.Fatal(err)
	}
	to.mu.Lock()
	defer to.mu.Unlock()
	to.secrets = []string{made.GetSecret()}
	return made.GetWebhook().GetId()
}
