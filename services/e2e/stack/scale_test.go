//go:build e2e

package stack_test

import (
	"fmt"
	"testing"
	"time"
)

// testScale: more of each service, and fewer, while people write. New replicas
// get work, and nobody is told of anything.
func testScale(t *testing.T) {
	c := gather(t, plain, "scale")
	c.goOn("nothing")
	step := func(args ...string) {
		t.Helper()
		began := time.Now()
		scale := []string{"--no-recreate", "--no-deps"}
		for i := 0; i < len(args); i += 2 {
			scale = append(scale, "--scale", args[i]+"="+args[i+1])
		}
		for i := 0; i < len(args); i += 2 {
			scale = append(scale, args[i])
		}
		if err := plain.Up(t.Context(), scale...); err != nil {
			t.Fatal(err)
		}
		took := time.Since(began)
		c.goOn(fmt.Sprint("scaling ", args))
		t.Logf("%v took %s", args, took.Round(100*time.Millisecond))
	}
	step("gateway", "3", "history", "3", "presence", "2")
	comes(t, plain, `count(up{job="gateway"} == 1) == 3 and count(up{job="history"} == 1) == 3 and count(up{job="presence"} == 1) == 2`)
	comes(t, plain, `count(natter_history_partitions_owned > 0) >= 2 and sum(natter_history_partitions_owned) == 4`)
	comes(t, plain, `min(natter_presence_replicas) == 2 and min(natter_presence_gateways) == 3`)
	for backend, count := range map[string]int{"gateways": 3, "grpc_gateway": 3, "grpc_history": 3, "grpc_presence": 2} {
		comes(t, plain, fmt.Sprintf("haproxy_backend_active_servers{proxy=%q} == %d", backend, count))
	}
	more := gather(t, plain, "scale-more")
	comes(t, plain, `count(natter_gateway_sessions > 0) == 3`)
	t.Logf("gateways %v, partitions %v, rooms of presence %v",
		values(t, plain, "natter_gateway_sessions"), values(t, plain, "natter_history_partitions_owned"), values(t, plain, "natter_presence_rooms_owned"))
	step("history", "2")
	step("gateway", "1")
	step("presence", "1")
	more.goOn("scaling back")
	comes(t, plain, `count(natter_gateway_sessions > 0) == 1 and count(up{job="history"} == 1) == 2`)
	step("history", "1")
	for _, each := range []crowd{c, more} {
		each.leave()
		each.undisturbed()
	}
}
