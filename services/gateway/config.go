package gateway

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"time"

	"github.com/natter-chat/natter/services/internal/token"
)

// Config of the gateway. The tags are its flags and environment.
type Config struct {
	JWTSecret   string        `group:"Who may come in" name:"jwt-secret" env:"NATTER_JWT_SECRET" secret:"true" placeholder:"SECRET" help:"Secret that your tokens are signed with (HS256), at least 16 bytes."`
	JWKS        string        `group:"Who may come in" name:"jwks" env:"NATTER_JWKS" placeholder:"FILE|URL" help:"Public keys that your tokens are signed for (RS256, ES256, EdDSA): a JWKS, as a file or an http(s) URL. Beside a secret, both kinds of token are taken."`
	JWKSRefresh time.Duration `group:"Who may come in" name:"jwks-refresh" env:"NATTER_JWKS_REFRESH" default:"5m" help:"How often a URL is asked for new keys; a file is looked at each second."`
	JWTLeeway   time.Duration `group:"Who may come in" name:"jwt-leeway" env:"NATTER_JWT_LEEWAY" default:"1s" help:"How far the clocks of your issuer and of natter may differ, at most 5m."`
	JWTIssuer   string        `group:"Who may come in" name:"jwt-issuer" env:"NATTER_JWT_ISSUER" placeholder:"ISSUER" help:"What the claim iss of your tokens must be; empty: anything."`
	JWTAudience string        `group:"Who may come in" name:"jwt-audience" env:"NATTER_JWT_AUDIENCE" placeholder:"AUDIENCE" help:"What the claim aud of your tokens must hold; empty: anything."`

	Guests          bool   `group:"Who may come in" name:"guests" env:"NATTER_GUESTS" default:"${guests}" negatable:"" help:"Let people in under a name of their choice, without a token of yours."`
	GuestSecret     string `group:"Who may come in" name:"guest-secret" env:"NATTER_GUEST_SECRET" secret:"true" placeholder:"SECRET" help:"Secret that natter signs guests with; the same on all gateways."`
	GuestsPerMinute int    `group:"Who may come in" name:"guests-per-minute" env:"NATTER_GUESTS_PER_MINUTE" default:"5" placeholder:"N" help:"Guests that one address may make in a minute; 0: no limit."`
	DefaultRoom     string `group:"Who may come in" name:"default-room" env:"NATTER_DEFAULT_ROOM" default:"lobby" placeholder:"ROOM" help:"Room that the page opens first."`

	Origins        []string `group:"Who may come in" name:"origins" env:"NATTER_ORIGINS" placeholder:"ORIGIN" help:"Sites that may connect besides this one, such as https://www.example.com."`
	TrustedProxies []string `group:"Who may come in" name:"trusted-proxies" env:"NATTER_TRUSTED_PROXIES" placeholder:"CIDR" help:"Proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8."`

	Compression bool `group:"Limits" name:"compression" env:"NATTER_COMPRESSION" negatable:"" help:"Compress large messages for clients that offer it (permessage-deflate): less traffic for more work."`

	SendsPerSecond      int           `group:"Limits" name:"sends-per-second" env:"NATTER_SENDS_PER_SECOND" default:"10" placeholder:"N" help:"Messages that one connection may send in a second; 0: no limit."`
	SendsBurst          int           `group:"Limits" name:"sends-burst" env:"NATTER_SENDS_BURST" default:"30" placeholder:"N" help:"Messages that it may send at once."`
	RequestsPerSecond   int           `group:"Limits" name:"requests-per-second" env:"NATTER_REQUESTS_PER_SECOND" default:"50" placeholder:"N" help:"Other requests of one connection in a second, without pages; 0: no limit."`
	RequestsBurst       int           `group:"Limits" name:"requests-burst" env:"NATTER_REQUESTS_BURST" default:"400" placeholder:"N" help:"Such requests at once."`
	SignalsPerSecond    int           `group:"Limits" name:"signals-per-second" env:"NATTER_SIGNALS_PER_SECOND" default:"20" placeholder:"N" help:"Signals that one connection may send in a second; 0: no limit."`
	TypingInterval      time.Duration `group:"Limits" name:"typing-interval" env:"NATTER_TYPING_INTERVAL" default:"2s" help:"How often one connection may say in one room that its user types; 0: no limit."`
	ReadInterval        time.Duration `group:"Limits" name:"read-interval" env:"NATTER_READ_INTERVAL" default:"1s" help:"How often a read mark of one connection is passed on in one room; 0: each."`
	UserRates           int           `group:"Limits" name:"user-rates" env:"NATTER_USER_RATES" default:"3" placeholder:"N" help:"What all connections of one user may send and ask together, in times of what one may; 0: no limit."`
	SessionsPerUser     int           `group:"Limits" name:"sessions-per-user" env:"NATTER_SESSIONS_PER_USER" default:"10" placeholder:"N" help:"Connections of one user to one gateway; 0: no limit."`
	Connections         int           `group:"Limits" name:"connections" env:"NATTER_CONNECTIONS" default:"0" placeholder:"N" help:"Connections to one gateway; 0: no limit."`
	HandshakesPerSecond int           `group:"Limits" name:"handshakes-per-second" env:"NATTER_HANDSHAKES_PER_SECOND" default:"2000" placeholder:"N" help:"New connections to one gateway in a second; 0: no limit."`
	HandshakesBurst     int           `group:"Limits" name:"handshakes-burst" env:"NATTER_HANDSHAKES_BURST" default:"10000" placeholder:"N" help:"Such at once."`
	AddressConnections  int           `group:"Limits" name:"address-connections" env:"NATTER_ADDRESS_CONNECTIONS" default:"20000" placeholder:"N" help:"Connections from one address (of IPv6: one /64) to one gateway; many people may share one; 0: no limit."`
	AddressPerSecond    int           `group:"Limits" name:"address-per-second" env:"NATTER_ADDRESS_PER_SECOND" default:"1000" placeholder:"N" help:"New connections from one address in a second; 0: no limit."`
	AddressBurst        int           `group:"Limits" name:"address-burst" env:"NATTER_ADDRESS_BURST" default:"10000" placeholder:"N" help:"Such at once."`
	LiveRooms           int           `group:"Limits" name:"live-rooms" env:"NATTER_LIVE_ROOMS" default:"200" placeholder:"N" help:"Rooms that one connection may follow at once; 0: no limit."`
	FrameBytes          int           `group:"Limits" name:"frame-bytes" env:"NATTER_FRAME_BYTES" default:"65536" placeholder:"N" help:"Bytes of one frame from a client."`
	TextBytes           int           `group:"Limits" name:"text-bytes" env:"NATTER_TEXT_BYTES" default:"16384" placeholder:"N" help:"Bytes of a message's text; 0: as many as a frame holds."`
	DataBytes           int           `group:"Limits" name:"data-bytes" env:"NATTER_DATA_BYTES" default:"4096" placeholder:"N" help:"Bytes of a message's data, as JSON; 0: as many as a frame holds."`
	OutboxBytes         int           `group:"Limits" name:"outbox-bytes" env:"NATTER_OUTBOX_BYTES" default:"1048576" placeholder:"N" help:"Bytes that may wait for a slow reader before it is let go."`

	HelloTimeout time.Duration `group:"Times" name:"hello-timeout" env:"NATTER_HELLO_TIMEOUT" default:"10s" help:"How long a connection may take to say hello."`
	PingInterval time.Duration `group:"Times" name:"ping-interval" env:"NATTER_PING_INTERVAL" default:"25s" help:"How often a connection is asked whether it lives; 0: never."`
	PongTimeout  time.Duration `group:"Times" name:"pong-timeout" env:"NATTER_PONG_TIMEOUT" default:"10s" help:"How long it may take to answer."`
	FeedLinger   time.Duration `group:"Times" name:"feed-linger" env:"NATTER_FEED_LINGER" default:"60s" help:"How long a room is followed after its last connection has gone."`
	Drain        time.Duration `group:"Times" name:"drain" env:"NATTER_DRAIN" default:"20s" help:"How long connections get to move elsewhere when this gateway stops."`
}

