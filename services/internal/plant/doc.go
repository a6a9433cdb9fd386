// Package plant has bugs for the checker of services/e2e/chaos to find: what
// keeps natter's promises is left out, one thing at a time. Only programs built
// with the tag plants have them, and of those the one that the variable
// NATTER_PLANT names. Everywhere else In is false, and the compiler leaves the
// bugs out.
package plant

// The bugs.
const (
	// FenceOff: appends to a log are not held to what stands before them.
	FenceOff = "fence-off"
	// AckBeforeAppend: a command is answered before its record is stored.
	AckBeforeAppend = "ack-before-append"
	// ResumeWithoutRepair: who comes back is shown nothing of what they missed.
	ResumeWithoutRepair = "resume-without-repair"
	// RemovedIgnored: who is removed goes on seeing the room.
	RemovedIgnored = "removed-ignored"
)
