package frame

import (
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

const benchSend = `{"id":42,"send":{"room":"lobby","clientMsgId":"0b8f6f0e-6e3b-4a52-9d0c-1f2f3a4b5c6d","text":"a message of the usual length, which is some sixty or eighty bytes","attempt":1}}`

func BenchmarkReadSend(b *testing.B) {
	codec, limits := JSON(), DefaultLimits()
	b.ReportAllocs()
	for b.Loop() {
		if _, fault := Read(codec, []byte(benchSend), limits); fault != nil {
			b.Fatal(fault)
		}
	}
}

func BenchmarkReadSendProtojson(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if err := protojson.Unmarshal([]byte(benchSend), &clientv1.ClientFrame{}); err != nil {
			b.Fatal(err)
		}
	}
}

func benchAck() *clientv1.ServerFrame {
	re := uint32(42)
	return &clientv1.ServerFrame{Re: &re, Body: &clientv1.ServerFrame_Ack_{Ack: &clientv1.ServerFrame_Ack{
		Room: "lobby", Seq: 12345, Time: timestamppb.Now(), Durability: chatv1.Durability_DISK,
	}}}
}

func benchEvent() *clientv1.ServerFrame {
	name, id := "Ana", "0b8f6f0e-6e3b-4a52-9d0c-1f2f3a4b5c6d"
	return &clientv1.ServerFrame{Body: &clientv1.ServerFrame_Event_{Event: &clientv1.ServerFrame_Event{
		Room: "lobby", Seq: 12345, Time: timestamppb.Now(), User: "ana", Name: &name, ClientMsgId: &id,
		Change: &clientv1.ServerFrame_Event_Message{Message: &chatv1.Posted{Text: "a message of the usual length, which is some sixty or eighty bytes"}},
	}}}
}

func benchPage() *clientv1.ServerFrame {
	re, id := uint32(42), "0b8f6f0e-6e3b-4a52-9d0c-1f2f3a4b5c6d"
	page := &clientv1.ServerFrame_Page{Room: "lobby", HasBefore: true}
	for range 50 {
		page.Messages = append(page.Messages, &chatv1.Message{
			Seq: 12345, User: "ana", Name: "Ana", Time: timestamppb.Now(), ClientMsgId: &id, Version: 1,
			Text: "a message of the usual length, which is some sixty or eighty bytes",
		})
	}
	return &clientv1.ServerFrame{Re: &re, Body: &clientv1.ServerFrame_Page_{Page: page}}
}

func BenchmarkAppendAck(b *testing.B)   { benchAppend(b, benchAck()) }
func BenchmarkAppendEvent(b *testing.B) { benchAppend(b, benchEvent()) }

func BenchmarkAppendPage(b *testing.B) { benchAppend(b, benchPage()) }

func benchAppend(b *testing.B, frame *clientv1.ServerFrame) {
	codec := JSON()
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendWrapped(dst[:0], codec, frame)
	}
}

// The encoder without the short cuts, and protojson, for comparison.
func BenchmarkAppendEventByReflection(b *testing.B) {
	codec, event := JSON().(*jsonCodec), benchEvent()
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = appendMessage(dst[:0], codec.server, event.ProtoReflect())
	}
}

func BenchmarkAppendPageByReflection(b *testing.B) {
	codec, page := JSON().(*jsonCodec), benchPage()
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = appendMessage(dst[:0], codec.server, page.ProtoReflect())
	}
}

func BenchmarkAppendEventProtojson(b *testing.B) {
	event := benchEvent()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (protojson.MarshalOptions{EmitDefaultValues: true}).Marshal(event); err != nil {
			b.Fatal(err)
		}
	}
}
