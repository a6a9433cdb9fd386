package command

// Long is embedded by commands that may take hours: --timeout does not end
// them, an interrupt does.
type Long struct{}

// MayTakeLong tells the command from others.
func (Long) MayTakeLong() {}

// Alone is embedded by commands that ask no server.
type Alone struct{}

// AsksNobody tells the command from others.
func (Alone) AsksNobody() {}
