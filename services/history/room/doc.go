// Package room holds the rules of a room, and nothing else: who may do what in
// it, and what comes of it. It is pure: no I/O, no clock, no goroutine.
//
// [Decide] says what a change that somebody wants would do: an [chatv1.Event],
// a refusal, or nothing since it is so already. [State.Evolve] folds an event
// into the state of the room. Whoever holds a room's events from seq 1 on, in
// order, holds its state: replaying a log gives what the decisions saw.
//
// A State is not safe for concurrent use.
package room
