package figures_test

import (
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/figures"
)

const sample = `commit: abc
date: 2026-01-02T03:04:05Z
load: 1.5
BenchmarkSplit/gateways=2/rooms=1/members=10/load=inflight-4-2 1 30 all-µs/send 20 gateway-µs/send 0 presence-µs/send 2.5 gateway-µs/delivery
BenchmarkSplit/gateways=2/rooms=1/members=100/load=inflight-4-2 1 300 all-µs/send 123 gateway-µs/send
commit: abc
date: 2026-01-02T03:09:05Z
load: 2.5
BenchmarkSplit/gateways=2/rooms=1/members=10/load=inflight-4-2 1 50 all-µs/send 24 gateway-µs/send 0 presence-µs/send 3.5 gateway-µs/delivery
BenchmarkSplit/gateways=2/rooms=1/members=100/load=inflight-4-2 1 500 all-µs/send 125 gateway-µs/send
commit: abc
date: 2026-01-02T03:14:05Z
load: 3.5
BenchmarkSplit/gateways=2/rooms=1/members=10/load=inflight-4-2 1 31 all-µs/send 21 gateway-µs/send 0 presence-µs/send 3.0 gateway-µs/delivery
BenchmarkSplit/gateways=2/rooms=1/members=100/load=inflight-4-2 1 310 all-µs/send 140 gateway-µs/send
`

func TestMediansOfAllRuns(t *testing.T) {
	t.Parallel()
	results, err := figures.Read(strings.NewReader(sample), "sample")
	if err != nil {
		t.Fatal(err)
	}
	if len(results.Runs) != 3 || results.Runs[1] != (figures.Run{Commit: "abc", Date: "2026-01-02T03:09:05Z", Load: "2.5"}) {
		t.Errorf("the runs are %+v", results.Runs)
	}
	if least, median, most := results.Cases[0].Spread("all-µs/send"); least != 30 || median != 31 || most != 50 {
		t.Errorf("the sums are %v, %v, %v", least, median, most)
	}
	page, err := results.Fill("before\n<!-- split: old.txt -->\nold\n<!-- /split -->\nafter\n", "new.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"before\n<!-- split: new.txt -->", "| 2 | 1 × 10 | inflight 4 | 31 (30–50) | 21 |", "<!-- /split -->\nafter\n"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	if strings.Contains(page, "old") {
		t.Errorf("the page still has what it had:\n%s", page)
	}
}

func TestNoResultsAreAnError(t *testing.T) {
	t.Parallel()
	if _, err := figures.Read(strings.NewReader("FAIL\n"), "sample"); err == nil {
		t.Error("a file without results was read")
	}
}
