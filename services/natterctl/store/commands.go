// Package store holds the commands about what keeps history.
package store

// Commands are natterctl's commands about the store.
type Commands struct {
	Status    Status    `cmd:"" help:"Tell of each partition who writes it, and how far its log and the store go."`
	AcceptGap AcceptGap `cmd:"" help:"Let a partition go on whose log begins after what the store has: what is missing is lost."`
}
