package shape

import "github.com/natter-chat/natter/services/e2e/harness/build"

// Standalone is one process with everything in it.
func Standalone() Shape { return Shape{Name: "standalone", plan: planStandalone} }

func planStandalone(d *Deployment) error {
	a, err := addrs(3)
	if err != nil {
		return err
	}
	d.Gateways = []string{"http://" + a[0]}
	d.GatewayRPC = []string{a[1]}
	d.History, d.Presence = a[1], a[1]
	d.Ops = []string{"http://" + a[2]}
	return d.add("natter", build.Natter(), a[2],
		"NATTER_HTTP_ADDR="+a[0], "NATTER_GRPC_ADDR="+a[1], "NATTER_OPS_ADDR="+a[2],
		"NATTER_DATA_DIR=data",
		"NATTER_JWT_SECRET="+d.JWTSecret, "NATTER_SERVICE_TOKEN="+d.ServiceToken, "NATTER_ADMIN_TOKEN="+d.AdminToken,
	)
}
