// Package standalone is natter in one process: an embedded NATS and the three
// services, composed and nothing more. They meet over NATS and gRPC, as they do
// when they run apart.
package standalone
