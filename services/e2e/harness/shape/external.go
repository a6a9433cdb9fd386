package shape

import (
	"encoding/json"
	"fmt"
	"os"
)

// Elsewhere is the variable that names a file of a [Place]. Where it is set,
// tests that share a deployment run against that one and no other.
const Elsewhere = "NATTER_E2E_ELSEWHERE"

// Place is a natter that others started and look after. Its services have the
// settings of tests: no limits of sends, requests and sessions; guests.
type Place struct {
	Access
	// Gateways are base URLs, at least one; they may lead to the same door.
	Gateways []string
	// History is the address of its gRPC.
	History string
}

// External is a natter that was started elsewhere.
func External(file string) Shape {
	return Shape{Name: "elsewhere", plan: func(d *Deployment) error {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var place Place
		if err := json.Unmarshal(content, &place); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if len(place.Gateways) == 0 {
			return fmt.Errorf("%s names no gateway", file)
		}
		d.Access, d.Gateways, d.History = place.Access, place.Gateways, place.History
		return nil
	}}
}
