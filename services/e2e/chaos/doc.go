// Package chaos runs natter whole, has people talk ([workload]) while it is
// broken ([nemesis]), and judges what they saw ([history], [checker]).
//
// README.md says what is checked, how to run it, and how to read a failure.
package chaos
