// Package ops is what operators and their tools ask a process over HTTP:
// whether it lives, whether it is ready, its metrics and its profiles. It
// belongs on a port that the public does not reach.
package ops
