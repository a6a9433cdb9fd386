package e2e_test

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/natstest"
)

const (
	// allowHooks lets webhooks go to this machine.
	allowHooks = "NATTER_WEBHOOK_ALLOW=127.0.0.0/8"
	// hookPatience is how long what a receiver missed may take: the backoff's
	// longest pause of such a time, and a slow machine.
	hookPatience = 4 * time.Minute
	// hangUp ends connections without an answer.
	hangUp = -1
)

// hookDown is how long a receiver is down: NATTER_E2E_HOOK_DOWN, a few seconds
// if it is not set.
func hookDown(t *testing.T) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(cmp.Or(os.Getenv("NATTER_E2E_HOOK_DOWN"), "10s"))
	if err != nil {
		t.Fatalf("NATTER_E2E_HOOK_DOWN: %v", err)
	}
	return d
}

// hookReceiver takes a webhook's deliveries. It knows of natter what its
// documentation says.
type hookReceiver struct {
	url, secret string

	mu     sync.Mutex
	status int           // what to answer, or hangUp
	slow   time.Duration // before it answers
	asked  int
	first  map[string][]uint32 // by room, each seq where it came first
	texts  map[string]string   // of the messages, by room and seq
	wrong  []string
}

func newHookReceiver(t *testing.T) *hookReceiver {
	r := &hookReceiver{status: http.StatusOK, first: map[string][]uint32{}, texts: map[string]string{}}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

// signed verifies a signature by the documented rule.
func signed(secret, header string, body []byte) bool {
	time, signatures, _ := strings.Cut(strings.TrimPrefix(header, "t="), ",")
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(time + "." + string(body)))
	return slices.Contains(strings.Split(signatures, ","), "v1="+hex.EncodeToString(mac.Sum(nil)))
}

func (r *hookReceiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	var d struct {
		Room           string
		After, Through uint32
		Events         []struct {
			Room    string
			Seq     uint32
			Message *struct{ Text string }
		}
	}
	if err == nil {
		err = json.Unmarshal(body, &d)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	if err != nil || !signed(r.secret, q.Header.Get("Natter-Signature"), body) {
		r.wrong = append(r.wrong, q.Header.Get("Natter-Signature")+" "+string(body))
	}
	if r.slow > 0 {
		r.mu.Unlock()
		<-time.After(r.slow)
		r.mu.Lock()
	}
	if r.status == hangUp {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(r.status)
	if r.status != http.StatusOK {
		return
	}
	for _, e := range d.Events {
		if !slices.Contains(r.first[e.Room], e.Seq) {
			r.first[e.Room] = append(r.first[e.Room], e.Seq)
		}
		if e.Message != nil {
			r.texts[e.Room+"/"+e.Message.Text] = e.Message.Text
		}
	}
}

func (r *hookReceiver) set(status int, slow time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status, r.slow = status, slow
}

// complete tells whether all of a room has come, seq 1 to head.
func (r *hookReceiver) complete(room string, head uint32) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.first[room]) == int(head)
}

// check holds that a room's events came first in order, and all well signed.
func (r *hookReceiver) check(t *testing.T, room string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.IsSorted(r.first[room]) {
		t.Errorf("of %s came %v, which is out of order", room, r.first[room])
	}
	if len(r.wrong) > 0 {
		t.Errorf("%d deliveries are not well signed: %s", len(r.wrong), r.wrong[0])
	}
}

