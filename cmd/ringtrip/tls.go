package main

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"github.com/ringtrip/ringtrip/server"
)

// secureFlags say how clients reach the server: over TLS with a certificate of one's own, over TLS with one that is
// fetched by ACME, or through a proxy; and how much each may ask for.
type secureFlags struct {
	TLSCert      string   `name:"tls-cert" help:"PEM file with the certificate and its chain; read again when it changes. Without it (and without --acme-host) the server speaks plain HTTP, for a proxy in front of it." placeholder:"FILE"`
	TLSKey       string   `name:"tls-key" help:"PEM file with the certificate's private key." placeholder:"FILE"`
	ACMEHost     []string `name:"acme-host" help:"Fetch and renew a certificate for these host names by ACME (Let's Encrypt); the server must be reachable at their port 443. It agrees to the authority's terms of service." placeholder:"HOST"`
	ACMEEmail    string   `name:"acme-email" help:"Where the authority writes when something is wrong." placeholder:"ADDRESS"`
	ACMEURL      string   `name:"acme-url" help:"Another authority's ACME directory." default:"https://acme-v02.api.letsencrypt.org/directory" placeholder:"URL"`
	ACMECA       string   `name:"acme-ca" help:"PEM file of the authority that signed the ACME directory's own certificate, for one inside a company." placeholder:"FILE"`
	TrustProxy   []string `name:"trust-proxy" help:"Addresses (10.0.0.0/8, 127.0.0.1) of the proxies in front of the server: their X-Forwarded-For says who the client is." placeholder:"CIDR"`
	LimitAddress float64  `name:"limit-address" help:"Requests a second that one client address may make in the long run, and twenty times that at once; 0: no limit. Many phones share an address." default:"500"`
	LimitUser    float64  `name:"limit-user" help:"The same for one user." default:"20"`
}

// secure is what came of them.
type secure struct {
	tls     *tls.Config // nil: plain HTTP
	bounds  server.Bounds
	proxied bool
}

// build reads the certificate, or prepares to fetch one into the data folder.
func (f secureFlags) build(data, listen string, log *slog.Logger) (*secure, error) {
	s := &secure{proxied: len(f.TrustProxy) > 0}
	for _, text := range f.TrustProxy {
		p, err := parsePrefix(text)
		if err != nil {
			return nil, err
		}
		s.bounds.TrustProxies = append(s.bounds.TrustProxies, p)
	}
	var err error
	if s.bounds.PerAddress, err = rate("limit-address", f.LimitAddress); err != nil {
		return nil, err
	}
	if s.bounds.PerUser, err = rate("limit-user", f.LimitUser); err != nil {
		return nil, err
	}
	switch {
	case (f.TLSCert == "") != (f.TLSKey == ""):
		return nil, errors.New("--tls-cert and --tls-key go together: the certificate and its private key")
	case f.TLSCert != "" && len(f.ACMEHost) > 0:
		return nil, errors.New("--tls-cert and --acme-host exclude each other: there is one certificate")
	case f.TLSCert != "":
		c := &certificate{cert: f.TLSCert, key: f.TLSKey, log: log, now: time.Now}
		if err := c.load(); err != nil {
			return nil, err
		}
		s.tls = &tls.Config{GetCertificate: c.get}
	case len(f.ACMEHost) > 0:
		if s.tls, err = f.acme(data); err != nil {
			return nil, err
		}
	case !s.proxied && !isLoopback(listen):
		log.Warn("tokens travel in the clear: give --tls-cert and --tls-key, or --acme-host, or put a proxy in front and name it with --trust-proxy", "listen", listen)
	}
	if s.tls != nil {
		s.tls.MinVersion = tls.VersionTLS12 // Go offers no cipher suites of it that are broken
	}
	return s, nil
}

// rate is a limit of so many requests a second.
func rate(flag string, perSecond float64) (server.Pace, error) {
	if perSecond == 0 {
		return server.Pace{}, nil
	}
	if !(perSecond >= 0.5 && perSecond <= 1e6) {
		return server.Pace{}, fmt.Errorf("--%s is %g: it is 0 for no limit, or 0.5 to 1000000 requests a second", flag, perSecond)
	}
	return server.Pace{PerSecond: perSecond, Burst: int(20 * perSecond)}, nil
}

