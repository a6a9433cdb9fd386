//go:build e2e

package stack_test

import "testing"

// TestStack looks at one stack in this order: while nothing happens, from
// outside, then while it is scaled, broken and replaced; then at others: one
// with TLS everywhere, and a cluster.
func TestStack(t *testing.T) {
	for _, part := range []struct {
		name string
		test func(*testing.T)
	}{
		{"Images", testImages}, {"Browser", testBrowser}, {"OneAddressForAdmins", testOneAddressForAdmins}, {"NotForThePublic", testNotForThePublic},
		{"Contract", testContract}, {"ForwardedAddress", testForwardedAddress}, {"Alerts", testAlerts}, {"Dashboards", testDashboards},
		{"Scale", testScale}, {"Faults", testFaults}, {"Roll", testRoll}, {"TLS", testTLS}, {"ClusterFaults", testClusterFaults},
	} {
		t.Run(part.name, part.test)
	}
}
