package gateway

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/services/gateway/frame"
)

// Limits that are no setting of the gateway's; those of rooms and messages are
// kept by history.
const (
	reactionsPerMessage = 20
	membersPerRoom      = 10_000
	pageSize            = 100
	searchTerms         = 50
	replayEvents        = 500
	smallRoom           = 100 // members up to which typing and read marks are told
	askingAtOnce        = 16  // questions of one session
	waitingInLane       = 512 // requests of one session for one room
	maxUnwatched        = 200 // rooms remembered per session
	refusalsPerSecond   = 20
	refusalsBurst       = 500
)

// allowance bounds how often something is done. It costs nothing until it is
// first taken from. Not safe for concurrent use.
type allowance struct{ limiter *rate.Limiter }

// take takes one, if there is one; else it tells how long to wait for it. A
// rate of 0 is no limit.
func (a *allowance) take(perSecond, burst int, wait *time.Duration) bool {
	if perSecond <= 0 {
		return true
	}
	if a.limiter == nil {
		a.limiter = rate.NewLimiter(rate.Limit(perSecond), max(1, burst))
	}
	r := a.limiter.Reserve()
	delay := r.Delay()
	if delay == 0 {
		return true
	}
	r.Cancel()
	if wait != nil {
		*wait = delay
	}
	return false
}

// sharedAllowance is one that several sessions take from. Safe for concurrent
// use.
type sharedAllowance struct {
	mu sync.Mutex
	allowance
}

func (a *sharedAllowance) take(perSecond, burst int, wait *time.Duration) bool {
	if perSecond <= 0 {
		return true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.allowance.take(perSecond, burst, wait)
}

// userLimits are the allowances of all of a user's sessions together: ten
// tabs must not have ten times what one has.
type userLimits struct{ sends, requests sharedAllowance }

// maySend tells whether another message may be sent, by this session and by
// its user; if not, how long to wait.
func (s *session) maySend() (wait time.Duration, ok bool) {
	c := s.gateway.cfg
	ok = s.limits.sends.take(c.SendsPerSecond, c.SendsBurst, &wait) &&
		s.user.limits.sends.take(c.SendsPerSecond*c.UserRates, c.SendsBurst*c.UserRates, &wait)
	return wait, ok
}

// mayRequest is maySend for all other requests.
func (s *session) mayRequest() (wait time.Duration, ok bool) {
	c := s.gateway.cfg
	ok = s.limits.requests.take(c.RequestsPerSecond, c.RequestsBurst, &wait) &&
		s.user.limits.requests.take(c.RequestsPerSecond*c.UserRates, c.RequestsBurst*c.UserRates, &wait)
	return wait, ok
}

// sessionLimits are the allowances of one session.
type sessionLimits struct {
	sends, requests, signals, refusals allowance
	kept                               allowance // newest pages that cost history nothing
}

// limitsFrame tells a client what it is held to.
func (c Config) limitsFrame() *clientv1.ServerFrame_Limits {
	return &clientv1.ServerFrame_Limits{
		FrameBytes: uint32(c.FrameBytes), TextBytes: uint32(c.TextBytes), DataBytes: uint32(c.DataBytes),
		ReactionsPerMessage: reactionsPerMessage, MembersPerRoom: membersPerRoom,
		LiveRooms: uint32(c.LiveRooms), SessionsPerUser: uint32(c.SessionsPerUser),
		SendsPerSecond: uint32(c.SendsPerSecond), SendsBurst: uint32(c.SendsBurst),
		RequestsPerSecond: uint32(c.RequestsPerSecond), RequestsBurst: uint32(c.RequestsBurst),
		UserSendsPerSecond: uint32(c.SendsPerSecond * c.UserRates), UserSendsBurst: uint32(c.SendsBurst * c.UserRates),
		UserRequestsPerSecond: uint32(c.RequestsPerSecond * c.UserRates), UserRequestsBurst: uint32(c.RequestsBurst * c.UserRates),
		TypingIntervalMs: uint32(c.TypingInterval.Milliseconds()), ReadIntervalMs: uint32(c.ReadInterval.Milliseconds()),
		PingIntervalMs: uint32(c.PingInterval.Milliseconds()), PongTimeoutMs: uint32(c.PongTimeout.Milliseconds()),
		Page: pageSize, SearchTerms: searchTerms, ReplayEvents: replayEvents, SignalsPerSecond: uint32(c.SignalsPerSecond),
	}
}

// frameLimits are those that a frame alone shows.
func (c Config) frameLimits() frame.Limits {
	return frame.Limits{Text: c.TextBytes, Data: c.DataBytes, Live: c.LiveRooms, Page: pageSize, Terms: searchTerms}
}
