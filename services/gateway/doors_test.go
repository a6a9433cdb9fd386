package gateway

import (
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/gateway/frame"
)

// TestWhereARequestComesFrom: X-Forwarded-For is believed from listed proxies
// alone, from the right, up to the first hop that is not one.
func TestWhereARequestComesFrom(t *testing.T) {
	trusting := addresses{trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}}
	for name, tt := range map[string]struct {
		remote    string
		forwarded []string
		want      string
	}{
		"no proxy":                    {"203.0.113.9:1", nil, "203.0.113.9"},
		"a stranger says":             {"203.0.113.9:1", []string{"198.51.100.1"}, "203.0.113.9"},
		"a proxy says nothing":        {"10.0.0.1:1", nil, "10.0.0.1"},
		"a proxy says":                {"10.0.0.1:1", []string{"198.51.100.1"}, "198.51.100.1"},
		"made up before it":           {"10.0.0.1:1", []string{"1.1.1.1, 198.51.100.1"}, "198.51.100.1"},
		"two proxies":                 {"10.0.0.1:1", []string{"1.1.1.1, 198.51.100.1, 10.9.9.9"}, "198.51.100.1"},
		"proxies alone":               {"10.0.0.1:1", []string{"10.0.0.2, 10.0.0.3"}, "10.0.0.2"},
		"several headers":             {"10.0.0.1:1", []string{"1.1.1.1", "198.51.100.1", "10.0.0.2"}, "198.51.100.1"},
		"with a port":                 {"10.0.0.1:1", []string{"198.51.100.1:4711"}, "198.51.100.1"},
		"no spaces, many":             {"10.0.0.1:1", []string{"1.1.1.1,  198.51.100.1 ,10.0.0.2"}, "198.51.100.1"},
		"no address":                  {"10.0.0.1:1", []string{"unknown"}, "10.0.0.1"},
		"no address, then a proxy":    {"10.0.0.1:1", []string{"198.51.100.1, _hidden, 10.0.0.2"}, "10.0.0.2"},
		"empty":                       {"10.0.0.1:1", []string{""}, "10.0.0.1"},
		"an empty hop":                {"10.0.0.1:1", []string{"198.51.100.1,,"}, "10.0.0.1"},
		"a number":                    {"10.0.0.1:1", []string{"3232235777"}, "10.0.0.1"},
		"octal":                       {"10.0.0.1:1", []string{"0300.0250.1.1"}, "10.0.0.1"},
		"a line break":                {"10.0.0.1:1", []string{"198.51.100.1\r\nX: y"}, "10.0.0.1"},
		"IPv6":                        {"[fd00::1]:1", []string{"2001:db8::1"}, "2001:db8::1"},
		"IPv6 with a port":            {"[fd00::1]:1", []string{"[2001:db8::1]:4711"}, "2001:db8::1"},
		"IPv6 with a zone":            {"[fd00::1]:1", []string{"fe80::1%eth0"}, "fe80::1"},
		"a zone, made up":             {"[fd00::1]:1", []string{"2001:db8::1%" + "x9"}, "2001:db8::1"},
		"a proxy with a zone":         {"[fd00::1%eth0]:1", []string{"2001:db8::1"}, "2001:db8::1"},
		"IPv4 as IPv6":                {"[::ffff:10.0.0.1]:1", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		"a proxy forwards as IPv6":    {"10.0.0.1:1", []string{"198.51.100.1, ::ffff:10.0.0.2"}, "198.51.100.1"},
		"long":                        {"10.0.0.1:1", []string{fmt.Sprintf("%05000d, 198.51.100.1", 1)}, "198.51.100.1"},
		"the header of another proxy": {"10.0.0.1:1", nil, "10.0.0.1"},
	} {
		r := &http.Request{RemoteAddr: tt.remote, Header: http.Header{"X-Forwarded-For": tt.forwarded, "X-Real-Ip": {"1.1.1.1"}, "Forwarded": {"for=1.1.1.1"}}}
		if got := trusting.of(r); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
		if got, direct := (addresses{}).of(r), (&http.Request{RemoteAddr: tt.remote}); got != (addresses{}).of(direct) {
			t.Errorf("%s: without trusted proxies it is %s", name, got)
		}
	}
}

