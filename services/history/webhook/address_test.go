package webhook

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
)

// TestAddresses: only what is of the internet is delivered to, however an
// address is written, and what is allowed by name.
func TestAddresses(t *testing.T) {
	none, err := ParseAddresses(nil)
	if err != nil {
		t.Fatal(err)
	}
	some, err := ParseAddresses([]string{"10.1.0.0/16", "fd00:1::/32", "127.0.0.1", "169.254.169.254"})
	if err != nil {
		t.Fatal(err)
	}
	for text, c := range map[string]struct{ public, allowed bool }{
		"1.1.1.1": {public: true}, "93.184.216.34": {public: true}, "172.15.0.1": {public: true}, "172.32.0.1": {public: true}, "100.63.0.1": {public: true}, "100.128.0.1": {public: true},
		"2606:4700::1111": {public: true}, "::ffff:1.1.1.1": {public: true}, "64:ff9b::1.1.1.1": {public: true}, "2002:101:101::1": {public: true},
		"0.0.0.0": {}, "0.1.2.3": {}, "10.0.0.1": {}, "10.1.2.3": {allowed: true}, "10.2.0.1": {}, "100.64.0.1": {}, "100.127.255.255": {},
		"127.0.0.1": {allowed: true}, "127.0.0.2": {}, "127.255.255.254": {}, "169.254.1.1": {}, "169.254.169.254": {allowed: true}, "172.16.0.1": {}, "172.31.255.255": {},
		"192.0.0.1": {}, "192.0.2.1": {}, "192.88.99.1": {}, "192.168.1.1": {}, "198.18.0.1": {}, "198.19.255.255": {}, "198.51.100.1": {}, "203.0.113.1": {},
		"224.0.0.1": {}, "239.255.255.255": {}, "240.0.0.1": {}, "255.255.255.255": {},
		"::": {}, "::1": {}, "::127.0.0.1": {}, "::ffff:127.0.0.1": {allowed: true}, "::ffff:10.0.0.1": {}, "::ffff:169.254.169.254": {allowed: true}, "::ffff:0:10.0.0.1": {},
		"64:ff9b::10.0.0.1": {}, "64:ff9b::127.0.0.1": {}, "64:ff9b:1::1": {}, "2002:a00:1::1": {}, "2002:7f00:1::": {}, "2001::1": {}, "2001:db8::1": {}, "3fff::1": {},
		"100::1": {}, "fc00::1": {}, "fd00:1::5": {allowed: true}, "fd00:2::5": {}, "fdff::1": {}, "fe80::1": {}, "fe80::1%eth0": {}, "fec0::1": {}, "ff02::1": {}, "5f00::1": {}, "4000::1": {},
	} {
		addr := netip.MustParseAddr(text)
		if err := none.Check(addr, true); (err == nil) != c.public || err != nil && !errors.Is(err, ErrAddress) {
			t.Errorf("%s over TLS: %v, of the internet: %v", text, err, c.public)
		}
		if err := none.Check(addr, false); err == nil {
			t.Errorf("%s is delivered to without TLS", text)
		}
		for _, tls := range []bool{true, false} {
			if err := some.Check(addr, tls); (err == nil) != (c.allowed || c.public && tls) {
				t.Errorf("%s, TLS %v, with networks allowed: %v", text, tls, err)
			}
		}
	}
	for _, text := range []string{"", "x", "10.0.0.0/33", "example.com", "fe80::1%eth0", "10.0.0.0-10.1.0.0"} {
		if _, err := ParseAddresses([]string{text}); err == nil {
			t.Errorf("%q passes for a network", text)
		}
	}
}

func TestURLs(t *testing.T) {
	none, _ := ParseAddresses(nil)
	some, _ := ParseAddresses([]string{"10.0.0.0/8"})
	for _, text := range []string{"https://example.com", "https://example.com:8443/hook?token=x", "https://[2606:4700::1111]/", "https://1.1.1.1/x"} {
		if r := none.CheckURL(text); r != nil {
			t.Errorf("%s: %v", text, r)
		}
	}
	for _, text := range []string{"", "x", "example.com/hook", "//example.com/x", "https:example.com", "https:///x", "http://example.com/", "ftp://example.com/", "file:///etc/passwd",
		"https://ana@example.com/", "https://ana:pass@example.com/", "https://example.com/#x", "https://exa mple.com/", "https://example.com/\r\nx", "https://127.0.0.1/", "https://[::1]:80/",
		"https://[::ffff:10.0.0.1]/", "https://" + strings.Repeat("x", 2048)} {
		if r := none.CheckURL(text); r.GetField() != "url" || r.GetMessage() == "" {
			t.Errorf("%q: %v", text, r)
		}
	}
	if r := some.CheckURL("http://10.0.0.1:8080/hook"); r != nil {
		t.Errorf("an address that is allowed: %v", r)
	}
	if r := some.CheckURL("http://1.1.1.1/hook"); r == nil {
		t.Error("plain http to one that is not")
	}
}
