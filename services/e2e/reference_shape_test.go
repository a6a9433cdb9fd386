package e2e_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// precision is how closely two frames are compared.
type precision int

const (
	// everything has to be the same.
	everything precision = iota
	// documented: everything but what can be no other twice.
	documented
	// shapeOnly: the names of fields, and the types of their values.
	shapeOnly
	// atLeast: what is wanted is there, and more may be.
	atLeast
)

// volatile fields are never twice the same.
func volatile(field string) bool {
	return slices.Contains([]string{"re", "session", "epoch", "time", "serverTime", "editedAt", "lastSeen", "cursor", "afterMs", "retryAfterMs"}, field)
}

// sameShape says how got differs from want, two decoded JSON values.
func sameShape(path string, want, got any, p precision) error {
	if reflect.TypeOf(want) != reflect.TypeOf(got) {
		return fmt.Errorf("%s is %v, want %v", path, got, want)
	}
	switch want := want.(type) {
	case map[string]any:
		return sameFields(path, want, got.(map[string]any), p)
	case []any:
		return sameElements(path, want, got.([]any), p)
	}
	free := p == shapeOnly || p != everything && volatile(path[strings.LastIndexByte(path, '.')+1:]) || p == atLeast && want == ""
	if !free && want != got {
		return fmt.Errorf("%s is %v, want %v", path, got, want)
	}
	return nil
}

func sameFields(path string, want, got map[string]any, p precision) error {
	if names := slices.Sorted(maps.Keys(got)); p != atLeast && !slices.Equal(slices.Sorted(maps.Keys(want)), names) {
		return fmt.Errorf("%s has the fields %v, want %v", path, names, slices.Sorted(maps.Keys(want)))
	}
	for name, value := range want {
		have, there := got[name]
		if !there {
			return fmt.Errorf("%s.%s is missing", path, name)
		}
		if err := sameShape(path+"."+name, value, have, p); err != nil {
			return err
		}
	}
	return nil
}

func sameElements(path string, want, got []any, p precision) error {
	if len(want) != len(got) && p != atLeast {
		return fmt.Errorf("%s has %d elements, want %d", path, len(got), len(want))
	}
	for i, element := range want[:min(len(want), len(got))] {
		if err := sameShape(fmt.Sprintf("%s[%d]", path, i), element, got[i], p); err != nil {
			return err
		}
	}
	return nil
}
