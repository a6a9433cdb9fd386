// Package figures makes what RESULTS.md shows of the split shape's benchmarks,
// a table and a plot, from a file of their results, so that no number is copied
// by hand.
package figures

import (
	"cmp"
	"errors"
	"io"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// Results of one file, which holds the same benchmarks run several times.
type Results struct {
	// Runs in their order.
	Runs []Run
	// Cases in the order in which they first came.
	Cases []*Case
}

// Run is one time that the benchmarks were run. All is as the file says it.
type Run struct{ Commit, Services, Date, Load string }

// Case is one benchmark.
type Case struct {
	// Name without what follows the first slash, such as "Split".
	Name string
	// Of is its configuration, such as "gateways": "2".
	Of map[string]string
	// Values by unit, such as "all-µs/send", one for each run.
	Values map[string][]float64
}

// Read reads results in Go's benchmark format. name is for errors.
func Read(r io.Reader, name string) (*Results, error) {
	results := &Results{}
	for reader := benchfmt.NewReader(r, name); reader.Scan(); {
		switch record := reader.Result().(type) {
		case *benchfmt.SyntaxError:
			return nil, record
		case *benchfmt.Result:
			results.add(record)
		}
	}
	if len(results.Cases) == 0 {
		return nil, errors.New(name + " holds no results")
	}
	return results, nil
}

func (r *Results) add(record *benchfmt.Result) {
	run := Run{record.GetConfig("commit"), record.GetConfig("services"), record.GetConfig("date"), record.GetConfig("load")}
	if !slices.Contains(r.Runs, run) {
		r.Runs = append(r.Runs, run)
	}
	base, parts := record.Name.Parts()
	of := map[string]string{}
	for _, part := range parts {
		if key, value, found := strings.Cut(strings.TrimPrefix(string(part), "/"), "="); found {
			of[key] = value
		}
	}
	c := r.find(string(base), of)
	if c == nil {
		c = &Case{Name: string(base), Of: of, Values: map[string][]float64{}}
		r.Cases = append(r.Cases, c)
	}
	for _, v := range record.Values {
		c.Values[v.Unit] = append(c.Values[v.Unit], v.Value)
	}
}

// find gives a benchmark that is configured at least like that, or nil.
func (r *Results) find(name string, of map[string]string) *Case {
	for _, c := range r.Cases {
		if c.Name == name && c.is(of) {
			return c
		}
	}
	return nil
}

func (c *Case) is(of map[string]string) bool {
	for key, value := range of {
		if c.Of[key] != value {
			return false
		}
	}
	return true
}

// Spread is the least, the middle and the most of all runs; zeros for a unit
// that was not measured.
func (c *Case) Spread(unit string) (least, median, most float64) {
	values := slices.SortedFunc(slices.Values(c.Values[unit]), cmp.Compare[float64])
	n := len(values)
	if n == 0 {
		return 0, 0, 0
	}
	return values[0], (values[(n-1)/2] + values[n/2]) / 2, values[n-1]
}
