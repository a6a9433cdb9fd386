package natterctl

import (
	"fmt"
	"reflect"
	"time"

	"github.com/alecthomas/kong"
)

// moments has times and durations refused in words that show how they are
// written.
func moments() []kong.Option {
	return []kong.Option{
		kong.TypeMapper(reflect.TypeFor[time.Time](), decoded(func(text string) (any, error) { return moment(text) })),
		kong.TypeMapper(reflect.TypeFor[*time.Time](), decoded(func(text string) (any, error) {
			at, err := moment(text)
			return &at, err
		})),
		kong.TypeMapper(reflect.TypeFor[time.Duration](), decoded(func(text string) (any, error) {
			d, err := time.ParseDuration(text)
			if err != nil {
				return nil, fmt.Errorf("%q is not a duration; write it like 90s, 30m or 12h", text)
			}
			return d, nil
		})),
	}
}

func moment(text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, fmt.Errorf("%q is not a time; write it like 2027-01-31T12:00:00Z", text)
	}
	return at, nil
}

// decoded takes one word of the command line.
func decoded(parse func(string) (any, error)) kong.MapperFunc {
	return func(ctx *kong.DecodeContext, target reflect.Value) error {
		var text string
		if err := ctx.Scan.PopValueInto("value", &text); err != nil {
			return err
		}
		value, err := parse(text)
		if err == nil {
			target.Set(reflect.ValueOf(value))
		}
		return err
	}
}
