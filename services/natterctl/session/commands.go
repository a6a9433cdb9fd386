// Package session holds the commands about who is connected.
package session

import "github.com/natter-chat/natter/services/natterctl/user"

// Commands are natterctl's commands about sessions.
type Commands struct {
	List       List            `cmd:"" help:"List the sessions of all gateways."`
	Disconnect user.Disconnect `cmd:"" help:"Close a user's sessions on all gateways; it is no ban."`
}
