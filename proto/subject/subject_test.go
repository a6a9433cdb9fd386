package subject

import (
	"hash/fnv"
	"os"
	"strings"
	"testing"
)

// TestGolden holds every name against the list that is public: another
// client, a permission file or a dashboard relies on each of them.
func TestGolden(t *testing.T) {
	names := []struct{ what, name string }{
		{"command 3", Command(3)},
		{"admin 3", Admin(3)},
		{"ask 3", Ask(3)},
		{"history ask", HistoryAsk},
		{"audit gateway", Audit("gateway")},
		{"log 3", Log(3)},
		{"log stream 3", LogStream(3)},
		{"events lobby", Events("lobby")},
		{"heads 3", Heads(3)},
		{"marks lobby", Marks("lobby")},
		{"typing lobby", Typing("lobby")},
		{"signal lobby", Signal("lobby")},
		{"notices guest:ab", Notices("guest:ab")},
		{"notices ana@x.org", Notices("ana@x.org")},
		{"notices 安", Notices("安")},
		{"gateways", Gateways},
		{"gateway answer gw-1", GatewayAnswer("gw-1")},
		{"presence in gw-1", PresenceIn("gw-1")},
		{"presence sync gw-1", PresenceSync("gw-1")},
		{"presence peers", PresencePeers},
		{"presence out lobby", PresenceOut("lobby")},
		{"presence ask", PresenceAsk},
		{"storage info", StorageInfo},
		{"bucket owners", BucketOwners},
		{"bucket meta", BucketMeta},
		{"bucket revoked", BucketRevoked},
		{"all revoked", AllRevoked},
		{"revoked user guest:ab", RevokedUser("guest:ab")},
		{"bucket webhooks", BucketWebhooks},
		{"all webhooks", AllWebhooks},
		{"webhook x", Webhook("x")},
		{"webhook place x 3", WebhookPlace("x", 3)},
		{"webhook places 3", WebhookPlaces(3)},
		{"webhook room x 3 lobby", WebhookRoom("x", 3, "lobby")},
		{"webhook rooms x 3", WebhookRooms("x", 3)},
		{"all webhook rooms x", AllWebhookRooms("x")},
		{"webhook dead x 3 lobby 7", WebhookDead("x", 3, "lobby", 7)},
		{"webhook dead of x 3", WebhookDeadOf("x", 3)},
		{"all webhook dead x", AllWebhookDead("x")},
		{"webhook consumer x h1", WebhookConsumer("x", "h1")},
		{"owner replica h.1", OwnerReplica("h.1")},
		{"owner partition 3", OwnerPartition(3)},
		{"inbox gateway gw-1", Inbox("gateway", "gw-1")},
		{"inboxes gateway", Inboxes("gateway")},
		{"events >", Events(">")},
		{"events a.b", Events("a.b")},
		{"events empty", Events("")},
	}
	var got strings.Builder
	for _, n := range names {
		got.WriteString(n.what + " = " + n.name + "\n")
	}
	want, err := os.ReadFile("testdata/names.golden")
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("the names differ from testdata/names.golden; they are public, so change that file only on purpose\ngot:\n%s", got.String())
	}
}

func TestPartitionIsFNV1a(t *testing.T) {
	for _, room := range []string{"", "a", "lobby", "general", strings.Repeat("x", 64), "安"} {
		h := fnv.New32a()
		h.Write([]byte(room))
		for _, count := range []int{1, 2, 4, 64} {
			if got, want := Partition(room, count), int(h.Sum32()%uint32(count)); got != want {
				t.Errorf("Partition(%q, %d) = %d, want %d", room, count, got, want)
			}
		}
	}
}

func TestIDRefusesForeignTokens(t *testing.T) {
	for _, token := range []string{"", "=4", "=4g", "=ab", "=41", "a.b", "*", ">", "a=", "==", " "} {
		if id, err := ID(token); err == nil {
			t.Errorf("ID(%q) = %q, want an error", token, id)
		}
	}
}

// FuzzToken: whatever an id holds, it becomes one token that is no wildcard,
// and comes back unchanged.
func FuzzToken(f *testing.F) {
	for _, id := range []string{"", "lobby", ">", "*", "a.b", " ", "=", "=2E", "\r\n", "安", "\xff", strings.Repeat("x", 10000)} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		token := Token(id)
		if token == "" || strings.ContainsAny(token, ".*> \t\r\n\x00$") {
			t.Fatalf("Token(%q) = %q is not one token", id, token)
		}
		for i := range len(token) {
			if token[i] <= ' ' || token[i] > '~' {
				t.Fatalf("Token(%q) = %q holds byte %#x", id, token, token[i])
			}
		}
		back, err := ID(token)
		if err != nil || back != id {
			t.Fatalf("ID(Token(%q)) = %q, %v", id, back, err)
		}
		if got, err := Last(Events(id)); err != nil || got != id {
			t.Fatalf("Last(Events(%q)) = %q, %v", id, got, err)
		}
		if strings.Count(Events(id), ".") != 2 {
			t.Fatalf("Events(%q) = %q has another number of tokens", id, Events(id))
		}
	})
}

// FuzzID: a token that is accepted is the only one of its id.
func FuzzID(f *testing.F) {
	for _, token := range []string{"lobby", "=2E", "=", "==", "=2e", "a=20b"} {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		id, err := ID(token)
		if err == nil && Token(id) != token {
			t.Fatalf("ID(%q) = %q, whose token is %q", token, id, Token(id))
		}
	})
}
