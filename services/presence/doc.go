// Package presence tells who is here.
//
// Gateways say what sessions they hold; each replica folds all of it
// ([fold]), and tells the rooms that it owns ([peers]) what changed, every
// 250 ms and only where something did. Nothing is stored: a replica that
// starts, or was cut off from NATS, listens for a little more than a beat,
// asks the gateways it heard for the whole, and takes its share of the rooms
// then, each told whole.
//
// One goroutine, the loop, owns all state. NATS and gRPC hand it messages and
// questions; it waits for nobody, since all it publishes is buffered by the
// NATS client. What comes faster than it folds is dropped by that client, and
// found missing by its number.
//
// While the connection to NATS is down, or the process was held up, time
// stands still for the fold: silence then says nothing of the gateways.
package presence
