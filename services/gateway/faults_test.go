package gateway

import "github.com/natter-chat/natter/services/gateway/gatewaytest"

// faultyCommands lose an attempt, or only its answer, now and then.
func faultyCommands() gatewaytest.Faults {
	return gatewaytest.Faults{Command: func(attempt int) (done, answered bool) {
		switch attempt {
		case 1:
			return false, false
		case 3:
			return true, false
		}
		return true, true
	}}
}
