// Package natterctl is the admin command line of natter, over gRPC.
//
// A command is a small struct whose fields are its flags, with a method
// Run(ctx, env, client): one file each, in the package of its noun (rooms,
// messages, presence). What they share is in package command. Results go to
// stdout, as a table or as the server's answer in JSON; everything else goes
// to stderr.
package natterctl
