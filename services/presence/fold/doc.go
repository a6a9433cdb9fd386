// Package fold holds what gateways say of their sessions, and makes of it who
// is here: pure, with time as an argument.
//
// A [Fold] hears the messages of gateways. Each gateway numbers its deltas
// under an incarnation; a delta counts only if it follows the one before it,
// so what the fold knows of a gateway is always the whole up to a number. At a
// gap, or where it meets a gateway in the middle of its life, the fold wants
// the whole ([Fold.Unsynced]) and keeps the deltas that come meanwhile. A
// whole that was gathered in chunks while deltas went on is right after those
// deltas were folded once more, since each of them says how things are, not
// how they differ.
//
// A session that ended, or whose gateway fell silent, still counts for a
// grace, in which a device that comes back keeps its user from flickering.
//
// [Batches] collects per room what changed, and tells the net effect when it
// is flushed: nothing where all is as it was told last.
//
// Nothing here is safe for concurrent use: one goroutine owns a Fold and the
// Batches fed by it.
package fold
