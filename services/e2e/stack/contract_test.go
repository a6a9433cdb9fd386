//go:build e2e

package stack_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// fromOutside are the black-box tests that need nothing but the door: all that
// share a deployment, without those that look at what only a gateway's own
// port shows (the address it is asked at), or have limits of their own.
const fromOutside = "^Test(ConcurrentSenders|BadFields|BadFrames|TenBadRequestsInARow|UnknownFields|Welcome|BadHello|BeforeHello|SecondHello|" +
	"Page|ClientConfig|Headers|Pages|ReadYourWrites|RoomList|Presence|ShortAbsence|MembersAndWhoIsHere|Typing|TypingWithoutAnID|" +
	"ResumeComplete|ResumeWhileOthersWrite|ResumeTruncated|ResumeReset|Fresh|ResumeOfWhatIsNotForOne|" +
	"CreateRoom|RoomWithoutAnID|JoinAndLeave|Devices|Watch|WatchFromSeqOfALiveRoom|Broadcast|PrivateRoomLooksLikeNone|" +
	"CommandsByRole|PrivateRoomIsLikeNone|KickedUnderLoad|MessagesAreFolded|ReadMarks|DirectRooms|SlowMode|" +
	"Send|SendAgain|SpoofedFields|TextLimits|Pipeline|TooLargeFrame|BinaryOnJSON|IDsTwice|" +
	"BadTokens|TokenInURL|TokenExpires|Refresh|UserIDs)$"

// testContract runs the black-box tests against the stack, a third shape of
// natter, through HAProxy.
func testContract(t *testing.T) {
	place := shape.Place{Gateways: []string{plain.Web(), plain.Web()}, History: plain.GRPC()}
	for name, value := range map[string]*string{"jwt-secret": &place.JWTSecret, "service-token": &place.ServiceToken, "admin-token": &place.AdminToken} {
		var err error
		if *value, err = plain.Secret(name); err != nil {
			t.Fatal(err)
		}
	}
	content, err := json.Marshal(place)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "place.json")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-timeout", "8m", "-run", fromOutside, "..")
	tests.Env = append(os.Environ(), shape.Elsewhere+"="+file)
	out, err := tests.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
