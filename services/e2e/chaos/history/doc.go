// Package history is what happened in a run, as its clients saw it: every
// request and every frame, the faults beside them, and at the end what is
// stored. A file of it has one JSON object a line, in the order in which things
// were noticed.
package history