// hook makes a webhook with natterctl, and gives its id.
func (r *hookReceiver) hook(t *testing.T, d *shape.Deployment, rooms ...string) string {
	t.Helper()
	args := []string{"webhook", "create", r.url, "-o", "json"}
	for _, room := range rooms {
		args = append(args, "--room", room)
	}
	out := mustNatterctl(t, d, args...)
	var made struct {
		Webhook struct{ ID string }
		Secret  string
	}
	if err := json.NewDecoder(strings.NewReader(out)).Decode(&made); err != nil || made.Secret == "" {
		t.Fatalf("natterctl webhook create prints %s: %v", out, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secret = made.Secret
	return made.Webhook.ID
}

// TestAWebhookOutlivesItsReceiver: one that is down for a minute, and then
// slow, gets every event, in order per room and signed; the operator sees it.
func TestAWebhookOutlivesItsReceiver(t *testing.T) {
	for _, s := range shape.All() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			d := alone(t, s, append(withoutLimits(), allowHooks)...)
			to := newHookReceiver(t)
			id := to.hook(t, d, "*")
			if out := mustNatterctl(t, d, "webhook", "test", id); !strings.Contains(out, "yes") {
				t.Errorf("natterctl webhook test says %s", out)
			}
			to.set(hangUp, 0)
			ana := enter(t, d, 0, "ana")
			heads := map[string]uint32{}
			down := time.After(hookDown(t))
			for _, room := range []string{"one", "two", "three"} {
				heads[ana.create(room, nil).Room] = 0
			}
			for isDown := true; isDown; {
				for room := range heads {
					heads[room] = ana.send(room, "while it is down").Seq
				}
				select {
				case <-down:
					isDown = false
				case <-time.After(time.Second):
				}
			}
			to.set(http.StatusBadGateway, 0) // what is before it is up again
			natstest.Eventually(t, hookPatience, "natterctl webhook get says why nothing is delivered", func() bool {
				return strings.Contains(mustNatterctl(t, d, "webhook", "get", id), "the receiver answered 502")
			})
			to.set(http.StatusOK, 200*time.Millisecond)
			for room := range heads {
				for range 20 {
					heads[room] = ana.send(room, "after that").Seq
				}
			}
			for room, head := range heads {
				natstest.Eventually(t, hookPatience, "all of "+room+" is delivered", func() bool { return to.complete(room, head) })
				to.check(t, room)
			}
			natstest.Eventually(t, recovery, "nothing waits", func() bool {
				out := mustNatterctl(t, d, "webhook", "get", id)
				return strings.Contains(out, "rooms waiting   0") && strings.Contains(out, "dead letters    0")
			})
			if out := mustNatterctl(t, d, "webhook", "list"); !strings.Contains(out, id) || strings.Contains(out, to.secret) {
				t.Errorf("natterctl webhook list says %s", out)
			}
			for _, name := range []string{"natter", "history"} {
				if p := d.Process(name); p != nil && strings.Contains(p.Tail(100_000), to.secret) {
					t.Errorf("the log of %s holds the secret", name)
				}
			}
			mustNatterctl(t, d, "webhook", "delete", id, "--yes")
			if out, err := natterctl(t, d, "webhook", "get", id); err == nil {
				t.Errorf("a deleted webhook is %s", out)
			}
		})
	}
}

// TestAWebhookOutlivesItsServer: history is killed in the middle of
// deliveries, again and again; every event comes, first in order.
func TestAWebhookOutlivesItsServer(t *testing.T) {
	t.Parallel()
	d := alone(t, shape.Split(), append(withoutLimits(), allowHooks)...)
	to := newHookReceiver(t)
	to.set(http.StatusOK, 50*time.Millisecond)
	to.hook(t, d, "room-*", "other")
	ana := enter(t, d, 0, "ana")
	rooms := []string{"room-a", "room-b", "other"}
	heads := map[string]uint32{}
	for _, room := range rooms {
		ana.create(room, nil)
	}
	for range 3 {
		for range 30 {
			for _, room := range rooms {
				heads[room] = ana.send(room, "text").Seq
			}
		}
		history := d.Process("history")
		if err := history.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := history.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, room := range rooms {
		natstest.Eventually(t, hookPatience, "all of "+room+" is delivered", func() bool { return to.complete(room, heads[room]) })
		to.check(t, room)
	}
}

// TestAWebhookIsRefusedWhatIsPrivate: without NATTER_WEBHOOK_ALLOW nothing of
// this machine is reached, and the refusal says why.
func TestAWebhookIsRefusedWhatIsPrivate(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		to := newHookReceiver(t)
		for url, says := range map[string]string{
			to.url: "use https", "https://127.0.0.1/": "refused", "https://[::1]/": "refused", "https://10.1.2.3/x": "refused",
			"https://ana:pass@example.com/": "no user", "ftp://example.com/": "https", "https://": "no URL",
		} {
			out, err := natterctl(t, d, "webhook", "create", url, "--room", "*")
			if err == nil || !strings.Contains(out, "BAD_REQUEST (url)") || !strings.Contains(out, says) {
				t.Errorf("%s: %v, %s", url, err, out)
			}
		}
		// A name is looked up when it is dialled.
		made, err := operator(t, d).Webhooks.Create(t.Context(), &historyv1.WebhooksCreateRequest{Url: "https://localhost" + to.url[strings.LastIndexByte(to.url, ':'):], Rooms: []string{"no-such-room"}})
		if err != nil {
			t.Fatal(err)
		}
		id := made.GetWebhook().GetId()
		if out, err := natterctl(t, d, "webhook", "test", id); err == nil || !strings.Contains(out, "this address is refused") {
			t.Errorf("a test of a name that leads here: %v, %s", err, out)
		}
		mustNatterctl(t, d, "webhook", "delete", id, "--yes")
	})
}
