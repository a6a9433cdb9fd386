package shape

import (
	"fmt"
	"os"

	"github.com/natter-chat/natter/services/e2e/harness/build"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// Replicated is Split with several history replicas, which share a store: the
// configuration's Env has to name one (NATTER_STORE=postgres://…). It is not
// one of All, because it needs more than Go.
func Replicated(histories int) Shape {
	return Shape{Name: "replicated", plan: func(d *Deployment) error { return planHistories(d, histories, planNATS) }}
}

// planHistories adds NATS, as a function plans it, history replicas, and the
// rest of the split shape.
func planHistories(d *Deployment, histories int, planNATS func(*Deployment, natsx.Keys) error) error {
	keys, err := natsx.NewKeys(natsx.Operator)
	if err != nil {
		return err
	}
	if err := planNATS(d, keys); err != nil {
		return err
	}
	for service, key := range keys {
		if err := os.WriteFile(d.SeedFile(service), append(key.Seed, '\n'), 0o600); err != nil {
			return err
		}
	}
	for i := range histories {
		a, err := addrs(2)
		if err != nil {
			return err
		}
		d.Histories, d.HistoryOps = append(d.Histories, a[0]), append(d.HistoryOps, "http://"+a[1])
		env := append(d.Login(natsx.History), "NATTER_GRPC_ADDR="+a[0], "NATTER_OPS_ADDR="+a[1])
		if err := d.add(HistoryName(i), build.History(), a[1], env...); err != nil {
			return err
		}
	}
	d.History = d.Histories[0]
	presence, err := planService(d, natsx.Presence, natsx.Presence, build.Presence())
	if err != nil {
		return err
	}
	d.Presence = presence
	return planGateways(d, d.History, presence)
}

// HistoryName is the process of a history replica, from 0.
func HistoryName(replica int) string { return fmt.Sprintf("history-%d", replica+1) }
