//go:build e2e

package e2e_test

const usualKills = "20"
