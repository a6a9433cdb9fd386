// Package gateway is natter's front: it keeps the WebSockets of clients, and
// translates. Frames become commands on NATS, events from NATS become frames.
// It decides nothing about rooms and stores nothing; any gateway can die, and
// its clients go on at another one.
//
// # The way of a message
//
// Six files, in this order:
//
//  1. services/gateway/session.go: the reader takes a frame, has it checked
//     (package frame), and hands a send to its lane (lane.go: one command under
//     way per session and room; what comes meanwhile goes together in the next).
//  2. services/gateway/command.go: the lane's command goes to the owner of the
//     room's partition, again with the same id until it is answered; ack.go
//     turns the reply into ack frames.
//  3. services/history/writer.go: the owner decides it (package room, pure),
//     together with whatever else has come, into one record.
//  4. services/history/journal.go: the record is appended to the partition's
//     log, and settled if the answer is lost. Then the reply leaves, and the
//     record's events are published per room.
//  5. services/gateway/feed.go: the events arrive at every gateway that follows
//     the room (dispatcher.go), are put in order, holes repaired (repair.go),
//     encoded once per format, and put into each session's outbox.
//  6. services/gateway/outbox.go: the bytes that wait for one client go out in
//     one write; a client that does not read is let go.
//
// Between the files of the gateway and those of history lies NATS. Where both are
// one process, commands, their answers and the events take the short cut of
// package direct: the same messages to the same functions, and nobody changes an
// event that was told.
//
// # Around that
//
// A connection comes over porch.go or the HTTP server, is let in by doors.go,
// begins in upgrade.go, is greeted in hello.go, and gets its rooms by arrival.go
// and entrance.go: an entrance brings one session into one feed at exactly the seq
// its view of the room was taken at. keptpage.go has a room's newest page ready
// for whoever asks for it, until something happens there. heads.go notices what was
// lost at the end of a room, notice.go what was lost of memberships.
// reporter.go tells the presence service who is here, fold.go what it says of
// others. revocation.go closes the sessions whose tokens were made void;
// control.go does what admins order of all gateways. drain.go lets clients
// move elsewhere before the gateway stops.
//
// # Traces and measures
//
// trace.go begins a request's trace, and delivery.go ends it at the sockets; in
// between it goes with the command and the room's events, in their headers.
// delivery.go also measures how long messages took. metrics.go has what is
// counted, load.go what waits.
//
// # Locks
//
// In this order, and none of them is held while waiting for anything: the table
// of feeds, a feed, a session, an outbox. An idle connection has one goroutine,
// its reader, and no timer; what is due at a time is in the wheel (wheel.go).
package gateway
