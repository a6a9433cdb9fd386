package migrate

import (
	"errors"
	"testing"
	"testing/fstest"
)

func TestLoad(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	steps, err := Load(fstest.MapFS{"m/0001_first.sql": file("CREATE TABLE a;"), "m/0002_second.sql": file("-- compatible: 1\nCREATE TABLE b;")}, "m")
	if err != nil || len(steps) != 2 || steps[0].Compatible != 1 || steps[1].Version != 2 || steps[1].Compatible != 1 || steps[1].Name != "second" {
		t.Errorf("%+v, %v", steps, err)
	}
	for name, files := range map[string]fstest.MapFS{
		"a hole":               {"m/0001_a.sql": file(""), "m/0003_b.sql": file("")},
		"two of one number":    {"m/0001_a.sql": file(""), "m/0001_b.sql": file("")},
		"another name":         {"m/1.sql": file("")},
		"compatible with more": {"m/0001_a.sql": file("-- compatible: 2\n")},
	} {
		if steps, err := Load(files, "m"); err == nil {
			t.Errorf("%s was accepted: %+v", name, steps)
		}
	}
}

func TestPending(t *testing.T) {
	known := []Step{{Version: 1, Compatible: 1}, {Version: 2, Compatible: 1}, {Version: 3, Compatible: 3}}
	for _, c := range []struct{ applied, needs, pending int }{{0, 0, 3}, {1, 1, 2}, {3, 3, 0}, {5, 3, 0}} {
		if steps, err := Pending(known, c.applied, c.needs); err != nil || len(steps) != c.pending {
			t.Errorf("%+v: %d steps, %v", c, len(steps), err)
		}
	}
	if _, err := Pending(known, 4, 4); !errors.Is(err, ErrTooNew) {
		t.Errorf("a schema that needs version 4, to a program that knows 3: %v", err)
	}
}
