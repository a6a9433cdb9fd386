// Package workload is people with devices who talk over real WebSockets,
// through whatever happens to natter, by dice with a seed. What they do not get
// an answer to they ask again; what they send and see is recorded.
package workload
