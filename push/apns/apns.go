// Package apns sends VoIP pushes, and alerts about missed calls, through the Apple Push Notification service. It implements [push.Sender] on net/http's
// HTTP/2 with provider tokens (a .p8 key).
//
// It is made for ringing calls: every push goes out with apns-expiration 0, retries keep the apns-id and end with the
// ring, and a burst on a cold start uses one connection instead of hundreds. The rules it keeps:
//
//   - One provider token per team, minted on a schedule that all replicas share (see [Config.Now]); with a key in memory
//     replicas mint the same bytes.
//   - A new connection carries one push until its first success, then as many as APNs allows (Apple: one stream until a
//     request with a valid token has succeeded). A further connection is opened only if the others are full, fail or
//     stall. Connections are kept for as long as they work and pinged after an hour of silence.
//   - What APNs or the network lost is sent again, with the same apns-id, on another connection, within Push.Deadline.
//     Whether the lost push was delivered is not knowable: the device tells doubles apart by the call's UUID.
//   - BadDeviceToken is asked about once in the other environment; the receipt says where the token was valid.
//   - A payload that is too long gives way to Push.Small.
//   - When APNs refuses the provider key itself several times in a row, the sender pauses instead of hammering.
//
// It refuses to do anything else: no certificates, no other push types, no storing or queueing, and several teams in one
// Sender (make one for each).
package apns

import (
	"cmp"
	"context"
	"crypto"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/ringtrip/ringtrip/push"
)

// Apple's servers ("Sending notification requests to APNs"). Port 2197 works too, where 443 is blocked.
const (
	ProductionURL = "https://api.push.apple.com"
	SandboxURL    = "https://api.sandbox.push.apple.com"
)

// Config says as whom and where to send. Key or Signer, KeyID and TeamID are required.
type Config struct {
	// Key is the content of the AuthKey_XXXXXXXXXX.p8 file: PEM, a P-256 private key.
	Key []byte
	// Signer signs instead of Key, where the key lives in a key store. Its public key must be an *ecdsa.PublicKey on P-256
	// and its signatures ASN.1, as of every crypto.Signer. Replicas then mint tokens of the same time but not the same bytes.
	Signer crypto.Signer
	// KeyID is the key's ten letters and digits, TeamID the team's.
	KeyID, TeamID string

	// ProductionURL and SandboxURL are base URLs, "https://host" or "https://host:port"; empty means Apple's.
	ProductionURL, SandboxURL string
	// TLS is cloned; set RootCAs to talk to a local APNs. Nil means the system's roots.
	TLS *tls.Config

	// Now is the clock for provider tokens and deadlines; nil means time.Now. It must be right within five minutes:
	// a token is issued at a multiple of 50 minutes since 1970 and used from 5 to 55 minutes of age.
	Now func() time.Time
	// Logger gets retries, lost connections and refused keys; nil means none. It never gets tokens or payloads.
	Logger *slog.Logger

	// OnAlarm, if set, gets what a person has to put right: APNs refuses the key, the topic, or the way requests are made.
	// It is called at most once a minute for each environment and reason, from Send: it must not block.
	OnAlarm func(env push.Environment, e push.Error)

	// Backoff is how long to wait before each retry; its length is how many retries there are.
	// Nil means 0, 200 ms, 1 s, 3 s; an empty slice means no retry. While nobody answers at all, the last wait is repeated
	// up to eight times: a ring outlives a short loss of the network.
	Backoff []time.Duration
	// AttemptTimeout is how long one attempt waits for its answer before its connection is given up; 0 means 5 s.
	AttemptTimeout time.Duration
	// DialTimeout is how long opening a connection may take, name lookup and TLS included; 0 means 5 s.
	DialTimeout time.Duration
	// MaxConnections is the size of each environment's pool; 0 means 4.
	MaxConnections int
	// KeepConnections is how many of them are opened again at once when APNs closes them, so that the next ring finds
	// one; 0 means 1. It holds for a day after an environment's last push.
	KeepConnections int
}

// Sender delivers the pushes of one team. It is safe for concurrent use.
type Sender struct {
	minter  *minter
	pools   map[push.Environment]*pool
	now     func() time.Time
	log     *slog.Logger
	backoff []time.Duration
	timeout time.Duration
	sleep   func(ctx context.Context, d time.Duration) error
	alarms  alarms
}

