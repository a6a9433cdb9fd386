// Package run is the life of a program: it starts its parts together, waits
// for a signal or a fault, and stops the parts in order, each within a bound.
//
// A part is a [Task], a function that works until its context ends and then
// returns after an orderly end of its own. [Sequence] runs several, [HTTP] and
// [GRPC] make one of a server, and [Main] gives the whole to the operating
// system:
//
//	func main() { os.Exit(run.Main(program)) }
//
//	func program(ctx context.Context, args []string) error {
//		...
//		return run.Sequence(ctx, log, 30*time.Second,
//			run.Task{Name: "ops", Run: run.HTTP(opsListener, handler, log)}, // stops last
//			run.Task{Name: "history", Run: service.Run},
//			run.Task{Name: "grpc", Run: run.GRPC(listener, server.Server)}, // stops first
//		)
//	}
package run
