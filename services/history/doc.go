// Package history is the authority over rooms: it decides every change, keeps
// the log, folds it into the store, and answers queries.
//
// A room belongs to a partition, and a partition to one replica at a time
// (owners.go). There a writer (writer.go, batch.go) gathers commands, lets
// package room decide them, and has the journal (journal.go) append the events
// as one record, fenced by the sequence it expects. Only when the record is
// stored are its events published (publish.go) and its commands answered.
// The projector (projector.go) then folds it into the store.
//
// Questions about live state (ask.go) are answered by the writer, from memory
// where it reaches; pages and lists (messagequeries.go, roomqueries.go) by any
// replica, from the store.
//
// What a room keeps no longer its owner trims (sweeper.go); RETENTION.md says
// what that means for whom.
package history
