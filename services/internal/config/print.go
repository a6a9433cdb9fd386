package config

import (
	"encoding"
	"fmt"
	"io"
	"net/url"
	"reflect"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"
)

// printSettings writes a line NAME=value for each setting that has a variable, so
// that the output is itself an environment file (but for the secrets).
func printSettings(w io.Writer, flags []*kong.Flag) error {
	for _, flag := range flags {
		if len(flag.Envs) == 0 {
			continue
		}
		if _, err := fmt.Fprintf(w, "%s=%s\n", flag.Envs[0], shown(flag)); err != nil {
			return err
		}
	}
	return nil
}

func shown(flag *kong.Flag) string {
	if !isSecret(flag) || flag.Tag.Get("secret") == "url" {
		return text(flag.Target)
	}
	if flag.Target.IsZero() {
		return "(unset)"
	}
	return "(set)"
}

func text(v reflect.Value) string {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return ""
		}
		return text(v.Elem())
	}
	if m, ok := v.Interface().(encoding.TextMarshaler); ok {
		if b, err := m.MarshalText(); err == nil {
			return string(b)
		}
	}
	if s, ok := v.Interface().(fmt.Stringer); ok {
		return s.String()
	}
	if v.Kind() == reflect.Slice {
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = text(v.Index(i))
		}
		return strings.Join(parts, ",")
	}
	return withoutPassword(fmt.Sprint(v.Interface()))
}

// withoutPassword masks the password in a URL, such as a server's, wherever it
// may stand in it.
func withoutPassword(value string) string {
	u, err := url.Parse(value)
	if err != nil {
		if strings.Contains(value, "://") {
			return "(not a URL)"
		}
		return value
	}
	query := u.Query()
	masked := false
	for _, name := range []string{"password", "sslpassword"} {
		if query.Has(name) {
			query.Set(name, "xxxxx")
			masked = true
		}
	}
	if masked {
		u.RawQuery = query.Encode()
	}
	if masked || u.User != nil {
		return u.Redacted()
	}
	return value
}

// release is the version of a build that knows no repository, such as an image's;
// the linker sets it (-X).
var release string

// Version is what the build says of this program.
func Version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(unknown)"
	}
	return info.Main.Version
}
