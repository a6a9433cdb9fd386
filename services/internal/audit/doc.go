// Package audit takes the records of what admins do from the service that was
// called to where they are kept: history's store.
//
// Every call that was granted has a record, and every one that failed. Of those
// that one caller is refused for one reason, over and over, 30 a minute have one
// each; one more record then says how many there were, so that whoever may do
// nothing cannot fill the log and the store either.
//
// Each record is a line of the log first, at once. On the way to the store it
// waits in memory, and is tried again until it is there; the call does not wait
// for it. So the store or NATS may be away while admins work, and the audit
// catches up. A process that dies meanwhile, or has more waiting than it may,
// loses what waited, and the log alone has it.
package audit
