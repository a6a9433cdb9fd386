package history

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/micro"
	"google.golang.org/protobuf/proto"

	accessv1 "github.com/natter-chat/natter/proto/natter/access/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/audit"
)

// forgetEvery is how often old records of the audit are looked for.
const forgetEvery = time.Hour

// KeepAudit keeps a record of what an admin did, here or, over NATS, at another
// service. It may be called with the same record again.
func (s *Service) KeepAudit(ctx context.Context, r *accessv1.AuditRecord) error {
	return s.store.KeepAudit(ctx, audit.Bound(r))
}

// auditReply keeps another service's record. Whose it is, the subject says: a
// service may publish to its own alone, so that none can speak for another. The
// answer is empty, or why the record was not kept.
func (s *Service) auditReply(r micro.Request) {
	record := &accessv1.AuditRecord{}
	service, err := subject.Last(r.Subject())
	if err == nil {
		err = proto.Unmarshal(r.Data(), record)
	}
	if err != nil || record.GetId() == "" {
		_ = r.Respond([]byte("this is no natter.access.v1.AuditRecord"))
		return
	}
	record.Service = service
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	if err := s.KeepAudit(ctx, record); err != nil {
		s.log.Warn("a record of the audit was not kept; the service tries again", "service", service, "error", err)
		_ = r.Respond([]byte("the store does not take it"))
		return
	}
	_ = r.Respond(nil)
}

// forgetAudit drops old records until ctx ends.
func (s *Service) forgetAudit(ctx context.Context) {
	if s.cfg.AuditKeep == 0 {
		return
	}
	ticker := time.NewTicker(forgetEvery)
	defer ticker.Stop()
	for {
		if err := s.store.ForgetAudit(ctx, time.Now().Add(-s.cfg.AuditKeep).UnixMilli()); err != nil && ctx.Err() == nil {
			s.log.Warn("old records of the audit are still there", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