func TestHouseholds(t *testing.T) {
	for address, want := range map[string]string{
		"203.0.113.9": "203.0.113.9", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "2001:db8:1:2::": "2001:db8:1:2::/64", "2001:db8:1:3::1": "2001:db8:1:3::/64", "nonsense": "nonsense",
	} {
		if got := household(address); got != want {
			t.Errorf("%s is of %s, want %s", address, got, want)
		}
	}
}

// TestConnectionsOfAnAddress: as many as are allowed at once, and again when
// one has ended, however it ended.
func TestConnectionsOfAnAddress(t *testing.T) {
	r := start(t, func(c *Config) {
		c.TrustedProxies, c.AddressConnections = []string{"127.0.0.0/8"}, 2
	})
	dial := func(address string) (*websocket.Conn, *http.Response, error) {
		return (&websocket.Dialer{Subprotocols: []string{frame.ProtocolJSON}}).Dial(
			"ws"+r.http.URL[len("http"):]+"/v1/ws", http.Header{"X-Forwarded-For": {address}})
	}
	var conns []*websocket.Conn
	for _, address := range []string{"2001:db8::1", "2001:db8::2"} { // of one network
		conn, _, err := dial(address)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	_, reply, err := dial("2001:db8::3")
	if err == nil || reply.StatusCode != http.StatusTooManyRequests || reply.Header.Get("Retry-After") == "" {
		t.Errorf("the third: %v, %v", reply, err)
	}
	neighbour, _, err := dial("2001:db8:0:1::1")
	if err != nil {
		t.Errorf("a neighbour: %v", err)
	} else {
		conns = append(conns, neighbour)
	}
	if reply := r.handshake(t, "2001:db8:0:1::1"); reply.StatusCode != http.StatusSwitchingProtocols {
		t.Errorf("without a subprotocol: %v", reply.Status)
	}
	for _, conn := range conns {
		_ = conn.Close()
	}
	eventually(t, "there is room again", func() bool {
		conn, _, err := dial("2001:db8::3")
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

func TestHandshakesOfAnAddress(t *testing.T) {
	r := start(t, func(c *Config) {
		c.TrustedProxies, c.AddressPerSecond, c.AddressBurst = []string{"127.0.0.0/8"}, 1, 3
	})
	refused := false
	for range 10 {
		reply := r.handshake(t, "203.0.113.7")
		if reply.StatusCode == http.StatusTooManyRequests {
			wait, err := strconv.Atoi(reply.Header.Get("Retry-After"))
			refused = err == nil && wait >= 1
		}
	}
	if !refused {
		t.Error("ten handshakes at once are let in, where three may be")
	}
	if reply := r.handshake(t, "203.0.113.8"); reply.StatusCode != http.StatusSwitchingProtocols {
		t.Errorf("a neighbour: %v", reply.Status)
	}
}

func TestHandshakesOfAll(t *testing.T) {
	r := start(t, func(c *Config) {
		c.TrustedProxies, c.HandshakesPerSecond, c.HandshakesBurst = []string{"127.0.0.0/8"}, 1, 3
	})
	refused := 0
	for i := range 10 { // each from elsewhere
		if reply := r.handshake(t, fmt.Sprintf("203.0.113.%d", i)); reply.StatusCode == http.StatusServiceUnavailable && reply.Header.Get("Retry-After") != "" {
			refused++
		}
	}
	if refused < 5 {
		t.Errorf("%d of ten handshakes at once are refused, where three may be", refused)
	}
	eventually(t, "one is let in later", func() bool { return r.handshake(t, "203.0.113.99").StatusCode == http.StatusSwitchingProtocols })
}

// TestManyAddresses: an attack from any number of them takes bounded memory.
func TestManyAddresses(t *testing.T) {
	d := newDoors(Config{AddressPerSecond: 1, AddressBurst: 1, AddressConnections: 1})
	now := time.Now()
	for i := range 5 * visitorsKept {
		home := household(netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, byte(i >> 16), byte(i >> 8), byte(i)}).String())
		if c := d.enter(home, now); c != nil {
			t.Fatalf("address %d: %v", i, c)
		}
		if c := d.enter(home, now); c == nil {
			t.Fatalf("address %d comes twice at once", i)
		}
		d.leave(home)
		if n := len(d.visitors.byAddress); n > visitorsKept {
			t.Fatalf("%d addresses are remembered, want at most %d", n, visitorsKept)
		}
	}
	if len(d.open) != 0 {
		t.Errorf("%d addresses without connections are remembered", len(d.open))
	}
}

// TestNoDoors: 0 is no limit.
func TestNoDoors(t *testing.T) {
	d, now := newDoors(Config{}), time.Now()
	for range 10_000 {
		if c := d.enter("203.0.113.7", now); c != nil {
			t.Fatal(c)
		}
	}
	if len(d.open) != 0 || len(d.visitors.byAddress) != 0 {
		t.Error("something is kept, for nothing")
	}
}

// TestLimitsOfAUser: several tabs together have what the user may, not each.
func TestLimitsOfAUser(t *testing.T) {
	r := start(t, func(c *Config) {
		c.SendsPerSecond, c.SendsBurst, c.RequestsPerSecond, c.RequestsBurst, c.UserRates = 1, 4, 1, 4, 2
	})
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	_, welcome := r.hello(t, "bo")
	limits := welcome["limits"].(object)
	for name, want := range map[string]float64{
		"sendsPerSecond": 1, "sendsBurst": 4, "userSendsPerSecond": 2, "userSendsBurst": 8,
		"requestsPerSecond": 1, "requestsBurst": 4, "userRequestsPerSecond": 2, "userRequestsBurst": 8, "typingIntervalMs": 2000, "readIntervalMs": 1000,
	} {
		if limits[name] != want {
			t.Errorf("limits say %s %v, want %v", name, limits[name], want)
		}
	}
	count := func(name string, ask func(tab, n int) (string, object)) {
		t.Helper()
		done, refused := 0, 0
		began := time.Now()
		for n := range 4 {
			for tab := range 5 {
				answer, reply := ask(tab, n)
				switch {
				case answer != "error":
					done++
				case reply["code"] != "RATE_LIMITED" || reply["retryAfterMs"].(float64) < 1:
					t.Errorf("%s: %v", name, reply)
				default:
					refused++
				}
			}
		}
		if most := 8 + 2*(int(time.Since(began).Seconds())+1); done < 8 || done > most || refused == 0 {
			t.Errorf("five tabs: %d of %s are done and %d refused, want 8 to %d", done, name, refused, most)
		}
	}
	var tabs []*client
	for range 5 {
		tab, _ := r.hello(t, "ana")
		tabs = append(tabs, tab)
	}
	count("sends", func(tab, n int) (string, object) {
		return tabs[tab].call("send", object{"room": "lobby", "clientMsgId": fmt.Sprint("m-", tab, "-", n), "text": "x"})
	})
	count("requests", func(tab, _ int) (string, object) { return tabs[tab].call("ping", object{}) })
	other, _ := r.hello(t, "cy")
	other.must("pong", "ping", object{})
}

// TestPingFlood: pings of the WebSocket count as requests, and who goes on is
// let go.
func TestPingFlood(t *testing.T) {
	r := start(t, func(c *Config) { c.RequestsPerSecond, c.RequestsBurst = 1, 5 })
	c, _ := r.hello(t, "ana")
	go func() {
		for range refusalsBurst + 1000 {
			if c.conn.WriteControl(websocket.PingMessage, []byte("x"), time.Now().Add(patience)) != nil {
				return
			}
		}
	}()
	c.ends(closeFlood)
}
