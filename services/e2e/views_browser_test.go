//go:build e2e

package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/natter-chat/natter/services/e2e/harness/browser"
	"github.com/natter-chat/natter/services/e2e/harness/proxy"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// axe is the program of axe-core, which npm ci puts there.
const axe = "../gateway/web/test/node_modules/axe-core/axe.min.js"

// view is one thing that the page can show.
type view struct {
	name string
	open func(p person)
	// phone: also on a small screen.
	phone bool
}

func views(room string, network *proxy.Proxy) []view {
	none := func(person) {}
	return []view{
		{"room", none, true},
		{"actions", func(p person) { p.do(on("Then it is settled.") + `.focus()`) }, true},
		{"reply", func(p person) { p.acts("Then it is settled.", "reply") }, true},
		{"emoji", func(p person) { p.acts("Then it is settled.", "react"); p.until("the board", one("emoji")) }, true},
		{"thread", func(p person) {
			p.do(`if (!` + one("latest") + `.hidden) ` + one("latest") + `.click()`)
			p.until("the newest message", on("Then it is settled.")+`.getBoundingClientRect().bottom < innerHeight`)
			p.do(one("replies") + `.click()`)
			p.until("the thread", one("thread")+`?.querySelectorAll('[data-test="message"]').length >= 3`)
		}, true},
		{"mention", func(p person) {
			p.must(p.Type("composer", "@b"))
			p.until("names", one("mentions")+`?.children.length >= 1`)
		}, true},
		{"search", func(p person) {
			p.must(p.Click("search"))
			p.must(p.Type("search-field", "garden"))
			p.until("what was found", one("hit"))
		}, true},
		{"people", func(p person) {
			p.do(`if (!` + one("people") + `) ` + one("show-people") + `.click()`)
			p.until("people", all("person")+`.length >= 4`)
		}, true},
		{"person", func(p person) {
			p.do(`document.querySelector('.person-name[data-user^="bo"]').click()`)
			p.until("the card", one("direct"))
		}, true},
		{"room-settings", func(p person) { p.must(p.Click("settings")); p.until("the form", one("room-keep")) }, true},
		{"create", func(p person) { p.do(one("create-room") + `.click()`); p.until("the form", one("create-submit")) }, true},
		{"finder", func(p person) {
			p.do(`document.querySelector(".find").click()`)
			p.until("rooms", `document.querySelectorAll(".result").length >= 2`)
		}, true},
		{"settings", func(p person) { p.do(`document.querySelector(".me").click()`); p.until("the form", one("status-set")) }, true},
		{"keys", func(p person) {
			p.do(`document.activeElement?.blur()`)
			p.must(p.Press("?"))
			p.until("the keys", `document.querySelector(".key-list")`)
		}, false},
		{"too-long", func(p person) {
			p.do(fmt.Sprintf(`const c = %s; c.focus(); c.value = "A plan for the beds. ".repeat(1200); c.dispatchEvent(new Event("input", { bubbles: true }))`, one("composer")))
			p.until("how much too long", one("split"))
		}, true},
		{"delete", func(p person) { p.acts("Then it is settled.", "delete"); p.until("the question", one("sure")) }, true},
		{"banned", func(p person) {
			p.do(`document.querySelector('.person-name[data-user="eve"]').click()`)
			p.until("the card", one("person-unban"))
		}, true},
		{"unsent", func(p person) {
			p.opens("books")
			p.writes("The third chapter is the best one.")
			p.until("why it was not sent", `document.querySelector(".progress.failed")`)
		}, true},
		{"slow-mode", func(p person) {
			p.opens("tools")
			p.writes("Who has the key?")
			p.must(p.Type("composer", "And the lamp"))
			p.until("how long to wait", `document.querySelector(".composer-hint").textContent !== ""`)
		}, true},
		{"archived", func(p person) { p.opens("winter"); p.until("why one cannot write", `document.querySelector(".panel")`) }, true},
		{"offline", func(p person) {
			p.must(p.Offline(true))
			network.Cut()
			p.until("that there is no network", one("connection")+`.dataset.state === "offline" && `+one("connection")+`.innerText.trim()`)
			p.writes("On the train, back at six.")
			p.until("that it waits", `document.querySelector(".progress")`)
		}, true},
		{"muted", func(p person) {
			p.do(`for (const room of ["winter", "tools"]) localStorage.setItem("natter.muted." + room, "true")`)
			p.must(p.Reload())
			p.online()
			p.until("muted rooms", `document.querySelector(".room.muted")`)
			p.do(one("back") + `.click()`)
			p.until("the rooms", all("room")+`.some((r) => r.offsetParent)`)
		}, true},
		{"rooms", func(p person) {
			p.do(one("back") + `.click()`)
			p.until("the rooms", all("room")+`.some((r) => r.offsetParent)`)
		}, true},
	}
}

