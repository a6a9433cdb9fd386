package audit

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	accessv1 "github.com/natter-chat/natter/proto/natter/access/v1"
	"github.com/natter-chat/natter/proto/subject"
)

// MaxReply bounds why a record was not kept, in bytes.
const MaxReply = 256

// Over hands records to history. An empty answer says that a record is kept,
// any other why not.
func Over(nc *nats.Conn, service string) Keep {
	return func(ctx context.Context, record *accessv1.AuditRecord) error {
		data, err := proto.Marshal(record)
		if err != nil {
			return fmt.Errorf("a record of the audit: %w", err)
		}
		reply, err := nc.RequestWithContext(ctx, subject.Audit(service), data)
		if err != nil {
			return fmt.Errorf("history takes no record: %w", err)
		}
		if len(reply.Data) > 0 {
			return errors.New("history did not keep the record: " + string(reply.Data[:min(len(reply.Data), MaxReply)]))
		}
		return nil
	}
}
