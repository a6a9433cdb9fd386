package e2e_test

import (
	"bufio"
	"strconv"
	"strings"
	"testing"
)

// sample is the value of one sample of /metrics, named as it stands there; 0:
// there is none.
func sample(t *testing.T, ops, name string) float64 {
	t.Helper()
	response := get(t, ops+"/metrics")
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			number, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatalf("%s: %v", lines.Text(), err)
			}
			return number
		}
	}
	return 0
}
