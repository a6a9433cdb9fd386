// Package gatewaytest stands in for the other services in the gateway's own
// tests: an owner of rooms and a presence service, in memory, on a real NATS.
// It knows just enough rules to be told what a gateway has to be told; the
// tests of the whole are in services/e2e.
package gatewaytest
