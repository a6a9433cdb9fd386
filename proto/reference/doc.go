// Package reference is the client protocol for people who write clients and
// never saw protobuf: it makes proto/natter/client/v1/README.md of the schema's
// comments, a template for what no field can say (reference.md.tmpl), and a
// conversation in which every frame appears (conversation.txt).
//
// The conversation is played against real servers by services/e2e, so that
// what the page shows is what comes.
package reference
