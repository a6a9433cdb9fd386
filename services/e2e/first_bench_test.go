//go:build e2e

package e2e_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
)

// BenchmarkFirstMessage: from the navigation to the first message on screen, on
// a processor that is four times slower, as the browser's own clock has it;
// "empty-ms" without anything in the browser's cache.
func BenchmarkFirstMessage(b *testing.B) {
	d := alone(b, shape.Standalone(), withoutLimits()...)
	s := dial(b, d, 0)
	jwt := token.For("ana", "Ana").Sign(d.JWTSecret)
	s.greet("ana", jwt, M{})
	room := s.create("room", nil).Room
	for i := range 60 {
		s.send(room, fmt.Sprint("message ", i))
	}
	w, err := startBrowser(b).Open("Ana", gateway(d, 0)+"/icon.svg")
	if err != nil {
		b.Fatal(err)
	}
	do := func(statements string) string {
		answer, err := w.Do(statements)
		if err != nil {
			b.Fatal(err)
		}
		return answer
	}
	do(fmt.Sprintf(`localStorage.setItem("natter.guest", JSON.stringify({token: %q, user: {id: "ana", name: "Ana"}}))`, jwt))
	if err := w.Slow(4); err != nil {
		b.Fatal(err)
	}
	first := 0.0
	total := 0.0
	loads := 0
	for b.Loop() {
		if err := w.Go(gateway(d, 0) + "/icon.svg"); err != nil {
			b.Fatal(err)
		}
		if err := w.Go(gateway(d, 0) + "/#/" + room); err != nil {
			b.Fatal(err)
		}
		if err := w.Until("the newest message", all("message")+`.length > 0 && performance.getEntriesByName("natter.first-message").length`); err != nil {
			b.Fatal(err)
		}
		ms, err := strconv.ParseFloat(do(`return performance.getEntriesByName("natter.first-message")[0].startTime`), 64)
		if err != nil {
			b.Fatal(err)
		}
		if loads == 0 {
			first = ms
		}
		total += ms
		loads++
	}
	b.ReportMetric(first, "empty-ms")
	b.ReportMetric(total/float64(loads), "ms/load")
}
