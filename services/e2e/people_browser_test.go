//go:build e2e

package e2e_test

import (
	"fmt"
	"testing"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
)

// TestPeopleByPages: of a room of thousands one can see everybody, a page at a
// time, and come in by the list of public rooms.
func TestPeopleByPages(t *testing.T) {
	const people = 1_200
	d := anyDeployment(t)
	s := named(t, d, 0, unique(t, "ana"), "Ana")
	name := "Town hall " + unique(t, "of")
	room := s.create(unique(t, "room"), M{"name": name}).Room
	rooms := dialAdmin(t, d.History, d.AdminToken).Rooms
	for first := 1; first < people; first += 100 {
		users := []string{}
		for i := first; i < min(first+100, people); i++ {
			users = append(users, fmt.Sprintf("%s-person-%04d", room, i))
		}
		if _, err := rooms.AddMembers(t.Context(), &historyv1.AddMembersRequest{Room: room, Users: users}); err != nil {
			t.Fatal(err)
		}
	}
	ana := visit(t, startBrowser(t), d, gateway(d, 0), s.user, "Ana", "/#/"+room)
	ana.do(`if (!` + one("people") + `) ` + one("show-people") + `.click()`)
	ana.until("the first people, and how many there are", all("person")+`.length === 500 && `+one("people")+`.textContent.includes("500 of 1,200 people")`)
	ana.must(ana.Click("more-people"))
	ana.until("more of them", all("person")+`.length === 1000`)
	ana.must(ana.Click("more-people"))
	ana.until("all of them, once", fmt.Sprintf(`new Set(%s.map((p) => p.dataset.user)).size === %d && !%s`, all("person"), people, one("more-people")))

	bo := visit(t, startBrowser(t), d, gateway(d, 0), unique(t, "bo"), "Bo", "/#/lobby")
	bo.do(`document.querySelector(".find").click()`)
	bo.until("a field", focus("dialog input"))
	bo.must(bo.Press(name)) // as there may be more public rooms than one page of them
	join := fmt.Sprintf(`document.querySelector('.result-row .small[data-room=%q]')`, room)
	bo.until("the room", join)
	bo.do(join + `.click()`)
	bo.until("that one is in", fmt.Sprintf(`location.hash === "#/%s" && %s`, room, one("composer")))
	ana.faultless()
	bo.faultless()
}
