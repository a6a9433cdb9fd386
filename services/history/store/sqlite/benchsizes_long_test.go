//go:build long

package sqlite

func benchSizes() []int { return []int{100_000, 1_000_000} }
