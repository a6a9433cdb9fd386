// Package subject is the one place where the text of a NATS name exists:
// every subject, stream and bucket of natter, as pure functions.
//
// A room or user id becomes exactly one subject token through [Token], which
// writes every byte but [A-Za-z0-9_-] as =XX (upper-case hexadecimal). So no
// id, whatever it holds, can name another subject, a wildcard or a second
// token.
package subject
