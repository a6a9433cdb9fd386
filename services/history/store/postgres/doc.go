// Package postgres keeps the history in a PostgreSQL database, which any number
// of replicas share.
//
// Records are applied by the owner of their partition: Apply locks the row of
// the partition's position, so that two who both think they own it cannot both
// fold. A batch is folded in memory (fold.go): what its events are about is read
// by a few questions (load.go), and what became of it is written by a few
// statements (save.go), however many events there are. Statements are prepared
// once per connection.
package postgres
