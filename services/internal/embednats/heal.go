package embednats

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	// healEvery is how often a full disk is looked at.
	healEvery = time.Second
	// healPause is the least time between two starts.
	healPause = 10 * time.Second
	// roomNeeded is what has to fit again, in bytes: a block of a log's file.
	roomNeeded = 8 << 20
)

// heal starts the server anew when a full disk has room again, until ctx ends. By
// itself it would go on refusing: its files keep what went wrong once, and
// forget it with the server alone (the field werr of its file store).
func (s *Server) heal(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.notes.full:
		}
		s.log.Warn("the disk is full; the embedded NATS server is started anew once there is room", "needed_bytes", roomNeeded, "dir", s.cfg.DataDir)
		for !s.tryAgain() {
			if !pause(ctx, healEvery) {
				return
			}
		}
		if !pause(ctx, healPause) {
			return
		}
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// tryAgain tells whether the server was started anew.
func (s *Server) tryAgain() bool {
	if err := s.hasRoom(); err != nil {
		if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) {
			s.log.Warn("the disk was full, and takes nothing yet", "error", err)
		}
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

// hasRoom asks how much is free, and then writes as much as has to fit, since
// what a file system tells is not what it gives to everybody. It does not write
// into the last room that others may still use.
func (s *Server) hasRoom() error {
	if free, err := freeBytes(filepath.Join(s.cfg.DataDir, "jetstream")); err != nil || free < roomNeeded {
		return cmp.Or(err, error(syscall.ENOSPC))
	}
	path := probe(s.cfg.DataDir)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, roomNeeded))
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(path))
}

func probe(dir string) string { return filepath.Join(dir, "room") }
