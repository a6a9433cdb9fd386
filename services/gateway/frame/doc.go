// Package frame turns the bytes of a WebSocket message into a checked request,
// and what the server says into bytes. It is pure: no I/O, no clock, no
// goroutine.
//
// A [Codec] stands for a subprotocol: [JSON] (protobuf's canonical JSON) and
// [Binary], both of the schema natter.client.v1. Whatever a client sends comes
// out as a request that keeps all rules of the protocol that can be seen from
// the frame alone ([Limits]), or as a [Fault] that says what to mend. So nothing
// behind this package has to look at the form of an id or the length of a text
// again.
//
// [Wrap] puts an encoded frame into a WebSocket frame once, so that the same
// bytes can go to any number of connections.
package frame
