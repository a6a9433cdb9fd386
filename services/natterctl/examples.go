package natterctl

import (
	"strings"

	"github.com/alecthomas/kong"
)

// examples are shown by --help of each command.
var examples = map[string][]string{
	"status":              {"status", "status -o json", "status --history-addr history:9090 --presence-addr presence:9090 --gateway-addr gateway:9090"},
	"room list":           {"room list", "room list team --limit 0", "room list -o json"},
	"room get":            {"room get lobby"},
	"room create":         {"room create Lobby --id lobby", "room create 'Team A' --owner ana --kind private --member ben --member cem"},
	"room update":         {"room update lobby --topic 'Ask anything' --slow-mode 5", "room update lobby --archived"},
	"room delete":         {"room delete old-project", "room delete old-project --yes"},
	"room members":        {"room members lobby"},
	"member list":         {"member list lobby", "member list lobby --limit 0 -o json"},
	"member add":          {"member add lobby ana ben", "member add lobby ana --role moderator"},
	"member remove":       {"member remove lobby ben --reason 'please read the rules'"},
	"member role":         {"member role lobby ana moderator"},
	"member ban":          {"member ban lobby ben --for 24h --reason spam", "member ban lobby ben"},
	"member unban":        {"member unban lobby ben"},
	"member bans":         {"member bans lobby"},
	"member mute":         {"member mute lobby ben --for 1h"},
	"member unmute":       {"member unmute lobby ben"},
	"member mutes":        {"member mutes lobby"},
	"message list":        {"message list lobby", "message list lobby --before 120 --limit 20", "message list lobby --thread 17"},
	"message search":      {"message search 'budget \"next year\"'", "message search deploy* --room ops --from ana"},
	"message post":        {"message post lobby 'Hello all' --user bot --name 'The bot'", "message post lobby - --user bot --id release-1.2", "message post lobby 'On my way' --user ana --as-user"},
	"message events":      {"message events lobby --after 100"},
	"message delete":      {"message delete lobby 17", "message delete lobby 17 --yes"},
	"tail":                {"tail lobby", "tail lobby --after 0 -o json", "tail lobby --last 100 --count 100"},
	"user rooms":          {"user rooms ana"},
	"user revoke":         {"user revoke ana", "user revoke ana --before 2026-03-01T12:00:00Z"},
	"user disconnect":     {"user disconnect ana --reason 'maintenance' --may-return"},
	"user erase":          {"user erase ana", "user erase guest:3f9a --yes"},
	"session list":        {"session list", "session list --user ana", "session list --room lobby --limit 0 -o json"},
	"session disconnect":  {"session disconnect ana"},
	"presence room":       {"presence room lobby"},
	"presence users":      {"presence users ana ben"},
	"presence watch":      {"presence watch lobby"},
	"announce":            {"announce 'We move to a new server in five minutes.'", "announce 'This room closes tonight' --room old-project", "announce hello --user ana --data '{\"level\": \"info\"}'"},
	"gateway list":        {"gateway list"},
	"gateway drain":       {"gateway drain 3fK9 --within 2m", "gateway drain 3fK9 --yes"},
	"export room":         {"export room lobby lobby.jsonl"},
	"export user":         {"export user ana ana.jsonl"},
	"import":              {"import lobby.jsonl", "import -"},
	"backup":              {"backup natter.backup"},
	"restore":             {"restore natter.backup"},
	"store status":        {"store status"},
	"store accept-gap":    {"store accept-gap --partition 2 --from 100 --to 199"},
	"bench":               {"bench --users 20 --rooms 2 --rate 50 --for 10s --jwt-secret-file data/secrets/jwt-secret"},
	"token":               {"token --user ana --name Ana --jwt-secret-file data/secrets/jwt-secret", "token --user ana --ttl 10m"},
	"secrets make":        {"secrets deploy/secrets"},
	"secrets admin-token": {"secrets admin-token --name ci --scopes read,moderate --for 2160h"},
	"audit list":          {"audit list --user ana --since 2027-01-01T00:00:00Z", "audit list --method Erase --limit 0 -o json"},
	"webhook create":      {"webhook create https://example.com/natter --room lobby", "webhook create https://example.com/natter --room 'team-*' --kind message --kind edited"},
	"webhook list":        {"webhook list"},
	"webhook get":         {"webhook get 3fK9"},
	"webhook update":      {"webhook update 3fK9 --url https://example.com/other"},
	"webhook delete":      {"webhook delete 3fK9", "webhook delete 3fK9 --yes"},
	"webhook test":        {"webhook test 3fK9"},
	"webhook dead":        {"webhook dead 3fK9"},
	"webhook retry":       {"webhook retry 3fK9"},
	"room retention":      {"room retention lobby --age 90d", "room retention lobby --count 10000 --yes", "room retention lobby --inherit"},
	"completion":          {"completion", "completion bash"},
}

// profiles is shown by natterctl --help.
const profiles = `The file of profiles names deployments, and what to say on the command line of each:

    default: local
    profiles:
      local:
        addr: 127.0.0.1:9090
        token-file: /srv/natter/data/secrets/admin-token
      live:
        addr: natter.example.com:9090
        token-file: /home/me/live.token
        tls-ca: /home/me/live-ca.pem`

// showExamples puts the examples below the help of each command.
func showExamples(root *kong.Node) {
	root.Detail = profiles
	for _, leaf := range root.Leaves(true) {
		var lines []string
		for _, example := range examples[pathOf(leaf)] {
			lines = append(lines, "    natterctl "+example)
		}
		if len(lines) > 0 {
			leaf.Detail = strings.TrimSpace(leaf.Detail + "\n\nExamples:\n\n" + strings.Join(lines, "\n"))
		}
	}
}

// pathOf is how a command is called, without the program.
func pathOf(n *kong.Node) string {
	names := []string{n.Name}
	for up := n.Parent; up != nil && up.Type == kong.CommandNode; up = up.Parent {
		names = append([]string{up.Name}, names...)
	}
	return strings.Join(names, " ")
}
