package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"google.golang.org/grpc"
)

// drainTime is how long a server's calls under way may still take.
const drainTime = 5 * time.Second

// HTTP is a task that serves h on l. All times are bounded: 10 s for a
// request's head, 1 min for the whole request, 2 min for its answer (a
// profile takes half a minute) and for an idle connection; connections that h
// took over, such as WebSockets, are h's to bound and to close. At the end
// requests under way get 5 s.
func HTTP(l net.Listener, h http.Handler, log *slog.Logger) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		server := &http.Server{
			Handler:           h,
			ReadHeaderTimeout: 10 * time.Second,
			ReadTimeout:       time.Minute,
			WriteTimeout:      2 * time.Minute,
			IdleTimeout:       2 * time.Minute,
			MaxHeaderBytes:    32 << 10,
			ErrorLog:          slog.NewLogLogger(log.With("component", "http").Handler(), slog.LevelWarn),
		}
		return serve(ctx, func() error { return server.Serve(l) }, func() error { return stopHTTP(server) })
	}
}

func stopHTTP(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	return err
}

// GRPC is a task that serves s on l. At the end calls under way get 5 s; then
// they are cut.
func GRPC(l net.Listener, s *grpc.Server) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		return serve(ctx, func() error { return s.Serve(l) }, func() error { return stopGRPC(s) })
	}
}

func stopGRPC(s *grpc.Server) error {
	hard := time.AfterFunc(drainTime, s.Stop)
	defer hard.Stop()
	s.GracefulStop()
	return nil
}

// serve serves until ctx ends, then stops and waits for both.
func serve(ctx context.Context, serve, stop func() error) error {
	served := make(chan error, 1)
	go func() { served <- serve() }()
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	err := stop()
	if served := <-served; !errors.Is(served, http.ErrServerClosed) && !errors.Is(served, grpc.ErrServerStopped) {
		err = errors.Join(err, served)
	}
	return err
}
