// Package gateways holds the commands about the gateways themselves, and what
// all of them are to say.
package gateways

// Commands are natterctl's commands about gateways.
type Commands struct {
	List  List  `cmd:"" help:"List the gateways, and whether each can do its work."`
	Drain Drain `cmd:"" help:"Have a gateway send its clients to the others, before it is stopped."`
}
