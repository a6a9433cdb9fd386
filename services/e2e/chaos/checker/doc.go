// Package checker holds a history against what natter promises. It is pure:
// a history goes in, what was broken comes out. The rules are in the list
// [Rules]; a test has a history with one planted fault of each kind.
package checker
