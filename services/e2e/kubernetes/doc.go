// Package kubernetes renders deploy/kubernetes as kubectl does, and holds what
// comes out to the types of Kubernetes and to itself: nothing unknown, nothing
// that refers to what is not there.
package kubernetes