// dress is how the page may look.
type dress struct {
	language, scheme string
	phone            bool
}

// dresses are four, in which any two choices meet, or all eight: NATTER_E2E_LOOKS=all.
func dresses(t *testing.T) []dress {
	t.Helper()
	four := []dress{{"en", "light", false}, {"zh-CN", "dark", false}, {"zh-CN", "light", true}, {"en", "dark", true}}
	switch which := os.Getenv("NATTER_E2E_LOOKS"); which {
	case "":
		return four
	case "all":
		return append(four, dress{"en", "dark", false}, dress{"zh-CN", "light", false}, dress{"zh-CN", "dark", true}, dress{"en", "light", true})
	default:
		t.Fatalf("NATTER_E2E_LOOKS=%s is not all", which)
		return nil
	}
}

// TestViews opens every view of the page, on a desk and on a phone, light and
// dark, in English and in Chinese: axe-core finds nothing wrong with any, and a
// picture of each is kept.
func TestViews(t *testing.T) {
	script, err := os.ReadFile(axe)
	if err != nil {
		t.Fatalf("%v: run npm ci in services/gateway/web/test", err)
	}
	d := alone(t, shape.Standalone(), withoutLimits()...)
	room := conversation(t, d)
	network, err := proxy.Start(strings.TrimPrefix(gateway(d, 0), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = network.Close() })
	base := "http://" + network.Addr()
	chromium := startBrowser(t)
	for _, look := range dresses(t) {
		name := fmt.Sprintf("%s-%s-%s", map[bool]string{false: "desk", true: "phone"}[look.phone], look.scheme, look.language)
		t.Run(name, func(t *testing.T) {
			p := visit(t, chromium, d, base, "ana", "Ana Lima", "/#/"+room)
			p.Name = name
			p.must(p.Scheme(look.scheme))
			p.do(fmt.Sprintf(`localStorage.setItem("natter.language", %q)`, look.language))
			size := browser.Size(1280, 800)
			if look.phone {
				size = browser.Phone()
			}
			p.must(p.Resize(size))
			for _, v := range views(room, network) {
				if look.phone && !v.phone {
					continue
				}
				p.must(p.Go(base + "/icon.svg"))
				p.do(`for (const key of Object.keys(localStorage)) if (/^natter\.(draft|muted)\./.test(key)) localStorage.removeItem(key)`)
				p.must(p.Go(base + "/#/" + room))
				p.online()
				p.until("the conversation", on("Then it is settled."))
				v.open(p)
				p.until("stillness", `document.getAnimations().every((a) => a.playState !== "running")`)
				p.must(p.Picture(pictures, v.name+"-"+name))
				p.accessible(string(script), v.name)
				network.Heal()
				p.must(p.Offline(false))
			}
			p.faultless()
			p.must(p.Close())
		})
	}
	for _, look := range []struct {
		name string
		size chromedp.Action[chromedp.Void]
	}{{"desk", browser.Size(1280, 800)}, {"phone", browser.Phone()}} {
		t.Run("first visit, "+look.name, func(t *testing.T) {
			w, err := chromium.Open("first-"+look.name, gateway(d, 0)+"/icon.svg")
			if err != nil {
				t.Fatal(err)
			}
			p := person{Window: w, t: t}
			p.must(p.Resize(look.size))
			p.must(p.Go(gateway(d, 0) + "/"))
			p.until("the welcome", one("name"))
			p.must(p.Picture(pictures, "welcome-"+look.name))
			p.accessible(string(script), "welcome")
			p.do(fmt.Sprintf(`localStorage.setItem("natter.guest", JSON.stringify({token: %q, user: {id: "nia", name: "Nia"}}))`, tokenNamed(d, "nia", "Nia")))
			p.must(p.Reload())
			p.online()
			p.must(p.Picture(pictures, "empty-room-"+look.name))
			p.accessible(string(script), "an empty room")
			p.must(p.Click("settings"))
			p.must(p.Click("leave"))
			p.must(p.Click("sure"))
			p.until("no room", `document.body.innerText.includes("You are in no room yet")`)
			p.must(p.Picture(pictures, "no-rooms-"+look.name))
			p.accessible(string(script), "no rooms")
			p.must(p.Close())
		})
	}
}

