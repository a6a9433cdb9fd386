package webhook

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

const maxURL = 2048

// ErrAddress says that deliveries do not go to an address.
var ErrAddress = errors.New("this address is refused; NATTER_WEBHOOK_ALLOW of history names networks that are not")

// ErrPlain says that deliveries go to an address only over TLS.
var ErrPlain = errors.New("plain http is refused to this address; NATTER_WEBHOOK_ALLOW of history names networks to which it is not")

// Addresses is where deliveries may go: to the whole internet over TLS, to
// nothing that is not of it, and to what is allowed by name.
type Addresses struct{ allowed []netip.Prefix }

// ParseAddresses reads networks, such as 10.0.0.0/8, or single addresses, to
// which deliveries may go also without TLS.
func ParseAddresses(networks []string) (Addresses, error) {
	var a Addresses
	for _, text := range networks {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			addr, addrErr := netip.ParseAddr(text)
			if addrErr != nil || addr.Zone() != "" {
				return a, fmt.Errorf("%q is no network such as 10.0.0.0/8", text)
			}
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		a.allowed = append(a.allowed, prefix.Masked())
	}
	return a, nil
}

// Check refuses an address: one that is not of the internet, or without TLS
// any, unless it is allowed.
func (a Addresses) Check(addr netip.Addr, tls bool) error {
	addr = addr.Unmap().WithZone("")
	if slices.ContainsFunc(a.allowed, func(p netip.Prefix) bool { return p.Contains(addr) }) {
		return nil
	}
	switch {
	case !public(addr):
		return ErrAddress
	case !tls:
		return ErrPlain
	}
	return nil
}

// public tells whether an address is of the internet, as far as can be told
// from it. An address that holds an older one in it, and by which that one may
// be reached, is what that one is.
func public(addr netip.Addr) bool {
	addr = addr.Unmap()
	if addr.Is4() {
		return !within(addr, reserved4)
	}
	if inner, ok := embedded(addr); ok {
		return public(inner)
	}
	return internet6.Contains(addr) && !within(addr, reserved6)
}

// embedded is the IPv4 address that NAT64 or 6to4 make of one of IPv6.
func embedded(addr netip.Addr) (netip.Addr, bool) {
	b := addr.As16()
	switch {
	case nat64.Contains(addr):
		return netip.AddrFrom4([4]byte(b[12:])), true
	case sixToFour.Contains(addr):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	}
	return addr, false
}

func within(addr netip.Addr, networks []netip.Prefix) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(addr) })
}

var (
	internet6 = netip.MustParsePrefix("2000::/3") // nothing else of IPv6 is given out
	nat64     = netip.MustParsePrefix("64:ff9b::/96")
	sixToFour = netip.MustParsePrefix("2002::/16")

	// IANA's special-purpose registries.
	reserved4 = prefixes("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
		"192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
		"224.0.0.0/4", "240.0.0.0/4")
	reserved6 = prefixes("2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20")
)

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParsePrefix(text)
	}
	return all
}

// CheckURL refuses what no delivery could go to. Where a name leads is looked
// at when it is dialled.
func (a Addresses) CheckURL(text string) *chatv1.Refusal {
	u, err := url.Parse(text)
	switch {
	case len(text) > maxURL:
		return bad("url", "a URL has at most %d bytes", maxURL)
	case err != nil || u.Opaque != "" || u.Hostname() == "" || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }):
		return bad("url", "it is no URL such as https://example.com/hook")
	case u.Scheme != "https" && u.Scheme != "http":
		return bad("url", "only https and http are delivered to")
	case u.User != nil:
		return bad("url", "a URL holds no user and no password: deliveries are known by their signature")
	case u.Fragment != "":
		return bad("url", "a URL's fragment (#...) is never sent; leave it out")
	case u.Scheme == "http" && len(a.allowed) == 0:
		return bad("url", "use https: %v", ErrPlain)
	}
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil {
		if err := a.Check(addr, u.Scheme == "https"); err != nil {
			return bad("url", "%s: %v", addr, err)
		}
	}
	return nil
}
