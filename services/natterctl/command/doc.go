// Package command is what natterctl's commands share: the services they call,
// where they print, and how a failure is told to a person.
package command
