// Package archive holds the commands that take history out of a deployment and
// bring it into one. The format of the files is described in EXPORT.md.
package archive

// Export is natterctl's commands that write files.
type Export struct {
	Room ExportRoom `cmd:"" help:"Write a room's whole past into a file."`
	User ExportUser `cmd:"" help:"Write all that is kept of a user into a file."`
}
