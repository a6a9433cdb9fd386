// Package scope names the terms of an index that no text has: they say of a
// message where it stands and whose it is. They begin with private-use
// characters, which package search makes no part of a term.
package scope

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
)

// Open is on all messages of rooms that anybody may read.
const Open = "\ue002"

// Room is on all messages of the room with a number.
func Room(number int64) string { return "\ue000" + strconv.FormatInt(number, 36) }

// User is on all messages of an author. Two users may share it: a hit's author
// has to be looked at.
func User(id string) string {
	sum := sha256.Sum256([]byte(id))
	return "\ue001" + hex.EncodeToString(sum[:8])
}

// Of are the terms of a message.
func Of(number int64, kind chatv1.RoomKind, user string) []string {
	terms := []string{Room(number), User(user)}
	if room.Open(kind) {
		terms = append(terms, Open)
	}
	return terms
}

// Most bounds the rooms that a query names to the index. Who is in more of them
// has hits in other rooms looked at and left out.
const Most = 256
