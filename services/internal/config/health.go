package config

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

const (
	// healthTimeout bounds the question to /readyz.
	healthTimeout = 4 * time.Second
	mostFaults    = 8 << 10 // bytes that are read of its answer
)

// askHealth asks the program that runs with these settings for its /readyz, and
// prints the answer. Not ready is an error. Images without a shell check their
// health by it.
func askHealth(stdout io.Writer, flags []*kong.Flag) error {
	addr, err := opsAddr(flags)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), healthTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("NATTER_OPS_ADDR: %w", err)
	}
	response, err := (&http.Client{Transport: &http.Transport{Proxy: nil, DisableKeepAlives: true}}).Do(request)
	if err != nil {
		return fmt.Errorf("no answer from the running program: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, mostFaults))
	if err != nil {
		return fmt.Errorf("no answer from the running program: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s", strings.TrimSpace(string(body)))
	}
	_, err = stdout.Write(body)
	return err
}

// opsAddr is where to ask on this machine: an address that stands for all is
// the loopback's.
func opsAddr(flags []*kong.Flag) (string, error) {
	for _, flag := range flags {
		if flag.Name != "ops-addr" {
			continue
		}
		host, port, err := net.SplitHostPort(flag.Target.String())
		if err != nil {
			return "", fmt.Errorf("NATTER_OPS_ADDR: %w", err)
		}
		if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
			host = "localhost"
		}
		return net.JoinHostPort(host, port), nil
	}
	return "", errors.New("this program serves no /readyz")
}
