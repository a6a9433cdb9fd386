// Package rpc is gRPC as natter's services speak it: servers that always know
// their caller, connections that spread over replicas, and one form in which
// a refusal crosses the wire.
//
// A caller proves itself with a bearer token in the metadata "authorization".
// The admin token may do all that the methods allow an admin. The service
// token is for natter's own services; it names the acting user in the
// metadata "natter-user" (percent-encoded as in a URL's path, so that any
// user id fits), and rights are that user's. Health may be asked by anyone,
// reflection by admins.
package rpc
