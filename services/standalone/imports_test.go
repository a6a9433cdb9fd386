package standalone

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestImportsGoOneWay: proto ← internal ← the services ← standalone, e2e. A
// module can only import what its go.mod requires.
func TestImportsGoOneWay(t *testing.T) {
	service := []string{"proto", "services/internal"}
	for module, allowed := range map[string][]string{
		"proto": nil, "services/internal": {"proto"}, "services/natterctl": service, "services/e2e": service,
		"services/gateway": service, "services/presence": service, "services/history": service,
		"services/standalone": append([]string{"services/gateway", "services/presence", "services/history"}, service...),
	} {
		mod, err := os.ReadFile("../../" + module + "/go.mod")
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^\s+github\.com/natter-chat/natter/(\S+) v`).FindAllSubmatch(mod, -1) {
			if name := string(m[1]); !slices.Contains(allowed, name) {
				t.Errorf("%s requires %s; it may use only %v", module, name, allowed)
			}
		}
	}
}
