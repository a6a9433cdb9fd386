package reference_test

import (
	"os"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/proto/reference"
)

const page = "../natter/client/v1/README.md"

// TestEveryFrameHasItsPlace: no frame is forgotten on the page.
func TestEveryFrameHasItsPlace(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, oneof := range []protoreflect.OneofDescriptor{
		(*clientv1.ClientFrame)(nil).ProtoReflect().Descriptor().Oneofs().ByName("request"),
		(*clientv1.ServerFrame)(nil).ProtoReflect().Descriptor().Oneofs().ByName("body"),
		(*clientv1.ServerFrame_Event)(nil).ProtoReflect().Descriptor().Oneofs().ByName("change"),
	} {
		for i := range oneof.Fields().Len() {
			name := oneof.Fields().Get(i).JSONName()
			if !strings.Contains(string(text), "# "+name+"\n") && !strings.Contains(string(text), "# "+name+" (from the server)\n") {
				t.Errorf("%s has no heading", name)
			}
		}
	}
}

// TestEveryFieldIsExplained: a row of a table that says nothing is a field
// whose comment is missing in the schema.
func TestEveryFieldIsExplained(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "| `") && strings.HasSuffix(line, "|  |") {
			t.Errorf("line %d: %s", i+1, line)
		}
	}
}

// TestLinksLead: what the page links to within itself is there.
func TestLinksLead(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	headings := map[string]bool{}
	for _, line := range strings.Split(string(text), "\n") {
		if heading, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && strings.HasPrefix(line, "#") {
			headings[strings.NewReplacer(" ", "-", ",", "", ":", "", "'", "").Replace(strings.ToLower(heading))] = true
		}
	}
	for _, part := range strings.Split(string(text), "](#")[1:] {
		if anchor, _, _ := strings.Cut(part, ")"); !headings[anchor] {
			t.Errorf("nothing is called #%s", anchor)
		}
	}
}

func TestParse(t *testing.T) {
	steps, err := reference.Parse("# a note\n\nana > {\"id\":1,\"ping\":{}}\nana < {\"event\":{\"room\":\"x\",\"joined\":{}}}\nana ! drop\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(steps) != 4 || steps[0].Text != "a note" || steps[1].Name() != "ping" || steps[2].Name() != "event.joined" || steps[2].Line != 4 || steps[3].Text != "drop" {
		t.Errorf("%+v", steps)
	}
	for _, wrong := range []string{"ana", "ana > {", "ana ? {}", "ana >"} {
		if _, err := reference.Parse(wrong); err == nil {
			t.Errorf("%q was taken", wrong)
		}
	}
}
