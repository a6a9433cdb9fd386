// Package natsx is how a natter service meets NATS: who it is there, what it
// may do, how it connects and stays connected, and what the servers promise
// about the disk.
//
// [Permissions] is the table of rights, one row per service, and
// [ServerConfig] renders it into the configuration of a nats-server. The
// embedded server, the tests' server and a deployment's servers all start
// from that one text, so a right that is missing is missing everywhere.
package natsx
