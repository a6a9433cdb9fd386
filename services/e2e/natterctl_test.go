package e2e_test

import (
	"encoding/json"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/build"
	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// admins is natterctl on a deployment, wherever its services are, and the exit
// code that it ends with.
func admins(t *testing.T, d *shape.Deployment, args ...string) (out string, exit int) {
	t.Helper()
	text, err := natterctlCommand(t, d, append(args, everyService(d)...)...).CombinedOutput()
	return string(text), exitOf(t, err, args)
}

// printed is what natterctl writes to stdout alone: what a script reads.
func printed(t *testing.T, d *shape.Deployment, args ...string) (out string, exit int) {
	t.Helper()
	text, err := natterctlCommand(t, d, append(args, everyService(d)...)...).Output()
	return string(text), exitOf(t, err, args)
}

func everyService(d *shape.Deployment) []string {
	return []string{"--history-addr", d.History, "--presence-addr", d.Presence, "--gateway-addr", d.GatewayRPC[0]}
}

func exitOf(t *testing.T, err error, args []string) int {
	t.Helper()
	if err == nil {
		return 0
	}
	ended, ok := err.(*exec.ExitError)
	if !ok {
		t.Fatalf("natterctl %s: %v", strings.Join(args, " "), err)
	}
	return ended.ExitCode()
}

// tells runs a command that must succeed, and holds what it prints against
// lines, of which spaces count as one and what is in /…/ is a pattern.
func tells(t *testing.T, d *shape.Deployment, command string, lines ...string) string {
	t.Helper()
	out, exit := admins(t, d, strings.Fields(command)...)
	if exit != 0 {
		t.Fatalf("natterctl %s: exit %d\n%s", command, exit, out)
	}
	var got []string
	for line := range strings.Lines(out) {
		got = append(got, strings.Join(strings.Fields(line), " "))
	}
	for _, line := range lines {
		pattern := regexp.MustCompile("^" + line + "$")
		found := false
		for _, line := range got {
			found = found || pattern.MatchString(line)
		}
		if !found {
			t.Errorf("natterctl %s has no line %q:\n%s", command, line, out)
		}
	}
	return out
}

const aTime = `20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ`

// TestNatterctl: each command, against real services in both shapes: what its
// table shows, that its JSON is JSON, and its exit code.
func TestNatterctl(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo"))
		room := unique(t, "room")

		tells(t, d, "room create Team --id "+room+" --kind private --owner "+ana.user+" --member "+bo.user, "room "+room, "members 2", "kind PRIVATE")
		ana.await("the room is live", 0, func(f client.Frame) bool { return f.Room != nil && f.Room.Room == room })
		tells(t, d, "room update "+room+" --topic topical --slow-mode 3 --archived", "topic topical", "slow mode seconds 3", "archived yes")
		tells(t, d, "room update "+room+" --slow-mode 0 --no-archived", "slow mode seconds 0", "archived no")
		tells(t, d, "room get "+room, "created by "+ana.user)
		tells(t, d, "room list "+room, "ROOM NAME KIND MEMBERS HEAD ARCHIVED", room+" Team PRIVATE 2 3 no")

		tells(t, d, "member add "+room+" cem-of-natterctl "+bo.user+" --role moderator", "USER SEQ MEMBER BEFORE REFUSED", "cem-of-natterctl 5 no -", bo.user+` \d+ yes -`)
		tells(t, d, "member role "+room+" "+bo.user+" reader", "SEQ DONE BEFORE", "6 no")
		tells(t, d, "member role "+room+" "+bo.user+" reader", "6 yes")
		tells(t, d, "member list "+room, "cem-of-natterctl cem-of-natterctl MODERATOR 4 4", bo.user+" "+`.*READER 1 1`)
		tells(t, d, "member mute "+room+" "+bo.user+" --for 1h", "7 no")
		tells(t, d, "member mutes "+room, "USER UNTIL", bo.user+" "+aTime)
		tells(t, d, "member unmute "+room+" "+bo.user, "8 no")
		tells(t, d, "member remove "+room+" "+bo.user+" --reason rules", "9 no")
		tells(t, d, "member ban "+room+" "+bo.user, "10 no")
		tells(t, d, "member bans "+room, bo.user+" for ever")
		if out, exit := admins(t, d, "member", "add", room, bo.user); exit != 4 || !strings.Contains(out, "banned") {
			t.Errorf("a banned user is added: exit %d\n%s", exit, out)
		}
		tells(t, d, "member unban "+room+" "+bo.user, "11 no")

		tells(t, d, "message post "+room+" hello --user bot --id n-1", "SEQ DUPLICATE DURABILITY ID", `12 no (DISK|OS|QUORUM) n-1`)
		tells(t, d, "message post "+room+" hello --user bot --id n-1", `12 yes (DISK|OS|QUORUM) n-1`)
		tells(t, d, "message list "+room, "SEQ TIME USER TEXT", "12 "+aTime+" bot hello")
		tells(t, d, "message search hello --room "+room, room+" 12 "+aTime+" bot hello")
		tells(t, d, "message events "+room+" --after 11", "12 "+aTime+` bot message \{.*\}`)
		tells(t, d, "tail "+room+" --after 0 --count 12", "1 "+aTime+" "+ana.user+` \* created \{.*\}`, "12 "+aTime+" bot hello")
		lines := strings.Split(strings.TrimSpace(tells(t, d, "tail "+room+" --after 0 --count 12 -o json")), "\n")
		for i, line := range lines {
			var e struct{ Seq int }
			if err := json.Unmarshal([]byte(line), &e); err != nil || e.Seq != i+1 {
				t.Errorf("line %d of tail: %v, %s", i, err, line)
			}
		}
		tells(t, d, "message delete "+room+" 12 --yes", "13 "+aTime)
		tells(t, d, "message delete "+room+" 12 --yes", `\(gone before\) -`)

		tells(t, d, "user rooms "+ana.user, "ROOM NAME KIND ROLE READ HEAD", room+` Team PRIVATE OWNER \d+ 13`)
		tells(t, d, "session list --user "+ana.user, "SESSION USER GATEWAY ADDRESS SINCE ROOMS PENDING BYTES AGENT", ana.welcome.Session+" "+ana.user+` \S+ \S+ `+aTime+` 1 \d+ .*`)
		tells(t, d, "presence users "+ana.user, ana.user+" ONLINE -")
		tells(t, d, "presence room "+room, ana.user+" ONLINE -")
		tells(t, d, "announce hear --user "+ana.user, "SESSIONS GATEWAYS", `1 \d+`)
		ana.await("the notice", 0, func(f client.Frame) bool { return f.Notice != nil && f.Notice.Text == "hear" })
		tells(t, d, "gateway list", "GATEWAY SINCE SESSIONS USERS ROOMS READY WHY NOT", `\S+ `+aTime+` \d+ \d+ \d+ yes -`)
		if out, exit := admins(t, d, "gateway", "drain", "nowhere", "--yes"); exit != 1 || !strings.Contains(out, "NOT_FOUND (gateway)") {
			t.Errorf("a gateway that is not there drains: exit %d\n%s", exit, out)
		}
		tells(t, d, "status", "SERVICE REPLICA READY ABOUT", `history \S+ yes writes \d of 4 partitions; store sqlite`, `presence \S+ yes .*`, `gateway \S+ yes .*`, "PARTITION OWNER LOG STORE BEHIND TROUBLE")
		tells(t, d, "store status", `0 \S+ \d+ \d+ \d+ \d+ \d+ -`)
		tells(t, d, "user revoke "+bo.user, "user "+bo.user)
		bo.closed(4403)
		tells(t, d, "session disconnect "+ana.user, "sessions closed 1")
	})
}

