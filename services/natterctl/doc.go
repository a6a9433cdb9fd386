// Package natterctl is the admin command line of natter, over gRPC.
//
// A command is a small struct whose fields are its flags, with a method
// Run(ctx, env, client): one file each, in the package of its noun (rooms,
// member, messages, user, session, presence, gateways …). What they share is in
// package command: where to print, pages, confirmation, how a failure is told.
// Package profile says what is not said on the command line. Results go to
// stdout, as a table or as the server's answer in JSON; everything else goes
// to stderr. README.md is the admin's guide; a test runs what it shows.
package natterctl
