package embednats

import (
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/natter-chat/natter/services/internal/natsx"
)

// TestHeal: after a full disk the server is started anew, at the same address
// and with what it holds, and clients come back by themselves.
func TestHeal(t *testing.T) {
	s, err := Start(Config{DataDir: t.TempDir(), Listen: "127.0.0.1:0", SyncAlways: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Shutdown()
	nc, err := s.Connect(t.Context(), natsx.History, "i")
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "CHAT_LOG_0", Subjects: []string{"chat.log.0"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "chat.log.0", []byte("x")); err != nil {
		t.Fatal(err)
	}
	url, again := s.URL(), nc.StatusChanged(nats.CONNECTED)
	s.notes.Errorf("JetStream failed to store a msg on stream '%s > %s': write x.blk: no space left on device", "CHAT", "CHAT_LOG_0")
	select {
	case <-again:
	case <-time.After(time.Minute):
		t.Fatal("the client did not come back")
	}
	if got := s.URL(); got != url {
		t.Errorf("the address was %s and is %s", url, got)
	}
	ack, err := js.Publish(t.Context(), "chat.log.0", []byte("y"))
	if err != nil || ack.Sequence != 2 {
		t.Errorf("the next record got %v (%v)", ack, err)
	}
	s.notes.Errorf("Filestore [CHAT_LOG_0] disk quota exceeded")
	s.Shutdown() // while another start is due
}

// TestStrangersSayNothingOfTheDisk: the server's log quotes what they send.
func TestStrangersSayNothingOfTheDisk(t *testing.T) {
	s, err := Start(Config{DataDir: t.TempDir(), Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Shutdown()
	s.endHealing() // or it might take the word before it is seen here
	s.healing.Wait()
	stranger, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	if _, err := io.WriteString(stranger, "Cno space left on device\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := stranger.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(stranger); err != nil {
		if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
			t.Fatal("the server did not let go")
		}
	}
	if len(s.notes.full) != 0 {
		t.Error("a stranger had the server started anew")
	}
}
