package subject

import "testing"

func TestDirectRoom(t *testing.T) {
	room := DirectRoom("ana", "bo")
	if room != DirectRoom("bo", "ana") {
		t.Error("it depends on who asks")
	}
	if !IsDirectRoom(room) || len(room) > 64 {
		t.Errorf("%q has another form", room)
	}
	if DirectRoom("a", "nabo") == DirectRoom("an", "abo") || DirectRoom("ana", "ana") == room {
		t.Error("two pairs have one room")
	}
	for _, other := range []string{"", "dm-", "dm-x", "lobby", room[:34], room + "a", "dm_" + room[3:], "dm-0" + room[4:]} {
		if IsDirectRoom(other) {
			t.Errorf("%q passes for a direct room", other)
		}
	}
}

func TestDirectRoomNeverChanges(t *testing.T) {
	if got, want := DirectRoom("ana", "guest:bo"), "dm-4krumvxeavsobmvmo6ckrjwbjdtjxj35"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
