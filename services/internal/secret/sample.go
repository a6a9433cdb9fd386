package secret

import "strings"

// isSample tells the secrets that people paste or make up in a hurry: those of
// tutorials and of jwt.io, and what is put together of such words and digits
// alone, like "my-super-secret-jwt-key-2024".
func isSample(value string) bool {
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(value))
	if strings.HasPrefix("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", plain) && plain != "" {
		return true
	}
	// reached[i]: the first i bytes are words and digits.
	reached := make([]bool, len(plain)+1)
	reached[0] = true
	for i := range plain {
		if !reached[i] {
			continue
		}
		if plain[i] <= '9' {
			reached[i+1] = true
		}
		for _, word := range sampleWords() {
			if strings.HasPrefix(plain[i:], word) {
				reached[i+len(word)] = true
			}
		}
	}
	return reached[len(plain)]
}

func sampleWords() []string {
	return []string{
		"a", "access", "admin", "at", "authentication", "auth", "bit", "bits", "bytes", "change", "changed", "changeit", "changeme", "characters", "chat", "default",
		"dev", "development", "do", "dummy", "enter", "example", "foo", "bar", "foobar", "for", "generate", "guest", "here", "hmac", "hs", "in", "insecure", "insert",
		"is", "it", "jwt", "key", "least", "letmein", "local", "localhost", "long", "lorem", "ipsum", "me", "must", "my", "natter", "not", "only", "pass", "passphrase",
		"password", "placeholder", "please", "prod", "production", "put", "qwerty", "random", "replace", "safe", "sample", "secret", "secrets", "service", "sha",
		"signing", "some", "string", "super", "test", "testing", "that", "the", "this", "to", "todo", "token", "tokens", "topsecret", "use", "value", "very", "with",
		"word", "your", "yours",
	}
}
