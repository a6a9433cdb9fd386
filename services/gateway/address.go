package gateway

import (
	"net/http"
	"net/netip"
	"strings"
)

// addresses finds where a request comes from. Only what a trusted proxy says
// of that is believed.
type addresses struct{ trusted []netip.Prefix }

// of is the address of the client: that of the connection, or, where that is a
// trusted proxy's, the last one in X-Forwarded-For that is not.
func (a addresses) of(r *http.Request) string {
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	address := remote.Addr().Unmap().WithZone("")
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && a.trusts(address); i-- {
		hop, err := parseHop(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		address = hop
	}
	return address.String()
}

// parseHop reads an address, with or without a port.
func parseHop(text string) (netip.Addr, error) {
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return withPort.Addr().Unmap().WithZone(""), nil
	}
	address, err := netip.ParseAddr(text)
	return address.Unmap().WithZone(""), err
}

func (a addresses) trusts(address netip.Addr) bool {
	for _, prefix := range a.trusted {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

// household is what is limited together: an IPv4 address, or an IPv6 network
// of the size that one customer gets.
func household(address string) string {
	parsed, err := netip.ParseAddr(address)
	if err != nil || parsed.Is4() {
		return address
	}
	network, err := parsed.Prefix(64)
	if err != nil {
		return address
	}
	return network.String()
}
