//go:build e2e

package e2e_test

import (
	"fmt"
	"strconv"
	"testing"
)

// TestTenThousandMessages scrolls from the end of a long room to its start: no
// message is left out, what is read does not move, and the document stays small.
func TestTenThousandMessages(t *testing.T) {
	const messages, most = 10_000, 450
	d := anyDeployment(t)
	s := enter(t, d, 0, unique(t, "ana"))
	room := s.create(unique(t, "room"), M{"name": "Deep"}).Room
	var last uint32
	for first := 0; first < messages; first += 250 { // many under way at a time
		last = s.sendAll(room, first, 250)
	}
	ana := visit(t, startBrowser(t), d, gateway(d, 0), s.user, "Ana", "/#/"+room)
	ana.sees(fmt.Sprint("m", messages-1), "acked")
	// The page scrolls itself up by less than a screen at a time, and notes what
	// was in sight, what moved, and how much was in the document.
	ana.do(`const view = document.querySelector('[data-test="timeline"]');
		const seen = new Set(); const was = { nodes: 0, jumps: 0, worst: 0, steps: 0 };
		const note = () => { const box = view.getBoundingClientRect(); const lines = [...view.querySelectorAll("[data-seq]")];
			was.nodes = Math.max(was.nodes, lines.length);
			for (const line of lines) { const at = line.getBoundingClientRect(); if (at.bottom > box.top && at.top < box.bottom) seen.add(Number(line.dataset.seq)); } };
		const middle = () => { const box = view.getBoundingClientRect(); return [...view.querySelectorAll("[data-seq]")].find((l) => l.getBoundingClientRect().top > box.top + 200); };
		const frame = () => new Promise((r) => requestAnimationFrame(() => setTimeout(r)));
		window.deep = { seen, was, done: false };
		(async () => { for (;;) { note(); if (seen.has(2)) break;
			const line = middle(); const before = line?.getBoundingClientRect().top; const top = view.scrollTop; const began = performance.now();
			view.scrollTop = top - view.clientHeight * 0.8; const moved = top - view.scrollTop;
			await frame(); await frame(); was.steps++; was.worst = Math.max(was.worst, performance.now() - began);
			if (line?.isConnected && Math.abs(line.getBoundingClientRect().top - before - moved) > 2) was.jumps++; }
			window.deep.done = true; })()`)
	for step := 0; ; step++ {
		err := ana.Until("the start of the room", `window.deep.done`)
		if err == nil {
			break
		}
		if lowest := ana.do(`return Math.min(...window.deep.seen)`); step == 20 || lowest == ana.do(`const low = window.deep.low; window.deep.low = Math.min(...window.deep.seen); return low ?? ""`) {
			t.Fatalf("the page got stuck at %s: %v", lowest, err)
		}
	}
	count, _ := strconv.Atoi(ana.do(`return window.deep.seen.size`))
	nodes, _ := strconv.Atoi(ana.do(`return window.deep.was.nodes`))
	t.Logf("in steps of a screen: %s", ana.do(`return JSON.stringify(window.deep.was)`))
	if count != messages {
		t.Errorf("%d of %d messages came into sight; missing: %s", count, messages,
			ana.do(fmt.Sprintf(`const gone = []; for (let i = 2; i <= %d && gone.length < 20; i++) if (!window.deep.seen.has(i)) gone.push(i); return gone.join(" ")`, last)))
	}
	if nodes > most {
		t.Errorf("%d lines were in the document at once, more than %d", nodes, most)
	}
	if jumps := ana.do(`return window.deep.was.jumps`); jumps != "0" {
		t.Errorf("what was read moved %s times", jumps)
	}
	ana.must(ana.Click("latest"))
	ana.sees(fmt.Sprint("m", messages-1), "acked")
	ana.faultless()
}
