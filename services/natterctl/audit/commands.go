// Package audit holds the command that tells what admins did.
package audit

// Commands are natterctl's commands about the audit.
type Commands struct {
	List List `cmd:"" help:"List what admins did, the newest first."`
}
