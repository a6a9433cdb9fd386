package natsx

import "crypto/rand"

// The users that NATS knows.
const (
	Gateway  = "gateway"
	History  = "history"
	Presence = "presence"
	// Tool is a person's client, such as the nats command: it may look, and nothing else.
	Tool = "tool"
	// Operator may do everything in natter's account. No program of natter's
	// is one; it is for repairs by hand and for tests.
	Operator = "operator"
)

// Services are those that get a key by default: all but [Operator].
func Services() []string { return []string{Gateway, History, Presence, Tool} }

const instanceAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789"

// Instance is a new random name for one run of one process: 12 characters
// of [a-z0-9], 62 bits.
func Instance() string {
	name := make([]byte, 0, 12)
	var b [32]byte
	for len(name) < cap(name) {
		rand.Read(b[:]) // never fails, by its contract
		for _, c := range b {
			// 252 is the greatest multiple of 36 below 256: no character is likelier than another.
			if c < 252 && len(name) < cap(name) {
				name = append(name, instanceAlphabet[c%36])
			}
		}
	}
	return string(name)
}
