package webhook

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// snippet is the code of a language in the README.
func snippet(t *testing.T, language string) string {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?s)```" + language + "\n(.*?)```").FindSubmatch(readme)
	if found == nil {
		t.Fatalf("there is no code in %s", language)
	}
	code := string(found[1])
	_, body, _ := strings.Cut(code, "\n\n")
	if body == "" {
		body = code
	}
	if n := strings.Count(body, "\n"); n > 11 {
		t.Errorf("the code in %s has %d lines", language, n)
	}
	return code
}

// verifiers are programs that exit with 0 if their arguments, the secret and
// the header, fit what they read.
func verifiers(t *testing.T) map[string][]string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, code string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(code), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	python := write("verify.py", snippet(t, "python")+"\nimport sys\nsys.exit(0 if verify(sys.argv[1], sys.argv[2], sys.stdin.buffer.read()) else 1)\n")
	node := write("verify.js", snippet(t, "js")+"\nprocess.exit(verify(process.argv[2], process.argv[3], require('node:fs').readFileSync(0)) ? 0 : 1);\n")
	program := write("verify.go", `package main
import ("crypto/hmac"; "crypto/sha256"; "encoding/hex"; "io"; "os"; "slices"; "strconv"; "strings"; "time")
`+snippet(t, "go")+`
func main() {
	body, err := io.ReadAll(os.Stdin)
	if err != nil || !verify(os.Args[1], os.Args[2], body) {
		os.Exit(1)
	}
}
`)
	binary := filepath.Join(dir, "verify")
	if out, err := exec.Command("go", "build", "-o", binary, program).CombinedOutput(); err != nil {
		t.Fatalf("the code in Go: %v\n%s", err, out)
	}
	return map[string][]string{"Python": {"python3", python}, "Node": {"node", node}, "Go": {binary}}
}

// TestREADMEVerifies: the code that it shows takes what natter signs, and
// nothing else.
func TestREADMEVerifies(t *testing.T) {
	const secret, body = "a secret of this test", `{"text":"naïve 👍"}`
	for language, command := range verifiers(t) {
		now := time.Now() // building them may take long
		good := Sign([]string{secret}, []byte(body), now)
		for what, c := range map[string]struct {
			header, body string
			want         int
		}{
			"what natter signs":      {good, body, 0},
			"signed by the old one":  {Sign([]string{"another secret", secret}, []byte(body), now), body, 0},
			"signed by the new one":  {Sign([]string{secret, "another secret"}, []byte(body), now), body, 0},
			"another secret":         {Sign([]string{"another secret"}, []byte(body), now), body, 1},
			"another body":           {good, body + " ", 1},
			"old":                    {Sign([]string{secret}, []byte(body), now.Add(-time.Hour)), body, 1},
			"of the future":          {Sign([]string{secret}, []byte(body), now.Add(time.Hour)), body, 1},
			"no signature":           {strings.SplitN(good, ",", 2)[0], body, 1},
			"nothing":                {"", body, 1},
			"no hexadecimal":         {strings.SplitN(good, ",", 2)[0] + ",v1=é", body, 1},
			"a signature of no time": {good[strings.Index(good, "v1="):], body, 1},
		} {
			run := exec.Command(command[0], append(command[1:], secret, c.header)...)
			run.Stdin = strings.NewReader(c.body)
			out, err := run.CombinedOutput()
			if got := run.ProcessState.ExitCode(); got != c.want || strings.Contains(string(out), "rror") {
				t.Errorf("%s, %s: exit %d, want %d (%v)\n%s", language, what, got, c.want, err, out)
			}
		}
	}
}
