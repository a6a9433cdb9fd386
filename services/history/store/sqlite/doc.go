// Package sqlite keeps the history in one SQLite file: the embedded store.
//
// One connection writes, several read (WAL). A commit is synced
// (synchronous=FULL). A second process on the same directory is refused by a
// lock. A row's key is room number * 2^32 + seq, so that a page of a room is one
// range of the primary key, at any depth.
package sqlite
