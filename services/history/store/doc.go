// Package store names what history keeps for ever: the fold of every
// partition's log into rooms, members, messages and events. Package sqlite
// holds the embedded form, package postgres the shared one. Both pass the tests
// of package storetest.
//
// The log is the write-ahead part, the store the archive. Each partition's
// records go in, in order and exactly once, by Apply, which keeps the position
// in the same transaction.
package store
