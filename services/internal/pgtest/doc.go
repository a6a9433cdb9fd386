// Package pgtest gives tests a PostgreSQL server of their own: the real one,
// in a directory that is gone afterwards, on a socket that nobody else knows.
// It can be stopped, killed, halted and started again.
//
// PostgreSQL's programs have to be installed (Debian: postgresql); who lacks
// them gets an error that says so. Root may not run them, so as root they run as
// the user postgres.
package pgtest
