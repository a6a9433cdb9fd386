package gateway

import "testing"

// TestRush: memory is given back once after many have come, when few more do, and
// not for a few.
func TestRush(t *testing.T) {
	tests := map[string]struct {
		came []uint64 // in each second
		want []int    // the seconds in which memory is given back
	}{
		"nobody":             {came: []uint64{0, 0, 0}},
		"a few":              {came: []uint64{100, 0, 0, 0}},
		"a few for long":     {came: []uint64{300, 300, 300, 300, 300}},
		"a rush":             {came: []uint64{3000, 2000, 0, 0, 0, 0}, want: []int{3}},
		"it goes on":         {came: []uint64{3000, 0, 2000, 0, 0, 0}, want: []int{4}},
		"with some after it": {came: []uint64{5000, 10, 20, 10, 0}, want: []int{2}},
		"two":                {came: []uint64{600, 0, 0, 700, 0, 0, 0}, want: []int{2, 5}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var all uint64
			var got []int
			second := 0
			r := &rush{count: func() uint64 { return all }, free: func() { got = append(got, second) }}
			for _, n := range tt.came {
				all += n
				r.look()
				second++
			}
			if len(got) != len(tt.want) {
				t.Fatalf("given back in the seconds %v, want %v", got, tt.want)
			}
			for i := range got {
				if got[i] != tt.want[i] {
					t.Fatalf("given back in the seconds %v, want %v", got, tt.want)
				}
			}
		})
	}
}
