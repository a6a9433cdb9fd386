package audit

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	accessv1 "github.com/natter-chat/natter/proto/natter/access/v1"
)

const (
	waiting    = 1024 // records that may wait
	firstPause = 100 * time.Millisecond
	longPause  = 10 * time.Second
	attempt    = 5 * time.Second
	lastWords  = 2 * time.Second // for what waits at the end
)

// Keep keeps a record where it can be asked for. The same record may come
// again.
type Keep func(ctx context.Context, record *accessv1.AuditRecord) error

// Trail takes records. Safe for concurrent use.
type Trail struct {
	log    *slog.Logger
	queue  chan *accessv1.AuditRecord
	lost   prometheus.Counter
	floods *floods
}

// New makes a trail. A nil registerer takes no metrics.
func New(log *slog.Logger, reg prometheus.Registerer) (*Trail, error) {
	t := &Trail{
		log: log.With("component", "audit"), queue: make(chan *accessv1.AuditRecord, waiting),
		lost: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "natter_audit_lost_total",
			Help: "Records of admins' calls that only the log has, since the store could not be reached for too long.",
		}),
	}
	t.floods = newFloods(func(r *accessv1.AuditRecord) { t.keep(r, "") })
	if reg == nil {
		return t, nil
	}
	return t, reg.Register(t.lost)
}

// Record logs a record and the trace of its call, if there is one, and lets the
// record wait for [Trail.Run]. Of a flood of refused calls only some are taken;
// then one record stands for the rest. It never blocks.
func (t *Trail) Record(r *accessv1.AuditRecord, trace string) {
	if t.floods.passes(r) {
		t.keep(r, trace)
	}
}

func (t *Trail) keep(r *accessv1.AuditRecord, trace string) {
	said := []any{"who", r.GetWho(), "method", r.GetMethod(), "room", r.GetRoom(), "user", r.GetUser(), "seq", r.GetSeq(), "object", r.GetObject(),
		"from", r.GetAddress(), "forwarded", r.GetForwarded(), "code", r.GetCode(), "request", r.GetRequest(), "ms", r.GetDurationMs()}
	if trace != "" {
		said = append(said, "trace", trace)
	}
	t.log.Info("audit", said...)
	select {
	case t.queue <- r:
	default:
		t.lost.Inc()
		t.log.Warn("too many records wait for the store; the log alone has this one", "request", r.GetRequest())
	}
}

// Run keeps what is recorded, in order, until ctx ends; then what waits gets 2 s.
func (t *Trail) Run(ctx context.Context, keep Keep) error {
	for {
		select {
		case <-ctx.Done():
			return t.finish(context.WithoutCancel(ctx), keep)
		case r := <-t.queue:
			if !t.deliver(ctx, keep, r) {
				t.lost.Inc()
			}
		}
	}
}

func (t *Trail) finish(ctx context.Context, keep Keep) error {
	ctx, cancel := context.WithTimeout(ctx, lastWords)
	defer cancel()
	t.floods.end()
	for {
		select {
		case r := <-t.queue:
			if !t.deliver(ctx, keep, r) {
				t.lost.Inc()
			}
		default:
			return nil
		}
	}
}

// deliver tries until the record is kept, or ctx ends and one more attempt has
// failed.
func (t *Trail) deliver(ctx context.Context, keep Keep, r *accessv1.AuditRecord) bool {
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		if err := once(ctx, keep, r); err == nil {
			return true
		} else if pause == firstPause {
			t.log.Warn("a record is not kept yet; it is tried again", "request", r.GetRequest(), "error", err)
		}
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
			defer cancel()
			return once(last, keep, r) == nil
		case <-time.After(pause):
		}
	}
}

func once(ctx context.Context, keep Keep, r *accessv1.AuditRecord) error {
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	return keep(ctx, r)
}
