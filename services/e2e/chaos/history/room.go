package history

// Room is what is stored of a room in the end.
type Room struct {
	Room string `json:"room"`
	Kind string `json:"kind"`
	// Head and MemberCount are the store's own words.
	Head        uint32 `json:"head"`
	MemberCount uint32 `json:"memberCount"`
	// Events are the whole log, 1 to Head.
	Events []Event `json:"events"`
	// Messages are all pages, and Members all members, as the store folded them.
	Messages []Message `json:"messages"`
	Members  []Member  `json:"members"`
}

// Member of a room.
type Member struct {
	User    string `json:"user"`
	Role    string `json:"role"`
	ReadSeq uint32 `json:"readSeq,omitempty"`
}
