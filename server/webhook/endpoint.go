package webhook

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"time"
)

// Endpoint is where an app wants to be told. It comes from the operator's configuration, never from a request.
type Endpoint struct {
	// ID names the endpoint in the store and to people: 1-32 of [a-z0-9-], unique in the app. What is stored for an
	// endpoint is found by it, so it stays when the URL changes.
	ID string `json:"id" yaml:"id"`
	// URL is where events are posted to: https, or http if AllowPrivate.
	URL string `json:"url" yaml:"url"`
	// Secrets sign, each of them: one normally, the new and the old one while they change places. At least one.
	Secrets []Secret `json:"secrets" yaml:"secrets"`
	// Types are the types wanted, as "call.ended" or "leg.*"; none means all.
	Types []string `json:"types,omitempty" yaml:"types,omitempty"`
	// AllowPrivate allows http, and addresses that are not on the public Internet: loopback, private networks, a cloud's
	// metadata service. Without it they are refused when the connection is made, whatever the name resolved to.
	AllowPrivate bool `json:"allow_private,omitempty" yaml:"allow_private,omitempty"`
	// InFlight is how many requests a node has under way to this endpoint at once, 1-1000; 0 is 16.
	InFlight int `json:"in_flight,omitempty" yaml:"in_flight,omitempty"`
	// Timeout is how long one attempt may take, 100 ms to 60 s; 0 is 10 s.
	Timeout time.Duration `json:"timeout,omitempty" yaml:"timeout,omitempty"`
}

var endpointID = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

// Complete fills in defaults. It returns an error that says what is wrong with e.
func (e *Endpoint) Complete() error {
	if !endpointID.MatchString(e.ID) {
		return fmt.Errorf("the webhook endpoint's id %.40q is not 1-32 of a-z, 0-9 and -", e.ID)
	}
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("the webhook endpoint %q: "+format, append([]any{e.ID}, args...)...)
	}
	u, err := url.Parse(e.URL)
	if err != nil || u.Hostname() == "" || u.Opaque != "" || len(e.URL) > 2048 {
		return wrong("its URL is not like https://backend.example.com/ringtrip")
	}
	if u.User != nil {
		return wrong("its URL has a user or password: the signature is the proof, so take them out")
	}
	if u.Fragment != "" {
		return wrong("its URL has a fragment (#%.40s), which no server is told", u.Fragment)
	}
	switch {
	case u.Scheme == "https" || u.Scheme == "http" && e.AllowPrivate:
	case u.Scheme == "http":
		return wrong("its URL is http, which everybody on the way can read: use https (allow_private allows http, for a machine of your own)")
	default:
		return wrong("its URL is neither https nor http")
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && !e.AllowPrivate && !isPublic(ip) {
		return wrong("its URL leads to %s, which is not on the public Internet: allow_private allows it", ip)
	}
	if len(e.Secrets) == 0 {
		return wrong("it has no secret: make one with \"ringtrip webhook secret\"")
	}
	if len(e.Secrets) > 8 {
		return wrong("it has %d secrets, more than 8", len(e.Secrets))
	}
	for _, s := range e.Secrets {
		if s.String() == "" {
			return wrong("one of its secrets is empty")
		}
	}
	for _, f := range e.Types {
		if err := checkFilter(f); err != nil {
			return wrong("%w", err)
		}
	}
	if e.InFlight == 0 {
		e.InFlight = 16
	}
	if e.Timeout == 0 {
		e.Timeout = 10 * time.Second
	}
	return errors.Join(
		within(e.InFlight >= 1 && e.InFlight <= 1000, wrong("in_flight is %d and must be 1-1000", e.InFlight)),
		within(e.Timeout >= 100*time.Millisecond && e.Timeout <= time.Minute, wrong("its time-out is %s and must be 100ms-60s", e.Timeout)),
	)
}

func within(ok bool, err error) error {
	if ok {
		return nil
	}
	return err
}

// Wants reports whether the endpoint is told of events of the type. Tests it always is.
func (e Endpoint) Wants(t Type) bool { return wanted(e.Types, t) }

// special are the networks besides those that [netip.Addr]'s methods know which are not on the public Internet
// (IANA's registries of special-purpose addresses).
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("3fff::/20"), netip.MustParsePrefix("5f00::/16"), netip.MustParsePrefix("fec0::/10"),
}

// isPublic reports whether ip is an address on the public Internet. Addresses that carry another one inside (NAT64,
// 6to4, Teredo) count as not public, for what is inside may lead home.
func isPublic(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
		return false
	}
	for _, p := range special {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}
