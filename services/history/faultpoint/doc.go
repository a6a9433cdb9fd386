// Package faultpoint names the places between the log and the store where tests
// kill the program. It does so only in programs built with the tag faultpoints,
// and there at the place, and the time it is come by, that the variable
// NATTER_FAULTPOINT names: "after-append:37". Everywhere else Hit is nothing.
package faultpoint

// The points, in the order in which a command passes them.
const (
	// BeforeAppend: a record is decided, and not sent to the log.
	BeforeAppend = "before-append"
	// AfterAppend: it is stored, and nobody has been told.
	AfterAppend = "after-append"
	// AfterPublish: its events are published, its commands not answered.
	AfterPublish = "after-publish"
	// BeforeCommit: a batch is in the store's transaction.
	BeforeCommit = "before-commit"
	// AfterCommit: the transaction is committed, and nobody has been told.
	AfterCommit = "after-commit"
)

// All points.
func All() []string {
	return []string{BeforeAppend, AfterAppend, AfterPublish, BeforeCommit, AfterCommit}
}
