package access

import (
	"fmt"
	"slices"
	"strings"

	accessv1 "github.com/natter-chat/natter/proto/natter/access/v1"
)

// Scopes is a set of scopes. The zero Scopes is none.
type Scopes uint8

// All scopes there are.
const All = Scopes(1<<accessv1.Scope_READ | 1<<accessv1.Scope_MODERATE | 1<<accessv1.Scope_OPERATE | 1<<accessv1.Scope_ERASE)

// Has tells whether a scope is among them.
func (s Scopes) Has(scope accessv1.Scope) bool {
	return scope > accessv1.Scope_SCOPE_UNSPECIFIED && s&(1<<scope) != 0
}

// String is the form that ParseScopes reads: "read,moderate".
func (s Scopes) String() string {
	var names []string
	for _, scope := range known() {
		if s.Has(scope) {
			names = append(names, Name(scope))
		}
	}
	return strings.Join(names, ",")
}

// Name of a scope, in lower case.
func Name(scope accessv1.Scope) string { return strings.ToLower(scope.String()) }

// ParseScopes reads scopes parted by commas, or "all".
func ParseScopes(text string) (Scopes, error) {
	if text == "all" {
		return All, nil
	}
	var all Scopes
	for name := range strings.SplitSeq(text, ",") {
		i := slices.IndexFunc(known(), func(s accessv1.Scope) bool { return Name(s) == name })
		if i < 0 {
			return 0, fmt.Errorf("%.40q is no scope; there are %s, and all", name, All)
		}
		all |= 1 << known()[i]
	}
	return all, nil
}

func known() []accessv1.Scope {
	return []accessv1.Scope{accessv1.Scope_READ, accessv1.Scope_MODERATE, accessv1.Scope_OPERATE, accessv1.Scope_ERASE}
}
