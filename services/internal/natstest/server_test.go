package natstest_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// TestRestart: a test may take the server away and give it back; what was
// stored is there, and connections come back by themselves.
func TestRestart(t *testing.T) {
	for name, opts := range map[string][]natstest.Option{"in process": nil, "over TCP": {natstest.Listening()}} {
		t.Run(name, func(t *testing.T) {
			s := natstest.Start(t, opts...)
			nc := s.Connect(t, natsx.Operator)
			js, err := jetstream.New(nc)
			if err != nil {
				t.Fatal(err)
			}
			stream, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s"}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := js.Publish(t.Context(), "s", []byte("kept")); err != nil {
				t.Fatal(err)
			}
			url := s.URL()
			s.Stop()
			natstest.Eventually(t, 5*time.Second, "the connection is lost", func() bool { return !nc.IsConnected() })
			s.Restart(t)
			natstest.Eventually(t, 10*time.Second, "connected again", nc.IsConnected)
			if s.URL() != url {
				t.Errorf("the server moved from %s to %s", url, s.URL())
			}
			if msg, err := stream.GetMsg(t.Context(), 1); err != nil || string(msg.Data) != "kept" {
				t.Errorf("after the restart: %v", err)
			}
		})
	}
}

func TestInDir(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		s := natstest.Start(t, natstest.InDir(dir))
		s.Connect(t, natsx.History)
		s.Stop()
	}
}
