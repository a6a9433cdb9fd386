package client

import (
	"context"
	"math/rand/v2"
	"time"
)

// Resume connects anew, to any gateway, where another connection of the same
// user left off. It tries again, with jitter, until ctx ends or the server
// refuses.
func Resume(ctx context.Context, gateway func() string, token string, before *Client, o Options) (*Client, *Welcome, error) {
	hello := M{"token": token}
	if before != nil {
		hello["epoch"] = before.Epoch()
		hello["resume"] = before.Positions()
	}
	for {
		c, welcome, err := begin(ctx, gateway(), hello, o)
		if err == nil || final(err) {
			return c, welcome, err
		}
		select {
		case <-ctx.Done():
			return nil, nil, err
		case <-time.After(20*time.Millisecond + rand.N(80*time.Millisecond)):
		}
	}
}

func begin(ctx context.Context, gateway string, hello M, o Options) (*Client, *Welcome, error) {
	c, err := Dial(ctx, gateway, o)
	if err != nil {
		return nil, nil, err
	}
	welcome, err := c.Hello(ctx, hello)
	if err != nil {
		c.Close()
		return nil, nil, err
	}
	return c, welcome, nil
}

// final tells the refusals that trying again does not mend.
func final(err error) bool {
	refusal, ok := err.(*Error)
	return ok && refusal.Code != "UNAVAILABLE" && refusal.Code != "RATE_LIMITED"
}
