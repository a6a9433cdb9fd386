package store

import (
	"context"

	accessv1 "github.com/natter-chat/natter/proto/natter/access/v1"
)

// AuditQuery asks for records of the audit; what is empty narrows nothing.
type AuditQuery struct {
	// Who called, and a part of the method that was called.
	Who, Method string
	// Room, and any of these users, on whom it was done.
	Room  string
	Users []string
	// Since and Until, Unix ms: not before, and before; 0: any.
	Since, Until int64
	// BeforeMs and BeforeID are the last record of the page before.
	BeforeMs int64
	BeforeID string
	// Limit is 1 to 101.
	Limit int
}

// Audit keeps what admins did. All methods are safe for concurrent use.
type Audit interface {
	// KeepAudit keeps a record; one that is there is left as it is.
	KeepAudit(ctx context.Context, r *accessv1.AuditRecord) error
	// Audit is a page of records, the newest first.
	Audit(ctx context.Context, q AuditQuery) ([]*accessv1.AuditRecord, error)
	// ForgetAudit drops the records from before a moment, Unix ms.
	ForgetAudit(ctx context.Context, before int64) error
	// HideAudit puts something else in the place of a user's id.
	HideAudit(ctx context.Context, user, instead string) error
}
