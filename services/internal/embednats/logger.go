package embednats

import (
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"syscall"
)

// logger is the server's way into slog. What the server finds worth a notice
// is a detail here.
type logger struct {
	log    *slog.Logger
	reason atomic.Pointer[string] // of the first fatal error
	full   chan struct{}          // has something once the disk was full
}

func newLogger(log *slog.Logger) *logger { return &logger{log: log, full: make(chan struct{}, 1)} }

func (l *logger) Noticef(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l *logger) Debugf(format string, v ...any)  { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l *logger) Tracef(format string, v ...any)  { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l *logger) Warnf(format string, v ...any)   { l.log.Warn(fmt.Sprintf(format, v...)) }

// Errorf also looks for a full disk, of which the server tells in no other way.
func (l *logger) Errorf(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	l.log.Error(text)
	if ofFullDisk(text) {
		select {
		case l.full <- struct{}{}:
		default:
		}
	}
}

// ofFullDisk takes the word of the store alone: what is said of a connection
// begins with its address, and may have in it what a stranger sent.
func ofFullDisk(text string) bool {
	if !strings.HasPrefix(text, "JetStream failed to store a msg on stream ") && !strings.HasPrefix(text, "Filestore [") {
		return false
	}
	return strings.Contains(text, syscall.ENOSPC.Error()) || strings.Contains(text, syscall.EDQUOT.Error())
}

func (l *logger) Fatalf(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	l.log.Error(text)
	l.reason.CompareAndSwap(nil, &text)
}

// fatal is the first fatal error, or empty.
func (l *logger) fatal() string {
	if reason := l.reason.Load(); reason != nil {
		return *reason
	}
	return ""
}
