package history

import (
	"testing"

	"github.com/nats-io/nats.go"
)

func TestSequenceOf(t *testing.T) {
	tests := map[string]struct {
		data   string
		status string
		want   uint64 // 0: an error
	}{
		"stored":           {data: `{"stream":"CHAT_LOG_3","seq":42}`, want: 42},
		"with a domain":    {data: `{"stream":"CHAT_LOG_3","domain":"hub","seq":42}`, want: 42},
		"another order":    {data: `{"seq":42,"stream":"CHAT_LOG_3"}`, want: 42},
		"twice":            {data: `{"stream":"CHAT_LOG_3","seq":42,"duplicate":true}`, want: 42},
		"with spaces":      {data: `{ "stream": "CHAT_LOG_3", "seq": 42 }`, want: 42},
		"another stream":   {data: `{"stream":"CHAT_LOG_4","seq":42}`, want: 42},
		"refused":          {data: `{"type":"x","error":{"code":400,"err_code":10071,"description":"wrong last sequence: 7"},"stream":"CHAT_LOG_3","seq":0}`},
		"no stream":        {data: `{"stream":"","seq":42}`},
		"no answer at all": {status: "503"},
		"not JSON":         {data: `{"stream":"CHAT_LOG_3","seq":42`},
		"no number":        {data: `{"stream":"CHAT_LOG_3","seq":x}`},
		"too large":        {data: `{"stream":"CHAT_LOG_3","seq":18446744073709551616}`},
		"nothing":          {},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			msg := &nats.Msg{Data: []byte(tt.data)}
			if tt.status != "" {
				msg.Header = nats.Header{"Status": {tt.status}}
			}
			got, err := sequenceOf(msg, []byte(`{"stream":"CHAT_LOG_3","seq":`))
			if (err != nil) != (tt.want == 0) || got != tt.want {
				t.Errorf("%s: %d, %v; want %d", tt.data, got, err, tt.want)
			}
		})
	}
}