// Vars are the variables in the tags, for those who parse them.
func Vars() map[string]string { return map[string]string{"guests": "false"} }

const (
	leastFrame  = 1 << 10
	mostFrame   = 1 << 20 // what a message of NATS may hold
	leastOutbox = 64 << 10
)

// Validate names the setting that is wrong.
func (c Config) Validate() error {
	for _, n := range []struct {
		name         string
		value, least int
	}{
		{"NATTER_GUESTS_PER_MINUTE", c.GuestsPerMinute, 0}, {"NATTER_SENDS_PER_SECOND", c.SendsPerSecond, 0},
		{"NATTER_SENDS_BURST", c.SendsBurst, 0}, {"NATTER_REQUESTS_PER_SECOND", c.RequestsPerSecond, 0},
		{"NATTER_REQUESTS_BURST", c.RequestsBurst, 0}, {"NATTER_SIGNALS_PER_SECOND", c.SignalsPerSecond, 0},
		{"NATTER_SESSIONS_PER_USER", c.SessionsPerUser, 0}, {"NATTER_CONNECTIONS", c.Connections, 0},
		{"NATTER_USER_RATES", c.UserRates, 0},
		{"NATTER_HANDSHAKES_PER_SECOND", c.HandshakesPerSecond, 0}, {"NATTER_HANDSHAKES_BURST", c.HandshakesBurst, 0},
		{"NATTER_ADDRESS_CONNECTIONS", c.AddressConnections, 0}, {"NATTER_ADDRESS_PER_SECOND", c.AddressPerSecond, 0},
		{"NATTER_ADDRESS_BURST", c.AddressBurst, 0},
		{"NATTER_LIVE_ROOMS", c.LiveRooms, 0}, {"NATTER_FRAME_BYTES", c.FrameBytes, leastFrame},
		{"NATTER_TEXT_BYTES", c.TextBytes, 0}, {"NATTER_DATA_BYTES", c.DataBytes, 0},
		{"NATTER_OUTBOX_BYTES", c.OutboxBytes, leastOutbox},
	} {
		if n.value < n.least {
			return fmt.Errorf("%s: %d is less than %d", n.name, n.value, n.least)
		}
	}
	switch {
	case c.FrameBytes > mostFrame:
		return fmt.Errorf("NATTER_FRAME_BYTES: %d is more than %d", c.FrameBytes, mostFrame)
	case c.HelloTimeout <= 0:
		return fmt.Errorf("NATTER_HELLO_TIMEOUT: %s is not a time to wait", c.HelloTimeout)
	case c.PingInterval < 0 || c.PingInterval > 0 && c.PongTimeout <= 0:
		return fmt.Errorf("NATTER_PING_INTERVAL, NATTER_PONG_TIMEOUT: %s and %s are not times to wait", c.PingInterval, c.PongTimeout)
	case c.FeedLinger < 0:
		return fmt.Errorf("NATTER_FEED_LINGER: %s is below 0", c.FeedLinger)
	case c.TypingInterval < 0:
		return fmt.Errorf("NATTER_TYPING_INTERVAL: %s is below 0", c.TypingInterval)
	case c.ReadInterval < 0:
		return fmt.Errorf("NATTER_READ_INTERVAL: %s is below 0", c.ReadInterval)
	case c.JWTLeeway < 0 || c.JWTLeeway > token.MaxLeeway:
		return fmt.Errorf("NATTER_JWT_LEEWAY: %s is not within 0 and %s", c.JWTLeeway, token.MaxLeeway)
	case c.JWKS != "" && c.JWKSRefresh < time.Second:
		return fmt.Errorf("NATTER_JWKS_REFRESH: %s is less than 1s", c.JWKSRefresh)
	case c.Drain < 0:
		return fmt.Errorf("NATTER_DRAIN: %s is below 0", c.Drain)
	}
	if err := c.checkOrigins(); err != nil {
		return err
	}
	_, err := c.proxies()
	return err
}

