package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
)

// leastRSA is the shortest modulus that is taken, in bits.
const leastRSA = 2048

// ErrUnknownKey is in the chain of an [Error] about a token whose key is not
// among the known ones. It may be among newer ones.
var ErrUnknownKey = errors.New("the token names a key that is not known here")

// keyset is what a JWKS holds that tokens may be signed with.
type keyset struct {
	byID    map[string]signingKey
	unnamed []signingKey
	// refused says of each other key why it is none of those.
	refused []string
}

// signingKey is a public key with the one algorithm that it fits.
type signingKey struct {
	alg    string
	public crypto.PublicKey
}

// parseKeys reads a JWKS. Keys of other kinds and for other uses are left out;
// a set without any that is left is an error.
func parseKeys(data []byte) (*keyset, error) {
	var set jwkset.JWKSMarshal
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, fmt.Errorf("this is not a JWKS: %w", err)
	}
	keys := &keyset{byID: map[string]signingKey{}}
	for i, jwk := range set.Keys {
		key, err := parseKey(jwk)
		if err != nil {
			keys.refused = append(keys.refused, fmt.Sprintf("key %d (kid %q): %v", i+1, jwk.KID, err))
			continue
		}
		if jwk.KID == "" {
			keys.unnamed = append(keys.unnamed, key)
			continue
		}
		if _, twice := keys.byID[jwk.KID]; twice {
			return nil, fmt.Errorf("the JWKS holds two keys with the kid %q", jwk.KID)
		}
		keys.byID[jwk.KID] = key
	}
	if keys.count() == 0 {
		return nil, fmt.Errorf("the JWKS holds no key for RS256, ES256 or EdDSA %v", keys.refused)
	}
	return keys, nil
}

func (k *keyset) count() int { return len(k.byID) + len(k.unnamed) }

func parseKey(m jwkset.JWKMarshal) (signingKey, error) {
	switch {
	case m.KTY == jwkset.KtyOct || m.K != "":
		return signingKey{}, errors.New("it is symmetric, so whoever reads it could sign; use NATTER_JWT_SECRET for a secret")
	case m.D != "":
		return signingKey{}, errors.New("it holds the private key, which only the issuer may have")
	case m.USE != "" && m.USE != jwkset.UseSig:
		return signingKey{}, fmt.Errorf("it is not for signatures (use %q)", m.USE)
	case len(m.KEYOPS) > 0 && !slices.Contains(m.KEYOPS, jwkset.KeyOpsVerify):
		return signingKey{}, errors.New("it is not for verifying (key_ops)")
	}
	named := string(m.ALG)
	// The key alone counts: no certificate is looked at, and none fetched.
	m.ALG, m.USE, m.KEYOPS, m.X5U, m.X5C, m.X5T, m.X5TS256 = "", "", nil, "", nil, "", ""
	jwk, err := jwkset.NewJWKFromMarshal(m, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if err != nil {
		return signingKey{}, err
	}
	key := signingKey{public: jwk.Key()}
	if key.alg, err = algOf(key.public); err != nil {
		return signingKey{}, err
	}
	if named != "" && named != key.alg && (named != "Ed25519" || key.alg != "EdDSA") {
		return signingKey{}, fmt.Errorf("it is for %s, and only %s is taken with such a key", named, key.alg)
	}
	return key, nil
}

// algOf is the algorithm that a key fits: of each kind, one is taken.
func algOf(key crypto.PublicKey) (string, error) {
	switch k := key.(type) {
	case *rsa.PublicKey:
		if bits := k.N.BitLen(); bits < leastRSA {
			return "", fmt.Errorf("its RSA modulus has %d bits, and at least %d are needed", bits, leastRSA)
		}
		if k.E < 3 || k.E%2 == 0 {
			return "", fmt.Errorf("its RSA exponent is %d", k.E)
		}
		return jwt.SigningMethodRS256.Alg(), nil
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return "", errors.New("its curve is not P-256")
		}
		return jwt.SigningMethodES256.Alg(), nil
	case ed25519.PublicKey:
		return jwt.SigningMethodEdDSA.Alg(), nil
	}
	return "", errors.New("it is neither RSA, nor EC on P-256, nor Ed25519")
}

// find is the key that a token names, for the algorithm that it says.
func (k *keyset) find(header map[string]any, alg string) (crypto.PublicKey, error) {
	key, err := k.named(header)
	if err != nil {
		return nil, err
	}
	if key.alg != alg {
		return nil, fmt.Errorf("the key that the token names is for %s", key.alg)
	}
	return key.public, nil
}

func (k *keyset) named(header map[string]any) (signingKey, error) {
	kid, there := header["kid"]
	if !there {
		if k.count() != 1 {
			return signingKey{}, errors.New("the token does not name its key (kid), and there are several")
		}
		for _, only := range k.byID {
			return only, nil
		}
		return k.unnamed[0], nil
	}
	name, text := kid.(string)
	key, known := k.byID[name]
	if !text || !known {
		return signingKey{}, ErrUnknownKey
	}
	return key, nil
}
