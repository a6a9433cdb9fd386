package frame

import (
	"math"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

func TestReadAcceptsEveryRequest(t *testing.T) {
	for _, text := range goodFrames {
		request, fault := Read(JSON(), []byte(text), DefaultLimits())
		if fault != nil {
			t.Errorf("%s: %v", text, fault)
			continue
		}
		want := &clientv1.ClientFrame{}
		if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal([]byte(text), want); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !proto.Equal(request, want) {
			t.Errorf("%s:\n got %v\nwant %v", text, request, want)
		}
		raw, err := proto.Marshal(request)
		if err != nil {
			t.Fatal(err)
		}
		again, fault := Read(Binary(), raw, DefaultLimits())
		if fault != nil || !proto.Equal(again, want) {
			t.Errorf("%s in binary: %v, %v", text, again, fault)
		}
	}
}

func TestEveryRequestIsTried(t *testing.T) {
	tried := map[string]bool{}
	for _, text := range goodFrames {
		request, _ := JSON().Decode([]byte(text))
		m := request.ProtoReflect()
		tried[string(m.WhichOneof(m.Descriptor().Oneofs().ByName("request")).Name())] = true
	}
	requests := (*clientv1.ClientFrame)(nil).ProtoReflect().Descriptor().Oneofs().ByName("request").Fields()
	for i := range requests.Len() {
		if name := string(requests.Get(i).Name()); !tried[name] {
			t.Errorf("no example of %s", name)
		}
	}
}

// goodFrames are examples of every request, in the forms that canonical JSON
// allows.
var goodFrames = []string{
	`{"id":1,"hello":{"token":"t","resume":[]}}`,
	`{"id":1,"hello":{"token":"t","agent":"a/1","state":"AWAY","epoch":"1700000000000","resume":[{"room":"lobby","seq":7},{"room":"r-2","seq":0}]}}`,
	` { "hello" : { "token" : "" } , "id" : 4294967295 } `,
	`{"id":2,"refresh":{"token":"t"}}`,
	`{"id":3,"ping":{}}`,
	`{"id":3,"ping":{},"unknown":{"deep":[1,2,{"x":null}]}}`,
	`{"id":3,"ping":{},"pong":null,"edit":null}`,
	`{"id":"4","send":{"room":"lobby","clientMsgId":"c1","text":"hello"}}`,
	`{"id":4e0,"send":{"room":"lobby","client_msg_id":"c1","text":"h\u00e9 \ud83d\ude00 \"\\\/\b\f\n\r\t <>&","data":{"a":[1,2.5,-3e2,true,false,null,"x",{"y":{}}]},"replyTo":1,"thread":2,"attempt":1}}`,
	`{"id":5,"edit":{"room":"lobby","seq":1.0,"text":"x"}}`,
	`{"id":6,"delete":{"room":"lobby","seq":1}}`,
	`{"id":7,"react":{"room":"lobby","seq":1,"emoji":"👍🏽","remove":true}}`,
	`{"typing":{"room":"lobby"}}`,
	`{"id":8,"typing":{"room":"lobby","stop":true}}`,
	`{"id":9,"read":{"room":"lobby","seq":0}}`,
	`{"id":10,"status":{"state":"INVISIBLE","text":"away"}}`,
	`{"signal":{"room":"lobby","name":"cursor","data":{"x":1}}}`,
	`{"id":11,"createRoom":{"name":"A room","kind":"PUBLIC"}}`,
	`{"id":11,"createRoom":{"room":"a-room_1","name":"名前","kind":3,"topic":"","members":["ana","bo@example.com"]}}`,
	`{"id":12,"openDirect":{"user":"guest:abc"}}`,
	`{"id":13,"updateRoom":{"room":"lobby","archived":false}}`,
	`{"id":13,"updateRoom":{"room":"lobby","name":"n","topic":"t","slowModeSeconds":21600}}`,
	`{"id":14,"deleteRoom":{"room":"lobby"}}`,
	`{"id":15,"join":{"room":"0"}}`,
	`{"id":16,"leave":{"room":"lobby"}}`,
	`{"id":17,"invite":{"room":"lobby","user":"ana"}}`,
	`{"id":18,"kick":{"room":"lobby","user":"ana","reason":"spam"}}`,
	`{"id":19,"ban":{"room":"lobby","user":"ana","until":"2027-01-02T03:04:05.5+01:00"}}`,
	`{"id":20,"unban":{"room":"lobby","user":"ana"}}`,
	`{"id":21,"mute":{"room":"lobby","user":"ana"}}`,
	`{"id":22,"unmute":{"room":"lobby","user":"ana"}}`,
	`{"id":23,"setRole":{"room":"lobby","user":"ana","role":"MODERATOR"}}`,
	`{"id":24,"watch":{"room":"lobby","seq":5}}`,
	`{"id":25,"unwatch":{"room":"lobby"}}`,
	`{"id":26,"rooms":{}}`,
	`{"id":26,"rooms":{"query":"lob","cursor":"x","limit":100}}`,
	`{"id":27,"members":{"room":"lobby"}}`,
	`{"id":28,"presence":{"room":"lobby"}}`,
	`{"id":29,"messages":{"room":"lobby","around":7,"thread":3,"limit":1}}`,
	`{"id":30,"search":{"query":"a \"b c\"","room":"lobby","from":"ana","before":"2027-01-02T03:04:05Z","after":"2026-01-02T03:04:05Z","cursor":"x","limit":5}}`,
}

func TestReadNamesWhatIsWrong(t *testing.T) {
	long := strings.Repeat("x", 20_000)
	deep := strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)
	for _, tt := range []struct {
		name, frame string
		re          uint32
		code        string
		field       string
	}{
		{"nothing", ``, 0, "BAD_REQUEST", ""},
		{"no JSON", `hello`, 0, "BAD_REQUEST", ""},
		{"a list", `[1]`, 0, "BAD_REQUEST", ""},
		{"cut off", `{"id":7,"ping":{`, 7, "BAD_REQUEST", ""},
		{"trailing data", `{"id":7,"ping":{}} x`, 7, "BAD_REQUEST", ""},
		{"trailing comma", `{"id":7,"ping":{},}`, 7, "BAD_REQUEST", ""},
		{"NaN", `{"id":7,"read":{"room":"lobby","seq":NaN}}`, 7, "BAD_REQUEST", ""},
		{"comment", `{"id":7,/**/"ping":{}}`, 7, "BAD_REQUEST", ""},
		{"leading zero", `{"id":07,"ping":{}}`, 0, "BAD_REQUEST", ""},
		{"raw control character", "{\"id\":7,\"send\":{\"text\":\"a\nb\"}}", 7, "BAD_REQUEST", ""},
		{"bad escape", `{"id":7,"send":{"text":"\x"}}`, 7, "BAD_REQUEST", ""},
		{"too deep", `{"id":7,"send":{"room":"lobby","clientMsgId":"c","text":"x","data":` + deep + `}}`, 7, "BAD_REQUEST", ""},
		{"too deep, unknown", `{"id":7,"ping":{},"x":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`, 7, "BAD_REQUEST", ""},
		{"no request", `{"id":7}`, 7, "BAD_REQUEST", ""},
		{"unknown request", `{"id":7,"shout":{}}`, 7, "BAD_REQUEST", ""},
		{"two requests", `{"id":7,"ping":{},"join":{"room":"lobby"}}`, 7, "BAD_REQUEST", ""},
		{"the same twice", `{"id":7,"ping":{},"ping":{}}`, 7, "BAD_REQUEST", "ping"},
		{"the same and null", `{"id":7,"ping":{},"ping":null}`, 7, "BAD_REQUEST", "ping"},
		{"null and the same", `{"id":7,"ping":null,"ping":{}}`, 7, "BAD_REQUEST", "ping"},
		{"id missing", `{"ping":{}}`, 0, "BAD_REQUEST", "id"},
		{"id zero", `{"id":0,"ping":{}}`, 0, "BAD_REQUEST", "id"},
		{"id negative", `{"id":-1,"ping":{}}`, 0, "BAD_REQUEST", "id"},
		{"id too large", `{"id":4294967296,"ping":{}}`, 0, "BAD_REQUEST", "id"},
		{"id a fraction", `{"id":1.5,"ping":{}}`, 0, "BAD_REQUEST", "id"},
		{"id a word", `{"id":"one","ping":{}}`, 0, "BAD_REQUEST", "id"},
		{"id twice", `{"id":1,"id":2,"ping":{}}`, 1, "BAD_REQUEST", "id"},
		{"request not an object", `{"id":7,"ping":1}`, 7, "BAD_REQUEST", "ping"},
		{"wrong type before the id", `{"send":{"room":5,"clientMsgId":"c","text":"x"},"id":7}`, 7, "BAD_REQUEST", "room"},
		{"text a number", `{"id":7,"send":{"room":"lobby","clientMsgId":"c","text":5}}`, 7, "BAD_REQUEST", "text"},
		{"field twice", `{"id":7,"send":{"room":"lobby","room":"lobby","clientMsgId":"c","text":"x"}}`, 7, "BAD_REQUEST", "room"},
		{"room missing", `{"id":7,"join":{}}`, 7, "BAD_REQUEST", "room"},
		{"room wildcard", `{"id":7,"join":{"room":">"}}`, 7, "BAD_REQUEST", "room"},
		{"room dotted", `{"id":7,"join":{"room":"a.b"}}`, 7, "BAD_REQUEST", "room"},
		{"room upper case", `{"id":7,"join":{"room":"Lobby"}}`, 7, "BAD_REQUEST", "room"},
		{"room with CR LF", `{"id":7,"join":{"room":"a\r\nPUB x"}}`, 7, "BAD_REQUEST", "room"},
		{"room of 20 KB", `{"id":7,"watch":{"room":"` + long + `"}}`, 7, "BAD_REQUEST", "room"},
		{"text missing", `{"id":7,"send":{"room":"lobby","clientMsgId":"c"}}`, 7, "BAD_REQUEST", "text"},
		{"text empty", `{"id":7,"send":{"room":"lobby","clientMsgId":"c","text":""}}`, 7, "BAD_REQUEST", "text"},
		{"text white space", `{"id":7,"send":{"room":"lobby","clientMsgId":"c","text":" \n\t\u2003\u200b"}}`, 7, "BAD_REQUEST", "text"},
		{"text with NUL", `{"id":7,"send":{"room":"lobby","clientMsgId":"c","text":"a\u0000b"}}`, 7, "BAD_REQUEST", "text"},
		{"text with a tower of marks", `{"id":7,"send":{"room":"lobby","clientMsgId":"c","text":"e` + strings.Repeat("\u0301", 31) + `"}}`, 7, "BAD_REQUEST", "text"},
		{"name with a tower of marks", `{"id":7,"createRoom":{"name":"e` + strings.Repeat("\u0301", 31) + `","kind":"PUBLIC"}}`, 7, "BAD_REQUEST", "name"},
		{"text half a surrogate", `{"id":7,"send":{"room":"lobby","clientMsgId":"c","text":"a\ud83d"}}`, 7, "BAD_REQUEST", "text"},
		{"unknown name half a surrogate", `{"id":7,"send":{"room":"lobby","clientMsgId":"c","text":"a","x\ude00":1}}`, 7, "BAD_REQUEST", ""},
		{"unknown value half a surrogate", `{"id":7,"send":{"room":"lobby","clientMsgId":"c","text":"a","x":[{"y":"\ud83d"}]}}`, 7, "BAD_REQUEST", ""},
		{"data's name half a surrogate", `{"id":7,"send":{"room":"lobby","clientMsgId":"c","text":"a","data":{"\ud83d":1}}}`, 7, "BAD_REQUEST", "data"},
		{"text surrogates reversed", `{"id":7,"send":{"room":"lobby","clientMsgId":"c","text":"\ude00\ud83d"}}`, 7, "BAD_REQUEST", "text"},
		{"text too long", `{"id":7,"send":{"room":"lobby","clientMsgId":"c","text":"` + long + `"}}`, 7, "TOO_LARGE", "text"},
		{"clientMsgId missing", `{"id":7,"send":{"room":"lobby","text":"x"}}`, 7, "BAD_REQUEST", "clientMsgId"},
		{"clientMsgId long", `{"id":7,"send":{"room":"lobby","clientMsgId":"` + long[:65] + `","text":"x"}}`, 7, "BAD_REQUEST", "clientMsgId"},
		{"clientMsgId not ASCII", `{"id":7,"send":{"room":"lobby","clientMsgId":"é","text":"x"}}`, 7, "BAD_REQUEST", "clientMsgId"},
		{"data a list", `{"id":7,"send":{"room":"lobby","clientMsgId":"c","text":"x","data":[]}}`, 7, "BAD_REQUEST", "data"},
		{"data too large", `{"id":7,"send":{"room":"lobby","clientMsgId":"c","text":"x","data":{"a":"` + long[:4096] + `"}}}`, 7, "TOO_LARGE", "data"},
		{"field and null", `{"id":7,"send":{"room":"lobby","room":null,"clientMsgId":"c","text":"x"}}`, 7, "BAD_REQUEST", "room"},
		{"field of any other request and null", `{"id":7,"join":{"room":"lobby","room":null}}`, 7, "BAD_REQUEST", "room"},
		{"data with a name twice", `{"id":7,"send":{"room":"lobby","clientMsgId":"c","text":"x","data":{"a":1,"a":2}}}`, 7, "BAD_REQUEST", "data"},
		{"data with a huge number", `{"id":7,"send":{"room":"lobby","clientMsgId":"c","text":"x","data":{"a":1e999}}}`, 7, "BAD_REQUEST", "data"},
		{"data with NUL", `{"id":7,"signal":{"room":"lobby","name":"x","data":{"a\u0000":1}}}`, 7, "BAD_REQUEST", "data"},
		{"replyTo zero", `{"id":7,"send":{"room":"lobby","clientMsgId":"c","text":"x","replyTo":0}}`, 7, "BAD_REQUEST", "replyTo"},
		{"edit without seq", `{"id":7,"edit":{"room":"lobby","text":"x"}}`, 7, "BAD_REQUEST", "seq"},
		{"emoji empty", `{"id":7,"react":{"room":"lobby","seq":1,"emoji":""}}`, 7, "BAD_REQUEST", "emoji"},
		{"emoji long", `{"id":7,"react":{"room":"lobby","seq":1,"emoji":"` + long[:65] + `"}}`, 7, "TOO_LARGE", "emoji"},
		{"kind missing", `{"id":7,"createRoom":{"name":"x"}}`, 7, "BAD_REQUEST", "kind"},
		{"kind unspecified", `{"id":7,"createRoom":{"name":"x","kind":"ROOM_KIND_UNSPECIFIED"}}`, 7, "BAD_REQUEST", "kind"},
		{"kind unknown", `{"id":7,"createRoom":{"name":"x","kind":"SECRET"}}`, 7, "BAD_REQUEST", "kind"},
		{"kind unknown number", `{"id":7,"createRoom":{"name":"x","kind":9}}`, 7, "BAD_REQUEST", "kind"},
		{"kind direct", `{"id":7,"createRoom":{"name":"x","kind":"DIRECT"}}`, 7, "BAD_REQUEST", "kind"},
		{"name missing", `{"id":7,"createRoom":{"kind":"PUBLIC"}}`, 7, "BAD_REQUEST", "name"},
		{"name of 10 KB", `{"id":7,"createRoom":{"name":"` + long[:10_000] + `","kind":"PUBLIC"}}`, 7, "TOO_LARGE", "name"},
		{"name with a line break", `{"id":7,"createRoom":{"name":"a\nb","kind":"PUBLIC"}}`, 7, "BAD_REQUEST", "name"},
		{"topic long", `{"id":7,"createRoom":{"name":"x","kind":"PUBLIC","topic":"` + long[:1025] + `"}}`, 7, "TOO_LARGE", "topic"},
		{"members null inside", `{"id":7,"createRoom":{"name":"x","kind":"PUBLIC","members":[null]}}`, 7, "BAD_REQUEST", "members"},
		{"members too many", `{"id":7,"createRoom":{"name":"x","kind":"PUBLIC","members":["a"` + strings.Repeat(`,"a"`, 100) + `]}}`, 7, "TOO_LARGE", "members"},
		{"members with an empty one", `{"id":7,"createRoom":{"name":"x","kind":"PUBLIC","members":[""]}}`, 7, "BAD_REQUEST", "members"},
		{"state unknown", `{"id":7,"hello":{"token":"t","state":"ASLEEP"}}`, 7, "BAD_REQUEST", "state"},
		{"state offline", `{"id":7,"hello":{"token":"t","state":"OFFLINE"}}`, 7, "BAD_REQUEST", "state"},
		{"state unspecified", `{"id":7,"status":{"state":"PRESENCE_STATE_UNSPECIFIED"}}`, 7, "BAD_REQUEST", "state"},
		{"resume not a list", `{"id":7,"hello":{"token":"t","resume":{}}}`, 7, "BAD_REQUEST", "resume"},
		{"resume bad room", `{"id":7,"hello":{"token":"t","resume":[{"room":"*"}]}}`, 7, "BAD_REQUEST", "resume"},
		{"resume bad seq", `{"id":7,"hello":{"token":"t","resume":[{"room":"a","seq":-1}]}}`, 7, "BAD_REQUEST", "resume"},
		{"resume twice", `{"id":7,"hello":{"token":"t","resume":[{"room":"a"},{"room":"a"}]}}`, 7, "BAD_REQUEST", "resume"},
		{"resume too many", `{"id":7,"hello":{"token":"t","resume":[{}` + strings.Repeat(`,{}`, 200) + `]}}`, 7, "TOO_LARGE", "resume"},
		{"epoch a word", `{"id":7,"hello":{"token":"t","epoch":"soon"}}`, 7, "BAD_REQUEST", "epoch"},
		{"token of 20 KB", `{"id":7,"hello":{"token":"` + long + `"}}`, 7, "TOO_LARGE", "token"},
		{"user missing", `{"id":7,"kick":{"room":"lobby"}}`, 7, "BAD_REQUEST", "user"},
		{"user with a control character", `{"id":7,"openDirect":{"user":"a\u0007"}}`, 7, "BAD_REQUEST", "user"},
		{"user long", `{"id":7,"openDirect":{"user":"` + long[:129] + `"}}`, 7, "BAD_REQUEST", "user"},
		{"until no time", `{"id":7,"ban":{"room":"lobby","user":"ana","until":"tomorrow"}}`, 7, "BAD_REQUEST", "until"},
		{"role missing", `{"id":7,"setRole":{"room":"lobby","user":"ana"}}`, 7, "BAD_REQUEST", "role"},
		{"limit zero", `{"id":7,"rooms":{"limit":0}}`, 7, "BAD_REQUEST", "limit"},
		{"limit negative", `{"id":7,"members":{"room":"lobby","limit":-1}}`, 7, "BAD_REQUEST", "limit"},
		{"limit huge", `{"id":7,"messages":{"room":"lobby","limit":1000000000}}`, 7, "BAD_REQUEST", "limit"},
		{"before and after", `{"id":7,"messages":{"room":"lobby","before":1,"after":2}}`, 7, "BAD_REQUEST", "after"},
		{"slow mode", `{"id":7,"updateRoom":{"room":"lobby","slowModeSeconds":21601}}`, 7, "BAD_REQUEST", "slowModeSeconds"},
		{"nothing to update", `{"id":7,"updateRoom":{"room":"lobby"}}`, 7, "BAD_REQUEST", ""},
		{"query empty", `{"id":7,"search":{"query":" "}}`, 7, "BAD_REQUEST", "query"},
		{"query of many terms", `{"id":7,"search":{"query":"` + strings.Repeat("a ", 51) + `"}}`, 7, "TOO_LARGE", "query"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			request, fault := Read(JSON(), []byte(tt.frame), DefaultLimits())
			if fault == nil {
				t.Fatalf("taken as %v", request)
			}
			if fault.Re != tt.re || fault.Code.String() != tt.code || fault.Field != tt.field {
				t.Errorf("re %d, %v, field %q (%s)", fault.Re, fault.Code, fault.Field, fault.Message)
			}
			if len(fault.Message) > 200 {
				t.Errorf("a message of %d bytes", len(fault.Message))
			}
		})
	}
}

func TestBinaryFaults(t *testing.T) {
	ok, _ := proto.Marshal(&clientv1.ClientFrame{Id: 9, Request: &clientv1.ClientFrame_Status_{Status: &clientv1.ClientFrame_Status{State: 77}}})
	for name, tt := range map[string]struct {
		data  []byte
		re    uint32
		field string
	}{
		"garbage":         {[]byte{0xff, 0xff}, 0, ""},
		"empty":           {nil, 0, ""},
		"cut off":         {append([]byte{8, 9}, 0x2a, 50, 1), 9, ""},
		"unknown request": {[]byte{8, 9, 0xfa, 0x07, 0}, 9, ""},
		"unknown enum":    {ok, 9, "state"},
	} {
		request, fault := Read(Binary(), tt.data, DefaultLimits())
		if fault == nil || fault.Re != tt.re || fault.Field != tt.field {
			t.Errorf("%s: %v, %+v", name, request, fault)
		}
	}
	nan, _ := proto.Marshal(signalOf(math.NaN()))
	if _, fault := Read(Binary(), nan, DefaultLimits()); fault == nil || fault.Field != "data" {
		t.Errorf("NaN: %v", fault)
	}
}
