// Package post sends deliveries over HTTP: to the addresses that are not
// refused, looked at when they are dialled, whatever their names said before.
package post

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/natter-chat/natter/services/history/webhook"
)

const (
	// Timeout bounds one delivery, from the look-up of the name to the last byte
	// of the answer that is read.
	Timeout     = 10 * time.Second
	dialTimeout = 5 * time.Second
	// maxAnswer is what is read of an answer's body, so that the connection can
	// be used again.
	maxAnswer  = 16 << 10
	maxHeaders = 32 << 10
	maxProblem = 200
)

// Client delivers. Safe for concurrent use.
type Client struct {
	addresses      webhook.Addresses
	timeout        time.Duration
	plain, overTLS *http.Client
}

// New makes a client for what addresses let through.
func New(addresses webhook.Addresses) *Client {
	c := &Client{addresses: addresses, timeout: Timeout}
	c.plain, c.overTLS = c.client(false), c.client(true)
	return c
}

// Close ends what is idle.
func (c *Client) Close() {
	c.plain.CloseIdleConnections()
	c.overTLS.CloseIdleConnections()
}

func (c *Client) client(overTLS bool) *http.Client {
	dialer := &net.Dialer{Timeout: dialTimeout, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		return c.addresses.Check(at.Addr(), overTLS)
	}}
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                  nil, // not even from the environment: it would resolve names for us
			DialContext:            dialer.DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2:      true,
			DisableCompression:     true,
			MaxIdleConnsPerHost:    4,
			MaxIdleConns:           128,
			IdleConnTimeout:        30 * time.Second,
			MaxResponseHeaderBytes: maxHeaders,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Answer is what came of a delivery.
type Answer struct {
	// Status of the receiver; 0: there was none.
	Status int
	// RetryAfter is what it asked for; 0: nothing.
	RetryAfter time.Duration
	// Problem is why it was not delivered, at most 200 bytes, without the URL;
	// empty: it was.
	Problem string
}

// Gone tells that the receiver wants no more deliveries.
func (a Answer) Gone() bool { return a.Status == http.StatusGone }

// Post sends a delivery, signed by all secrets.
func (c *Client) Post(ctx context.Context, to string, secrets []string, d webhook.Delivery) Answer {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request, err := newRequest(ctx, to, secrets, d)
	if err != nil {
		return Answer{Problem: problem(err)}
	}
	client := c.plain
	if request.URL.Scheme == "https" {
		client = c.overTLS
	}
	response, err := client.Do(request)
	if err != nil {
		return Answer{Problem: problem(err)}
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, maxAnswer) // the status is the answer
	a := Answer{Status: response.StatusCode}
	if a.Status < 200 || a.Status > 299 {
		a.Problem = "the receiver answered " + strconv.Itoa(a.Status)
		if a.Status >= 300 && a.Status < 400 {
			a.Problem += "; redirects are not followed"
		}
		a.RetryAfter = webhook.RetryAfter(response.Header.Get("Retry-After"), time.Now())
	}
	return a
}

func newRequest(ctx context.Context, to string, secrets []string, d webhook.Delivery) (*http.Request, error) {
	body, err := d.Body()
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.GetBody = nil // the transport shall not send it again by itself
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "natter-webhook/1")
	r.Header.Set(webhook.HeaderWebhook, d.Webhook)
	r.Header.Set(webhook.HeaderDelivery, d.ID())
	r.Header.Set(webhook.HeaderAttempt, strconv.Itoa(d.Attempt))
	r.Header.Set(webhook.HeaderSignature, webhook.Sign(secrets, body, time.Now()))
	return r, nil
}

// problem is an error without the URL, in which there may be a secret.
func problem(err error) string {
	if outer := (*url.Error)(nil); errors.As(err, &outer) {
		err = outer.Err
	}
	text := err.Error()
	if errors.Is(err, context.DeadlineExceeded) {
		text = fmt.Sprintf("no answer within %s", Timeout)
	}
	if len(text) > maxProblem {
		text = text[:maxProblem]
	}
	return strings.ToValidUTF8(text, "")
}
