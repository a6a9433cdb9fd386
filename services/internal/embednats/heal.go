package embednats

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"
)

const (
	// healEvery is how often a full disk is looked at.
	healEvery = time.Second
	// roomNeeded is what has to fit again, in bytes: a block of a log's file.
	roomNeeded = 8 << 20
)

// heal starts the server anew when a full disk has room again, until ctx ends. By
// itself it would go on refusing: its files keep what went wrong once, and
// forget it with the server alone (the field werr of its file store).
func (s *Server) heal(ctx context.Context) {
	tick := time.NewTicker(healEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.notes.full:
		}
		for !s.tryAgain() {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}
}

// tryAgain tells whether the server was started anew.
func (s *Server) tryAgain() bool {
	if hasRoom(s.cfg.DataDir) != nil {
		return false
	}
	s.log.Warn("the disk was full and has room again: starting the embedded NATS server anew")
	s.end()
	select {
	case <-s.notes.full: // of the server that has ended
	default:
	}
	if err := s.launch(); err != nil {
		s.log.Error("the embedded NATS server does not start again, trying on", "error", err)
		return false
	}
	return true
}

// hasRoom writes as much as has to fit, since what a file system tells of free
// room is not what it gives to everybody.
func hasRoom(dir string) error {
	path := filepath.Join(dir, "room")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, roomNeeded))
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(path))
}
