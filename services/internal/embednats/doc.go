// Package embednats is a NATS server with JetStream inside this process,
// with the same accounts, rights and settings as a deployment's servers.
//
// Unless it is told to listen, no port is opened: connections are made in
// memory, and each proves by its key which service it is, as it would over
// the network. The directory is kept to one process at a time.
package embednats
