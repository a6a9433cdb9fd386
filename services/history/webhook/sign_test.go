package webhook

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var signedAt = time.Unix(1_700_000_000, 0)

// TestSignatureNeverChanges: receivers verify it with code of their own.
func TestSignatureNeverChanges(t *testing.T) {
	const want = "t=1700000000,v1=bdc18fd06f4aea8ed9a83c5491c8e726630146dc09fe64bb593f749b030c20c0"
	if got := Sign([]string{"a secret of this test"}, []byte(`{"a":1}`), signedAt); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestVerify(t *testing.T) {
	body := []byte(`{"events":[]}`)
	header := Sign([]string{"new", "old"}, body, signedAt)
	for _, secret := range []string{"new", "old"} { // while a secret is replaced, both hold
		if err := Verify(secret, header, body, signedAt.Add(Tolerance)); err != nil {
			t.Errorf("%s: %v", secret, err)
		}
	}
	one := Sign([]string{"new"}, body, signedAt)
	for what, c := range map[string]struct {
		secret, header string
		body           []byte
		now            time.Time
		want           error
	}{
		"another secret":   {"other", header, body, signedAt, ErrSignature},
		"another body":     {"new", header, []byte(`{"events":[ ]}`), signedAt, ErrSignature},
		"another time":     {"new", strings.Replace(header, "t=1700000000", "t=1700000001", 1), body, signedAt, ErrSignature},
		"too late":         {"new", header, body, signedAt.Add(Tolerance + time.Second), ErrExpired},
		"too early":        {"new", header, body, signedAt.Add(-Tolerance - time.Second), ErrExpired},
		"nothing":          {"new", "", body, signedAt, ErrHeader},
		"no time":          {"new", strings.TrimPrefix(one, "t=1700000000,"), body, signedAt, ErrHeader},
		"no signature":     {"new", "t=1700000000", body, signedAt, ErrHeader},
		"two times":        {"new", "t=1," + one, body, signedAt, ErrHeader},
		"no number":        {"new", strings.Replace(one, "t=17", "t=x7", 1), body, signedAt, ErrHeader},
		"not hexadecimal":  {"new", one + "x", body, signedAt, ErrHeader},
		"another version":  {"new", strings.Replace(one, "v1=", "v2=", 1), body, signedAt, ErrHeader},
		"much of anything": {"new", one + strings.Repeat(",x=y", 1000), body, signedAt, ErrHeader},
	} {
		if err := Verify(c.secret, c.header, c.body, c.now); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", what, err, c.want)
		}
	}
	if err := Verify("new", one+",v2=abc", body, signedAt); err != nil {
		t.Errorf("what is not known yet is not left out: %v", err)
	}
}

// FuzzVerify: no header passes but one with the signature, and none harms.
func FuzzVerify(f *testing.F) {
	good := Sign([]string{"a secret"}, []byte("body"), signedAt)
	for _, header := range []string{"", good, "t=,v1=", "t=1,v1=00", good + "," + good, ",,=,t", "v1=zz,t=1", "t=99999999999999999999,v1=00", "t=-9223372036854775808,v1=00"} {
		f.Add(header, "body")
	}
	f.Fuzz(func(t *testing.T, header, body string) {
		err := Verify("a secret", header, []byte(body), signedAt)
		_, signature, _ := strings.Cut(Sign([]string{"a secret"}, []byte(body), signedAt), ",v1=")
		if err == nil && strings.Contains(header, "t=1700000000") && !strings.Contains(strings.ToLower(header), signature) {
			t.Fatalf("%q passes for %q", header, body)
		}
		if err != nil && !errors.Is(err, ErrHeader) && !errors.Is(err, ErrExpired) && !errors.Is(err, ErrSignature) {
			t.Fatalf("%q: %v", header, err)
		}
	})
}
