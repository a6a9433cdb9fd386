// Package webhook is what can be said of webhooks without a network or a
// clock: signatures, backoff, which rooms and kinds are told, the body, and
// which addresses are refused. README.md beside it is for who writes a
// receiver.
//
// # How deliveries are kept in order, and none is lost
//
// The owner of a partition runs one courier (package courier) for each webhook
// and partition. A durable JetStream consumer brings it the partition's
// records, of which it takes only how far rooms got (package ledger). What it
// delivers it asks of the owner, as gateways do: so a text that was deleted or
// erased meanwhile is not in it, also in a retry.
//
// A room's deliveries are made one after the other, each from where the last
// one that the receiver took had ended. So each event comes first after all
// before it, whoever else delivers at the same time, and another courier can
// only repeat. A room whose delivery fails waits, with a place of its own in
// the bucket (package shelf), and holds up no other; its record is then acked.
// A record is acked only when all its rooms are delivered or have a place, in
// the order of the log. So what a crash leaves undone comes again.
//
// A new owner makes a consumer of its own, from where the last one's acks
// ended, writes its name into the bucket, and deletes the last one: an owner
// before it that still lives can ack nothing more.
package webhook
