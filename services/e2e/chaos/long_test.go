//go:build chaos

package chaos_test

// usualFor is how long a run breaks natter, in each shape.
const usualFor = "45s"
