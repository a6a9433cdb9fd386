//go:build e2e

package e2e_test

import (
	"os"
	"strings"
	"testing"

	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	"github.com/natter-chat/natter/services/e2e/harness/browser"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// TestAnnouncementIsShown on every page, until its reader closes it.
func TestAnnouncementIsShown(t *testing.T) {
	script, err := os.ReadFile(axe)
	if err != nil {
		t.Fatalf("%v: run npm ci in services/gateway/web/test", err)
	}
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo, room := pair(t, d)
		gateways := dialAdmin(t, d.GatewayRPC[0], d.AdminToken).Gateways
		allGateways(t, d, gateways)
		announce := func(q *gatewayv1.AnnounceRequest) {
			t.Helper()
			if _, err := gateways.Announce(t.Context(), q); err != nil {
				t.Fatal(err)
			}
		}
		ana.until("a place that is read out", one("announcements")+`?.getAttribute("role") === "status"`)

		text := "We move to a new server at 18:00. See https://example.com/status <img src=x> " + room
		announce(&gatewayv1.AnnounceRequest{Text: text, Room: room})
		for _, p := range []person{ana, bo} {
			p.until("what was announced", all("announcement")+`.some((e) => e.textContent.includes("<img src=x> `+room+`") && e.querySelector("a"))`)
		}
		ana.accessible(string(script), "announcement")
		ana.must(ana.Picture(pictures, "announcement-desk"))
		ana.must(ana.Resize(browser.Phone()))
		ana.until("no line to be cut off", `document.documentElement.scrollWidth <= innerWidth && `+one("composer")+`.getBoundingClientRect().bottom <= innerHeight`)
		ana.accessible(string(script), "announcement on a phone")
		ana.must(ana.Picture(pictures, "announcement-phone"))

		ana.do(all("announcement") + `.filter((e) => e.textContent.includes("` + room + `")).forEach((e) => e.querySelector("button").click())`)
		ana.until("it was closed", `!`+all("announcement")+`.some((e) => e.textContent.includes("`+room+`"))`)
		bo.until("it still stands", all("announcement")+`.some((e) => e.textContent.includes("`+room+`"))`)

		long := strings.Repeat("words ", 160)
		announce(&gatewayv1.AnnounceRequest{Text: long, User: ana.id})
		ana.until("a long one leaves room to talk", all("announcement")+`.some((e) => e.textContent.includes("words words")) && `+one("composer")+`.getBoundingClientRect().bottom <= innerHeight`)
		ana.faultless()
		bo.faultless()
	})
}
