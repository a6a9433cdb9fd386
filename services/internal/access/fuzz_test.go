package access_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/internal/access"
)

// FuzzParse: whatever is in the file, it is read or refused; what was read says
// the same when it is written, and no line gives more than it says.
func FuzzParse(f *testing.F) {
	_, digest := access.Mint()
	f.Add("ci read,moderate " + digest.String() + "\n# x\nops all cert:CN=ops 2027-01-31T00:00:00Z")
	f.Add("gateway service cert:URI=spiffe://a/gw")
	f.Add("a read sha256:zz\x00")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := access.Parse([]byte(text))
		if err != nil {
			if list != nil {
				t.Errorf("refused, and yet %v", list)
			}
			return
		}
		lines := make([]string, len(list))
		for i, e := range list {
			lines[i] = e.String()
			if e.Service == (e.Scopes != 0) || (e.Digest == nil) == (e.Subject == "") || access.CheckName(e.Name) != nil {
				t.Errorf("%q is read as %+v", text, e)
			}
		}
		again, err := access.Parse([]byte(strings.Join(lines, "\n")))
		if err != nil {
			t.Fatalf("%q, as it was written: %v", lines, err)
		}
		for i := range list {
			if e, f := list[i], again[i]; e.Expires.Unix() != f.Expires.Unix() || e.Name != f.Name || e.Scopes != f.Scopes || e.Subject != f.Subject || !reflect.DeepEqual(e.Digest, f.Digest) {
				t.Errorf("%+v becomes %+v", e, f)
			}
		}
	})
}
