// Package certs makes TLS of files that may be replaced while a program runs:
// the next connection gets the new certificate and is judged by the new
// authorities; those that are open go on.
package certs
