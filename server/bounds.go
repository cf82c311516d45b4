package server

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect"
)

// Pace is how much of something is allowed: Burst at once, and PerSecond in the long run. The zero Pace has no limit.
type Pace struct {
	PerSecond float64
	Burst     int
}

// Bounds bound what one client can ask of this node. They are a node's own: behind n nodes a client may get n times as
// much. The zero Bounds limit nothing; [Server.Handler] bounds sizes and times in any case.
type Bounds struct {
	// PerAddress counts requests by the client's address, an IPv6 one by its /64. A request whose token is refused
	// counts ten times. Many users may share an address (a mobile network, an office), so it has to be generous.
	// Loopback addresses are not limited unless they are trusted proxies.
	PerAddress Pace
	// PerUser counts requests by user, whatever their devices. Backends and operators are not limited.
	PerUser Pace
	// TrustProxies are the addresses of proxies whose X-Forwarded-For is believed. From anybody else it is ignored.
	TrustProxies []netip.Prefix
}

// refusedCost is what a request with a bad token costs.
const refusedCost = 10

func (r Pace) check(what string) error {
	if r == (Pace{}) {
		return nil
	}
	if !(r.PerSecond > 0) || math.IsInf(r.PerSecond, 0) || r.Burst < refusedCost {
		return fmt.Errorf("the limit per %s is %g/s with a burst of %d: the one must be above 0, the other at least %d", what, r.PerSecond, r.Burst, refusedCost)
	}
	return nil
}

func (l Bounds) check() error {
	return errors.Join(l.PerAddress.check("address"), l.PerUser.check("user"))
}

// paces are token buckets by key. A bucket that nobody used for as long as it takes to fill is full, so it can be
// forgotten without anybody gaining by it: every such while, all that were not used are.
type paces struct {
	rate Pace
	now  func() time.Time

	mu      sync.Mutex
	turned  time.Time
	recent  map[string]bound
	earlier map[string]bound
}

type bound struct {
	left float64
	at   time.Time
}

func newPaces(rate Pace, now func() time.Time) *paces {
	return &paces{rate: rate, now: now, turned: now(), recent: map[string]bound{}}
}

// take takes n from key's bucket and returns 0, or how long to wait if there is not enough in it. charge takes in any case.
func (b *paces) take(key string, n float64, charge bool) time.Duration {
	if b.rate == (Pace{}) || key == "" {
		return 0
	}
	now := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	full := time.Duration(float64(b.rate.Burst) / b.rate.PerSecond * float64(time.Second))
	if now.Sub(b.turned).Abs() > full {
		b.earlier, b.recent, b.turned = b.recent, map[string]bound{}, now
	}
	k, ok := b.recent[key]
	if !ok {
		if k, ok = b.earlier[key]; !ok {
			k = bound{left: float64(b.rate.Burst), at: now}
		}
	}
	if d := now.Sub(k.at); d > 0 {
		k.left = min(float64(b.rate.Burst), k.left+d.Seconds()*b.rate.PerSecond)
	}
	k.at = now
	short := n - k.left
	if short <= 0 || charge {
		k.left = max(k.left-n, 0)
	}
	b.recent[key] = k
	if short <= 0 || charge {
		return 0
	}
	return time.Duration(short / b.rate.PerSecond * float64(time.Second))
}

// tooMany is the problem of a client that asks too often.
func tooMany(who, slug string, wait time.Duration) *connect.Error {
	seconds := max(1, int(math.Ceil(wait.Seconds())))
	err := problem(connect.CodeResourceExhausted, slug, fmt.Sprintf("wait %d s", seconds), nil, "there are too many requests from this %s", who)
	err.Meta().Set("Retry-After", strconv.Itoa(seconds))
	return err
}

// short reports whether less than one is left in key's bucket. It takes nothing.
func (b *paces) short(key string) bool {
	if b.rate == (Pace{}) || key == "" {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	k, ok := b.recent[key]
	if !ok {
		if k, ok = b.earlier[key]; !ok {
			return false
		}
	}
	return k.left+max(b.now().Sub(k.at).Seconds(), 0)*b.rate.PerSecond < 1
}

type addressKey struct{}

// limited refuses requests of addresses that ask too often, before anything of them is read.
func (s *Server) limited(next http.Handler) http.Handler {
	errors := connect.NewErrorWriter()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, carriersPath) { // which counts for itself
			next.ServeHTTP(w, r)
			return
		}
		address := clientKey(r, s.cfg.Bounds.TrustProxies)
		if wait := s.byAddress.take(address, 1, false); wait > 0 {
			problem := tooMany("address", "rate_limited_address", wait)
			if errors.IsSupported(r) {
				_ = errors.Write(w, r, problem) // if it can't be written nobody is there to read it
				return
			}
			w.Header().Set("Retry-After", problem.Meta().Get("Retry-After"))
			http.Error(w, problem.Message(), http.StatusTooManyRequests)
			return
		}
		if address != "" {
			r = r.WithContext(context.WithValue(r.Context(), addressKey{}, address))
		}
		next.ServeHTTP(w, r)
	})
}

// refusedFrom takes down that the address of ctx showed a bad token.
func (s *Server) refusedFrom(ctx context.Context) {
	address, _ := ctx.Value(addressKey{}).(string)
	s.byAddress.take(address, refusedCost-1, true)
}

// clientKey returns whom a request's address stands for, empty if it is not to be limited.
func clientKey(r *http.Request, trusted []netip.Prefix) string {
	a := clientAddress(r.RemoteAddr, r.Header.Values("X-Forwarded-For"), trusted)
	if !a.IsValid() || a.IsLoopback() {
		return ""
	}
	if a.Is6() {
		p, _ := a.WithZone("").Prefix(64)
		return p.String()
	}
	return a.String()
}

// clientAddress returns the address that the nearest proxy which is not ours, or the client, came from. Each proxy
// adds to the end of X-Forwarded-For, so it is read from there, and only as far as the proxies are trusted: what stands
// before is whatever the client wrote.
func clientAddress(remote string, forwarded []string, trusted []netip.Prefix) netip.Addr {
	from, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	at := from.Addr().Unmap()
	hops := strings.Split(strings.Join(forwarded, ","), ",")
	for i := len(hops) - 1; i >= 0 && isTrusted(at, trusted); i-- {
		next, err := parseHop(hops[i])
		if err != nil {
			break
		}
		at = next
	}
	return at
}

// parseHop reads one address of X-Forwarded-For; some proxies write a port with it.
func parseHop(s string) (netip.Addr, error) {
	s = strings.TrimSpace(s)
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap(), nil
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return a.Unmap(), err
}

func isTrusted(a netip.Addr, trusted []netip.Prefix) bool {
	for _, p := range trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
