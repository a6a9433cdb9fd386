package gateway

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// refusalTime is how long a refused handshake may take to be told so.
const refusalTime = 10 * time.Second

// handshakeWriter answers one handshake of the porch's: its connection is taken
// over, or it is refused and the connection ends. Its buffers serve the next one.
type handshakeWriter struct {
	conn     net.Conn
	in       *bufio.Reader
	out      *bufio.Writer
	header   http.Header
	status   int
	body     bytes.Buffer
	hijacked bool
}

// handshakes lends writers.
type handshakes struct{ pool sync.Pool }

func (hs *handshakes) take(conn net.Conn) *handshakeWriter {
	w, ok := hs.pool.Get().(*handshakeWriter)
	if !ok {
		w = &handshakeWriter{in: bufio.NewReaderSize(nil, porchBuffer), out: bufio.NewWriterSize(nil, porchBuffer)}
	}
	w.in.Reset(conn)
	w.out.Reset(conn)
	w.conn = conn
	return w
}

func (hs *handshakes) free(w *handshakeWriter) {
	w.in.Reset(nil)
	w.out.Reset(nil)
	w.body.Reset()
	w.conn, w.header, w.status, w.hijacked = nil, nil, 0, false
	hs.pool.Put(w)
}

// Header implements http.ResponseWriter.
func (w *handshakeWriter) Header() http.Header {
	if w.header == nil {
		w.header = http.Header{}
	}
	return w.header
}

// WriteHeader implements http.ResponseWriter.
func (w *handshakeWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

// Write implements http.ResponseWriter.
func (w *handshakeWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// Hijack implements http.Hijacker. What it returns beside the connection must
// not be kept.
func (w *handshakeWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.hijacked = true
	return w.conn, bufio.NewReadWriter(w.in, w.out), nil
}

// finish sends what the handler answered in place of a WebSocket, and ends the
// connection.
func (w *handshakeWriter) finish() {
	defer w.conn.Close()
	w.WriteHeader(http.StatusOK)
	h := w.Header()
	h.Set("Content-Length", strconv.Itoa(w.body.Len()))
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	h.Add("Connection", "close")
	_ = w.conn.SetDeadline(time.Now().Add(refusalTime))
	_, _ = w.out.WriteString("HTTP/1.1 " + strconv.Itoa(w.status) + " " + http.StatusText(w.status) + "\r\n")
	_ = h.Write(w.out)
	_, _ = w.out.WriteString("\r\n")
	_, _ = w.body.WriteTo(w.out)
	_ = w.out.Flush() // whoever is gone is not told
}
