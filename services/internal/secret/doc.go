// Package secret makes, keeps and judges the secrets that services share:
// tokens between them, and keys that sign.
package secret
