package gateway

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// TestStuckMessage: a client whose message goes on and on, a byte at a time,
// lives, but is let go.
func TestStuckMessage(t *testing.T) {
	r := start(t, func(c *Config) { c.PingInterval, c.PongTimeout = 500*time.Millisecond, 300*time.Millisecond })
	conn, err := net.Dial("tcp", r.listen(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	hello := appendClient(nil, 0x81, mustJSON(object{"id": 1, "hello": object{"token": tokenOf(t, "ana", time.Hour)}}))
	if _, err := conn.Write([]byte(handshakeHead + "\r\n")); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	if response, err := http.ReadResponse(in, nil); err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(response, err)
	}
	if _, err := conn.Write(append(hello, 0x81, 0x80|126, 0xff, 0xff, 0, 0, 0, 0)); err != nil {
		t.Fatal(err)
	}
	began, code := time.Now(), make(chan int, 1)
	go func() { code <- closeCode(in) }()
	drip := time.NewTicker(50 * time.Millisecond)
	defer drip.Stop()
	for {
		select {
		case got := <-code:
			if got != closeNoPong || time.Since(began) < time.Second {
				t.Errorf("closed with %d after %s", got, time.Since(began))
			}
			return
		case <-drip.C:
			_, _ = conn.Write([]byte(" "))
		}
	}
}

// closeCode reads frames up to a close frame, and gives its code; 0: none came.
func closeCode(in *bufio.Reader) int {
	for {
		head := make([]byte, 2)
		if _, err := io.ReadFull(in, head); err != nil {
			return 0
		}
		size := int(head[1])
		if size == 126 {
			wide := make([]byte, 2)
			if _, err := io.ReadFull(in, wide); err != nil {
				return 0
			}
			size = int(binary.BigEndian.Uint16(wide))
		}
		payload := make([]byte, size)
		if _, err := io.ReadFull(in, payload); err != nil {
			return 0
		}
		if head[0] == 0x88 && size >= 2 {
			return int(binary.BigEndian.Uint16(payload))
		}
	}
}