var _ push.Sender = (*Sender)(nil)

// New makes a Sender. It opens no connection; the error says which field of cfg is wrong and how to put it right.
func New(cfg Config) (*Sender, error) {
	signer, err := cfg.signer()
	if err != nil {
		return nil, err
	}
	if err := checkID("KeyID", cfg.KeyID, "Keys"); err != nil {
		return nil, err
	}
	if err := checkID("TeamID", cfg.TeamID, "Membership details"); err != nil {
		return nil, err
	}
	s := &Sender{
		now:     cfg.Now,
		log:     cfg.Logger,
		backoff: cfg.Backoff,
		timeout: cmp.Or(cfg.AttemptTimeout, 5*time.Second),
		sleep:   sleep,
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.backoff == nil {
		s.backoff = []time.Duration{0, 200 * time.Millisecond, time.Second, 3 * time.Second}
	}
	if cfg.MaxConnections < 0 || cfg.KeepConnections < 0 || cfg.AttemptTimeout < 0 || cfg.DialTimeout < 0 {
		return nil, errors.New("apns: Config.MaxConnections, KeepConnections, AttemptTimeout and DialTimeout can't be negative: leave them 0 for the defaults")
	}
	s.alarms.tell = cfg.OnAlarm
	s.minter = &minter{signer: signer, keyID: cfg.KeyID, teamID: cfg.TeamID, now: s.now}
	bases := make(map[push.Environment]*url.URL)
	for env, raw := range map[push.Environment]string{
		push.Production: cmp.Or(cfg.ProductionURL, ProductionURL),
		push.Sandbox:    cmp.Or(cfg.SandboxURL, SandboxURL),
	} {
		base, err := url.Parse(raw)
		if err != nil || base.Scheme != "https" || base.Host == "" || base.Path != "" && base.Path != "/" {
			return nil, fmt.Errorf("apns: the %s URL %q is not like %q: give scheme https, a host, maybe a port, and nothing else", env, raw, ProductionURL)
		}
		bases[env] = base
	}
	s.pools = make(map[push.Environment]*pool)
	for env, base := range bases {
		s.pools[env] = newPool(poolConfig{
			env:         env,
			base:        base,
			dial:        dialer(cfg.TLS, base, cmp.Or(cfg.DialTimeout, 5*time.Second)),
			max:         cmp.Or(cfg.MaxConnections, 4),
			keep:        min(cmp.Or(cfg.KeepConnections, 1), cmp.Or(cfg.MaxConnections, 4)),
			patience:    time.Second,
			pause:       dialPause,
			log:         s.log.With("environment", env.String()),
			breakerTime: s.now,
		})
	}
	return s, nil
}

// Close closes every connection. Pushes in flight fail with the reason "sender closed". It waits for the sender's own
// goroutines; a second Close does nothing.
func (s *Sender) Close() {
	for _, p := range s.pools {
		p.close()
	}
}

// dialer opens HTTP/2 connections.
func dialer(tlsConfig *tls.Config, base *url.URL, timeout time.Duration) func(context.Context) (*http.ClientConn, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if tlsConfig != nil {
		cfg = tlsConfig.Clone()
	}
	cfg.NextProtos = []string{"h2"}
	var protocols http.Protocols
	protocols.SetHTTP2(true)
	var d net.Dialer
	t := &http.Transport{
		// Go's resolver does not cache, so each connection asks DNS anew, as Apple advises.
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := d.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return coalesce(c, 10*time.Second), nil
		},
		TLSClientConfig:     cfg,
		TLSHandshakeTimeout: timeout,
		DisableCompression:  true,
		Protocols:           &protocols,
		HTTP2: &http.HTTP2Config{
			SendPingTimeout: time.Hour, // Apple's best practice: ping after about an hour of silence
			PingTimeout:     10 * time.Second,
			// Writing has its time-out in coalescer. Apple advises literals without indexing for path and authorization. Go
			// can only index everything or nothing (MaxEncoderHeaderTableSize: 1), and nothing was measured to cost both
			// sides more (38 instead of 33 µs a push here, 33 instead of 26 at the local APNs).
		},
	}
	port := cmp.Or(base.Port(), "443")
	return func(ctx context.Context) (*http.ClientConn, error) {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		return t.NewClientConn(ctx, "https", base.Hostname()+":"+port)
	}
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
