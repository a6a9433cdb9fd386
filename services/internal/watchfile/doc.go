// Package watchfile keeps what was made of files, and makes it anew when one of
// them changes: tokens, certificates. So a secret is changed without a restart.
package watchfile