// parsePrefix reads a network, or one address.
func parsePrefix(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return p, fmt.Errorf("--trust-proxy %.60q is neither an address nor a network, as 10.0.0.0/8", text)
	}
	if p.Bits() == 0 {
		return p, fmt.Errorf("--trust-proxy %s trusts everybody, so that everybody could say who they are: name the proxies", text)
	}
	return p, nil
}

func isLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback() || host == "localhost"
}

// acme prepares to fetch certificates; the first connection to a host fetches its.
func (f secureFlags) acme(data string) (*tls.Config, error) {
	client := &acme.Client{DirectoryURL: f.ACMEURL, UserAgent: "ringtrip"}
	if f.ACMECA != "" {
		text, err := os.ReadFile(f.ACMECA)
		if err != nil {
			return nil, fmt.Errorf("reading the authority of the ACME directory: %w", err)
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s has no certificate in PEM", f.ACMECA)
		}
		client.HTTPClient = &http.Client{Timeout: time.Minute, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	}
	for _, host := range f.ACMEHost {
		if strings.ContainsAny(host, "*:/ ") || !strings.Contains(host, ".") {
			return nil, fmt.Errorf("--acme-host %.80q is no host name, as calls.example.com (and no wildcard: ACME fetches those only through DNS)", host)
		}
	}
	m := &autocert.Manager{
		Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(f.ACMEHost...), Email: f.ACMEEmail, Client: client,
		Cache: autocert.DirCache(filepath.Join(data, "acme")), // made with mode 0700
	}
	return m.TLSConfig(), nil
}

// certificate is a certificate in files, which is read again when they change: renewing it needs no restart.
type certificate struct {
	cert, key string
	log       *slog.Logger
	now       func() time.Time

	mu      sync.Mutex
	current *tls.Certificate
	stamp   string    // of the files, when they were read
	looked  time.Time // when they were last looked at
}

// look is how often the files are looked at, at most.
const look = time.Second

// load reads the files.
func (c *certificate) load() error {
	stamp := c.files()
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("reading the certificate %s and its key %s: %w", c.cert, c.key, err)
	}
	if left := pair.Leaf.NotAfter.Sub(c.now()); left < 0 {
		c.log.Error("the certificate has expired: clients will refuse it", "file", c.cert, "expired", pair.Leaf.NotAfter)
	}
	c.current, c.stamp = &pair, stamp
	return nil
}

// files tells one state of the files from another.
func (c *certificate) files() string {
	var text strings.Builder
	for _, name := range []string{c.cert, c.key} {
		if i, err := os.Stat(name); err == nil {
			fmt.Fprintf(&text, "%d %d,", i.ModTime().UnixNano(), i.Size())
		}
	}
	return text.String()
}

// get returns the certificate for a handshake.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.looked).Abs() >= look {
		c.looked = now
		if stamp := c.files(); stamp != c.stamp {
			if err := c.load(); err != nil {
				c.log.Error("the certificate changed and can't be read: the one before stays", "err", err)
				c.stamp = stamp // say it once for each change
			} else {
				c.log.Info("the certificate was read again", "file", c.cert, "expires", c.current.Leaf.NotAfter)
			}
		}
	}
	return c.current, nil
}

// harden bounds what a connection may cost. A proxy carries many clients over one connection, so it gets more streams.
func (s *secure) harden(h *http.Server) *http.Server {
	h.MaxHeaderBytes = 32 << 10
	h.ReadHeaderTimeout = cmp.Or(h.ReadHeaderTimeout, 10*time.Second)
	h.IdleTimeout = cmp.Or(h.IdleTimeout, 2*time.Minute)
	h.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 128, SendPingTimeout: time.Minute, PingTimeout: 15 * time.Second}
	if s.proxied {
		h.HTTP2.MaxConcurrentStreams = 4096
	}
	h.TLSConfig = s.tls
	return h
}

// serve serves on l, with TLS if that is set.
func (s *secure) serve(h *http.Server, l net.Listener) error {
	if s.tls != nil {
		return h.ServeTLS(l, "", "")
	}
	return h.Serve(l)
}

// url is where the server is.
func (s *secure) url(l net.Listener) string {
	if s.tls != nil {
		return "https://" + l.Addr().String()
	}
	return "http://" + l.Addr().String()
}