// TestNatterctlInJSON: every list and answer is JSON, with every field, and
// nothing stands beside it on stdout, also where there is more to tell.
func TestNatterctlInJSON(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		room := unique(t, "room")
		for _, c := range []struct{ command, field string }{
			{"room create Team --id " + room, "room"}, {"room list " + room, "rooms"}, {"room get " + room, "member"}, {"member list " + room, "members"},
			{"member add " + room + " ana", "members"}, {"member bans " + room, "bans"}, {"member mutes " + room, "mutes"}, {"member ban " + room + " ana", "change"},
			{"message events " + room + " --limit 1", "events"},
			{"message list " + room, "messages"}, {"message search x", "hits"}, {"message events " + room, "events"}, {"user rooms ana", "rooms"},
			{"session list", "sessions"}, {"gateway list", "gateways"}, {"announce hello --user nobody", "sessions"}, {"presence room " + room, "room"},
			{"presence users ana", "users"}, {"status", "history"}, {"store status", "partitions"}, {"room delete " + room + " --yes", "change"},
		} {
			out, exit := printed(t, d, append(strings.Fields(c.command), "-o", "json")...)
			var answer map[string]json.RawMessage
			err := json.Unmarshal([]byte(out), &answer)
			if _, there := answer[c.field]; exit != 0 || err != nil || !there && c.field != "member" {
				t.Errorf("%s: exit %d, %v\n%s", c.command, exit, err, out)
			}
		}
	})
}

// TestNatterctlCompletes what a shell asks for.
func TestNatterctlCompletes(t *testing.T) {
	t.Parallel()
	path, err := shared.programs.Path(build.Natterctl())
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{"natterctl mem": "member", "natterctl member ": "unban", "natterctl room create --k": "--kind", "natterctl room create --kind ": "broadcast"} {
		cmd := exec.CommandContext(t.Context(), path)
		cmd.Env = []string{"COMP_LINE=" + line, "PATH=/bin", "HOME=/nonexistent"}
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains("\n"+string(out), "\n"+want+"\n") {
			t.Errorf("%q: %v\n%s", line, err, out)
		}
	}
}

// TestNatterctlCompletionLoads: what it prints for each shell is what that shell
// reads, and bash completes by it.
func TestNatterctlCompletionLoads(t *testing.T) {
	t.Parallel()
	path, err := shared.programs.Path(build.Natterctl())
	if err != nil {
		t.Fatal(err)
	}
	for shell, want := range map[string]string{"bash": "complete -o", "zsh": "bashcompinit", "fish": "complete -f -c natterctl"} {
		out, err := exec.CommandContext(t.Context(), path, "completion", "-c", shell).Output()
		if err != nil || !strings.Contains(string(out), want) || !strings.Contains(string(out), path) {
			t.Errorf("for %s: %v\n%s", shell, err, out)
		}
		at, err := exec.LookPath(shell)
		if err != nil && shell != "bash" {
			continue // the shell is not there; what it is given was looked at
		}
		script := string(out)
		if shell == "bash" {
			script += "\ncomplete -p natterctl"
		}
		cmd := exec.CommandContext(t.Context(), at, "-c", script)
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s does not load it: %v\n%s", shell, err, said)
		}
	}
}
