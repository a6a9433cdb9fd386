// Package token reads and makes the tokens by which users show who they are.
//
// A token is a JWT with OIDC's claim names, signed with HS256; the algorithm
// is fixed and never taken from the token. Two kinds are told apart: those of
// the application's issuer, and those that natter makes for guests, with a
// secret of their own. A guest's user id begins with "guest:", an issuer's
// must not, so neither secret can make the other's users.
package token
