// Package natstest gives tests a real NATS server with JetStream, with the
// rights and settings of production, in a directory that goes with the test.
package natstest
