package shape

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/natter-chat/natter/services/internal/access"
)

// TokensFile is the file of the deployment's admins.
func (d *Deployment) TokensFile() string { return filepath.Join(d.cfg.Dir, "admin-tokens") }

// mint makes an admin of each scope, whose name is "only-" and the scope.
func (d *Deployment) mint() error {
	d.Scoped = map[string]string{}
	var lines []string
	for scope := range strings.SplitSeq(access.All.String(), ",") {
		scopes, err := access.ParseScopes(scope)
		if err != nil {
			return err
		}
		token, digest := access.Mint()
		d.Scoped[scope] = token
		lines = append(lines, access.Entry{Name: "only-" + scope, Scopes: scopes, Digest: &digest}.String())
	}
	return os.WriteFile(d.TokensFile(), []byte(strings.Join(lines, "\n")+"\n"), 0o600)
}
