package webhook

import (
	"crypto/hmac"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Tolerance is how far the time of a signature may be from the receiver's.
const Tolerance = 5 * time.Minute

// maxHeader bounds the signature header, in bytes.
const maxHeader = 1024

// Errors of [Verify].
var (
	// ErrHeader says that the header has another form.
	ErrHeader = errors.New("webhook: the signature header is not t=<Unix seconds>,v1=<hex>")
	// ErrExpired says that the time is too far from now: an old delivery that
	// somebody sends again, or a clock that is wrong.
	ErrExpired = errors.New("webhook: the signature's time is too far from now")
	// ErrSignature says that no signature is that of the secret and the body.
	ErrSignature = errors.New("webhook: no signature fits")
)

// Verify tells whether a body came from who knows the secret, not long before
// or after now: nil, or one of the errors above. body is as it came, before it
// is decoded. Safe for concurrent use.
func Verify(secret, header string, body []byte, now time.Time) error {
	t, signatures, err := parse(header)
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(t, 10, 64)
	if err != nil {
		return ErrHeader
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > Tolerance || age < -Tolerance {
		return ErrExpired
	}
	want := sum(secret, t, body)
	for _, signature := range signatures {
		if hmac.Equal(signature, want) {
			return nil
		}
	}
	return ErrSignature
}

// parse takes a header apart. What it does not know it leaves out, so that
// there can be a v2.
func parse(header string) (t string, signatures [][]byte, err error) {
	if len(header) > maxHeader {
		return "", nil, ErrHeader
	}
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "t":
			if t != "" || value == "" {
				return "", nil, ErrHeader
			}
			t = value
		case "v1":
			signature, err := hex.DecodeString(value)
			if err != nil {
				return "", nil, ErrHeader
			}
			signatures = append(signatures, signature)
		}
	}
	if t == "" || len(signatures) == 0 {
		return "", nil, ErrHeader
	}
	return t, signatures, nil
}