// opens opens another room, by its address.
func (p person) opens(room string) {
	p.t.Helper()
	p.do(fmt.Sprintf(`location.hash = "/%s"`, room))
	p.until("the room "+room, fmt.Sprintf(`%s.some((r) => r.dataset.room === %q && r.getAttribute("aria-current") === "page" &&
		r.querySelector(".name").textContent === document.querySelector(".room-head h1 bdi")?.textContent)`, all("room"), room))
}

// accessible: axe-core has nothing to say of what is shown.
func (p person) accessible(script, name string) {
	p.t.Helper()
	p.do(`if (!window.axe) (0, eval)` + `(` + quote(script) + `)`)
	found := p.do(`const { violations } = await axe.run(document, { resultTypes: ["violations"] });
		return violations.map((v) => v.id + ": " + v.help + "\n" + v.nodes.map((n) => "    " + n.html.slice(0, 200) + "\n      " + n.failureSummary.replaceAll("\n", " ")).join("\n")).join("\n")`)
	if found != "" {
		p.t.Errorf("%s, %s: %s", p.Name, name, found)
	}
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always can be
	}
	return string(b)
}

// conversation is a room in which everything there is was said.
func conversation(t *testing.T, d *shape.Deployment) string {
	t.Helper()
	as := func(id, name string) *session { return named(t, d, 0, id, name) }
	ana, bo, chen, dara := as("ana", "Ana Lima"), as("bo", "Bo Anders"), as("chen", "陈雨"), as("dara", "دارا")
	room := "garden"
	ana.create(room, M{"name": "Garden", "topic": "What grows, who waters, and when we meet"})
	for _, s := range []*session{bo, chen, dara} {
		s.view("join", M{"room": room})
	}
	bo.ack("send", bo.message(room, "Morning! The **tomatoes** are up, and the beans need a string by tomorrow."))
	bo.ack("send", bo.message(room, "I can bring one. Does anybody have _poles_?"))
	first := ana.ack("send", ana.message(room, "There are eleven behind the shed: https://example.com/garden/shed?row=2"))
	chen.ack("send", with(chen.message(room, "我周六上午可以来浇水，下午要去看外婆。"), M{"replyTo": first.Seq}))
	root := chen.ack("send", chen.message(room, "谁有多余的水桶？"))
	bo.ack("send", with(bo.message(room, "I have two, one leaks."), M{"thread": root.Seq}))
	ana.ack("send", with(ana.message(room, "The leaking one is fine for compost."), M{"thread": root.Seq}))
	eve := as("eve", "Eve")
	eve.view("join", M{"room": room})
	eve.ack("send", eve.message(room, "Cheap seeds! Only today!"))
	ana.ack("ban", M{"room": room, "user": "eve", "reason": "advertisements"})
	dara.ack("send", dara.message(room, "سأكون هناك يوم السبت صباحًا، ومعي الشتلات."))
	bo.ack("send", bo.message(room, "> Saturday morning\n<@ana> can you open the gate at 9? The code is `4711#`, then:\n```\npush, wait for the click, pull\n```"))
	last := ana.ack("send", ana.message(room, "Then it is settled."))
	for _, s := range []*session{bo, chen} {
		s.ack("react", M{"room": room, "seq": last.Seq, "emoji": "🎉"})
	}
	ana.ack("react", M{"room": room, "seq": root.Seq, "emoji": "👀"})
	other := "tools"
	bo.create(other, M{"name": "Tools and shed", "kind": "PRIVATE", "members": []string{"ana"}, "topic": "Borrow, clean, bring back"})
	bo.ack("send", bo.message(other, "Hello <@ana>, the new key is here."))
	direct := bo.view("openDirect", M{"user": "ana"}).Room
	bo.ack("send", bo.message(direct, "Lunch on Saturday?"))
	bo.ack("updateRoom", M{"room": other, "slowModeSeconds": 60})
	chen.create("books", M{"name": "Books", "topic": "What we read this month"})
	chen.ack("send", chen.message("books", "Two chapters until Friday?"))
	ana.view("join", M{"room": "books"})
	chen.ack("mute", M{"room": "books", "user": "ana"})
	dara.create("winter", M{"name": "Winter 2025"})
	ana.view("join", M{"room": "winter"})
	dara.ack("send", dara.message("winter", "The beds are covered. Thank you all!"))
	dara.ack("updateRoom", M{"room": "winter", "archived": true})
	return room
}
