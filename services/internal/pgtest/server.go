//go:build unix

package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const startWithin = time.Minute

// Server is one PostgreSQL server. Its methods are not for concurrent use,
// except Database.
type Server struct {
	programs  string
	dir       string
	as        *syscall.Credential
	settings  []string
	databases atomic.Int64

	cmd   *exec.Cmd // nil while stopped
	ended chan error
}

// New makes a server and starts it, with settings as in postgresql.conf
// ("fsync=on"). Without others, it does not sync: what a crash of the machine
// would do to it is not what tests are about.
func New(settings ...string) (*Server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	as, err := account()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pgtest")
	if err != nil {
		return nil, err
	}
	s := &Server{programs: bin, dir: dir, as: as, settings: append([]string{"fsync=off", "full_page_writes=off"}, settings...)}
	if as != nil {
		err = os.Chown(dir, int(as.Uid), int(as.Gid))
	}
	if err == nil {
		err = s.run("initdb", "-D", s.data(), "-U", "natter", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	}
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// run runs one of PostgreSQL's programs to its end.
func (s *Server) run(name string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(s.programs, name), args...)
	cmd.Dir, cmd.SysProcAttr = s.dir, attributes(s.as)
	// It ends with the thread that started it: see keep.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("pgtest: %s: %w: %s", name, err, out)
	}
	return nil
}

// Start starts the server again, and returns when it takes connections.
func (s *Server) Start() error {
	args := []string{"-D", s.data(), "-k", s.dir, "-c", "listen_addresses=", "-c", "max_connections=200"}
	for _, setting := range s.settings {
		args = append(args, "-c", setting)
	}
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	defer log.Close() // the server has it
	s.cmd = exec.Command(filepath.Join(s.programs, "postgres"), args...)
	s.cmd.Dir, s.cmd.SysProcAttr, s.cmd.Stderr, s.cmd.WaitDelay = s.dir, attributes(s.as), log, time.Second
	started, ended := make(chan error, 1), make(chan error, 1)
	s.ended = ended
	go keep(s.cmd, started, ended)
	if err := <-started; err != nil {
		s.cmd = nil
		return fmt.Errorf("pgtest: %w", err)
	}
	deadline := time.Now().Add(startWithin)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for s.run("pg_isready", "-q", "-h", s.dir) != nil {
		select {
		case err := <-ended:
			s.cmd = nil
			return fmt.Errorf("pgtest: postgres ended: %w: %s", err, s.Log())
		case <-tick.C:
		}
		if time.Now().After(deadline) {
			return errors.Join(fmt.Errorf("pgtest: postgres does not answer within %s", startWithin), s.Kill())
		}
	}
	return nil
}

// keep starts a program and waits for its end, all on one thread: a program that
// dies with its parent dies with the thread that started it, and Go ends threads
// as it likes.
func keep(cmd *exec.Cmd, started, ended chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := cmd.Start()
	started <- err
	if err == nil {
		ended <- cmd.Wait()
	}
}

// Dir is where all of the server's files are.
func (s *Server) Dir() string { return s.data() }

func (s *Server) logFile() string { return filepath.Join(s.dir, "log") }

// Log is what the server has said since New.
func (s *Server) Log() string {
	said, err := os.ReadFile(s.logFile())
	if err != nil {
		return err.Error()
	}
	return string(said)
}

// Stop ends the server in order; connections are cut. It can be started again.
func (s *Server) Stop() error { return s.end(syscall.SIGINT) }

// Kill ends the server as a crash does: nothing under way is finished.
func (s *Server) Kill() error { return s.end(syscall.SIGQUIT) }

func (s *Server) end(signal syscall.Signal) error {
	if s.cmd == nil {
		return nil
	}
	if err := s.cmd.Process.Signal(signal); err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	err := <-s.ended
	s.cmd = nil
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil
	}
	return err
}

// Database makes an empty database, and returns its URL.
func (s *Server) Database() (string, error) {
	name := fmt.Sprintf("test%d", s.databases.Add(1))
	if err := s.run("createdb", "-h", s.dir, "-U", "natter", name); err != nil {
		return "", err
	}
	return s.URL(name), nil
}

// URL is where a database is.
func (s *Server) URL(database string) string {
	return "postgres://natter@/" + database + "?host=" + url.QueryEscape(s.dir)
}

// Run has psql run SQL in a database given by its URL.
func (s *Server) Run(database, sql string) error {
	return s.run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql)
}

// Copy makes a database that is another one's exact copy, as a backup is, and
// returns its URL. Nobody may be connected to the other one.
func (s *Server) Copy(database string) (string, error) {
	u, err := url.Parse(database)
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("copy%d", s.databases.Add(1))
	if err := s.run("createdb", "-h", s.dir, "-U", "natter", "-T", strings.TrimPrefix(u.Path, "/"), name); err != nil {
		return "", err
	}
	return s.URL(name), nil
}

// Close ends the server, and removes all that it kept.
func (s *Server) Close() error {
	return errors.Join(s.Kill(), os.RemoveAll(s.dir))
}
