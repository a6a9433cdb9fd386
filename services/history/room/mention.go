package room

import (
	"slices"
	"strings"
)

// maxMentions bounds the work and the noise that one message can make.
const maxMentions = 50

// mentions are the members that a text names as <@user>, each once, in the
// order of the text.
func (s *State) mentions(text string) []string {
	var found []string
	for len(found) < maxMentions {
		start := strings.Index(text, "<@")
		if start < 0 {
			break
		}
		text = text[start+2:]
		end := strings.IndexByte(text[:min(len(text), maxUser+1)], '>')
		if end < 0 {
			continue
		}
		user := text[:end]
		if s.Members[user] != nil && !slices.Contains(found, user) {
			found = append(found, user)
		}
	}
	return found
}
