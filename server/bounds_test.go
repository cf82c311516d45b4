package server

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func TestBuckets(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	b := newPaces(Pace{PerSecond: 2, Burst: 10}, func() time.Time { return now })
	for i := range 10 {
		if wait := b.take("a", 1, false); wait != 0 {
			t.Fatalf("request %d has to wait %s", i, wait)
		}
	}
	if wait := b.take("a", 1, false); wait != 500*time.Millisecond {
		t.Errorf("the eleventh waits %s", wait)
	}
	if b.take("b", 1, false) != 0 || b.take("", 100, false) != 0 {
		t.Error("others wait, too")
	}
	now = now.Add(time.Second)
	if b.take("a", 2, false) != 0 || b.take("a", 1, false) == 0 {
		t.Error("a second did not give two more")
	}
	// Whoever is forgotten would have had a full bucket; whoever is not stays where it was.
	now = now.Add(4 * time.Second)
	b.take("a", 8, false)
	now = now.Add(2 * time.Second)
	b.take("c", 1, false)
	if b.take("a", 10, false) == 0 {
		t.Error("a bucket was filled by being forgotten")
	}
	for i := range 10_000 {
		b.take(fmt.Sprint("n", i), 1, false)
	}
	for range 2 {
		now = now.Add(6 * time.Second)
		b.take("c", 1, false)
	}
	if n := len(b.recent) + len(b.earlier); n > 3 {
		t.Errorf("%d paces are kept", n)
	}
	now = now.Add(-time.Hour) // a clock that is set back locks nobody out
	if b.take("d", 1, false) != 0 {
		t.Error("the clock was set back, and a fresh client waits")
	}
	if b.take("e", 100, true) != 0 || b.take("e", 1, false) == 0 {
		t.Error("a charge that is more than there is did not empty the bucket")
	}
}

func TestClientAddress(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("2001:db8::/32")}
	for _, c := range []struct {
		remote    string
		forwarded []string
		want      string
	}{
		{"203.0.113.7:1234", nil, "203.0.113.7"},
		{"203.0.113.7:1234", []string{"198.51.100.1"}, "203.0.113.7"}, // not a proxy of ours: it can write what it likes
		{"10.0.0.1:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1:1", []string{"1.2.3.4, 198.51.100.1"}, "198.51.100.1"}, // the client made up the first
		{"10.0.0.1:1", []string{"1.2.3.4, 198.51.100.1, 10.0.0.2"}, "198.51.100.1"},
		{"10.0.0.1:1", []string{"1.2.3.4", "198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1:1", []string{"198.51.100.1:5555"}, "198.51.100.1"},
		{"10.0.0.1:1", []string{"[2001:470::1]:5555"}, "2001:470::1"},
		{"[2001:db8::1]:1", []string{"2001:470::1"}, "2001:470::1"},
		{"[::ffff:10.0.0.1]:1", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1:1", []string{"garbage"}, "10.0.0.1"},
		{"10.0.0.1:1", nil, "10.0.0.1"},
		{"10.0.0.1:1", []string{"10.0.0.2, 10.0.0.3"}, "10.0.0.2"},
		{"pipe", nil, "invalid IP"},
	} {
		if got := clientAddress(c.remote, c.forwarded, trusted).String(); got != c.want {
			t.Errorf("%s by %q is %s, want %s", c.remote, c.forwarded, got, c.want)
		}
	}
}

func FuzzClientAddress(f *testing.F) {
	f.Add("10.0.0.1:1", "1.2.3.4, 198.51.100.1")
	f.Add("[::1]:1", ",,,")
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	f.Fuzz(func(t *testing.T, remote, forwarded string) {
		from, err := netip.ParseAddrPort(remote)
		got := clientAddress(remote, []string{forwarded}, trusted)
		if err == nil && !isTrusted(from.Addr().Unmap(), trusted) && got != from.Addr().Unmap() {
			t.Errorf("%s is taken for %s", remote, got)
		}
	})
}