// CheckSecrets names the secret that is missing or bad. It is not a part of
// Validate, since a program may fill secrets in after the settings were read.
func (c Config) CheckSecrets() error {
	keys, err := c.keys(slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	_, err = c.verifier(keys)
	return err
}

// keys are the issuer's; nil where it has only a secret.
func (c Config) keys(log *slog.Logger) (*token.Keys, error) {
	if c.JWKS == "" {
		return nil, nil
	}
	return token.NewKeys(token.KeysConfig{Source: c.JWKS, Refresh: c.JWKSRefresh, Log: log})
}

func (c Config) verifier(keys *token.Keys) (*token.Verifier, error) {
	if c.Guests && c.GuestSecret == "" {
		return nil, errors.New("NATTER_GUEST_SECRET: guests are allowed (NATTER_GUESTS), so it must be set, to the same on all gateways; make one with: openssl rand -base64 32")
	}
	return token.NewVerifier(token.Config{
		Secret: []byte(c.JWTSecret), Keys: keys, Issuer: c.JWTIssuer, Audience: c.JWTAudience, GuestSecret: c.guestSecret(),
		Leeway: c.JWTLeeway,
	}, time.Now)
}

func (c Config) guestSecret() []byte {
	if !c.Guests {
		return nil
	}
	return []byte(c.GuestSecret)
}

func (c Config) checkOrigins() error {
	for _, origin := range c.Origins {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != origin {
			return fmt.Errorf("NATTER_ORIGINS: %q is not an origin; write it as https://host or https://host:port", origin)
		}
	}
	return nil
}

// proxies are the trusted ones; a lone address is a network of one.
func (c Config) proxies() ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, text := range c.TrustedProxies {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			address, lone := netip.ParseAddr(text)
			if lone != nil {
				return nil, fmt.Errorf("NATTER_TRUSTED_PROXIES: %q is neither an address nor a network like 10.0.0.0/8", text)
			}
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		list = append(list, prefix.Masked())
	}
	return list, nil
}
