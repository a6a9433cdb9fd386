//go:build e2e

package stack_test

import "testing"

// TestStack looks at one stack in this order: while nothing happens, from
// outside, then while it is scaled, broken and replaced; then at others: one
// that a backup goes into, one with TLS everywhere, and a cluster. The short
// form, of every run of CI, is a part of that.
func TestStack(t *testing.T) {
	for _, part := range []struct {
		name  string
		short bool
		test  func(*testing.T)
	}{
		{"Images", true, testImages}, {"Browser", true, testBrowser},
		{"OneAddressForAdmins", true, testOneAddressForAdmins}, {"AddressOfAdmins", false, testAddressOfAdmins}, {"FileOfAdmins", false, testFileOfAdmins},
		{"NotForThePublic", true, testNotForThePublic}, {"Contract", true, testContract}, {"ForwardedAddress", false, testForwardedAddress},
		{"Alerts", true, testAlerts}, {"Dashboards", false, testDashboards}, {"Scale", true, testScale}, {"Faults", false, testFaults},
		{"Roll", false, testRoll}, {"Backup", false, testBackup}, {"TLS", false, testTLS}, {"ClusterFaults", false, testClusterFaults},
	} {
		if part.short || form() != "short" {
			t.Run(part.name, part.test)
		}
	}
}
