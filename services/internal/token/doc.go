// Package token reads and makes the tokens by which users show who they are.
//
// A token is a JWT with OIDC's claim names. It is signed with HS256 and a
// secret, or with RS256, ES256 or EdDSA and a key of the issuer's JWKS, which
// its kid names. The algorithm is the configured key's, never the token's own
// choice: a secret checks HS256 alone, a public key the one algorithm that it
// fits. Where both are configured, both kinds of token hold. Two makers are
// told apart: the application's issuer, and natter itself, which makes tokens
// for guests, with a secret of their own. A guest's user id begins with
// "guest:", an issuer's must not, so neither can make the other's users.
package token
