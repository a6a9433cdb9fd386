package access

import "github.com/natter-chat/natter/services/internal/secret"

// tokenPrefix lets people, and programs that look for secrets in the wrong
// places, know a token of natter's.
const tokenPrefix = "natter_"

// Mint makes a token of 256 random bits, and its digest.
func Mint() (token string, digest Digest) {
	token = tokenPrefix + secret.New()
	return token, DigestOf(token)
}
