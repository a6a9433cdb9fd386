// Package direct lets the services of one process reach each other without NATS
// between them. A message over NATS wakes one goroutine after another on its way
// there and back; without them the median delivery at low load takes a fifth less
// time.
//
// It is a short cut and no second protocol: what goes by it are the same messages
// under the same subjects, it promises as little as NATS does (a message may be
// lost, and is then asked for again), and whatever finds nobody here goes by
// NATS. Where services are processes of their own there is no exchange, and
// all goes by NATS.
package direct
