package storetest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

// RunPresence checks what open makes: an empty [store.Presence] each.
func RunPresence(t *testing.T, open func(t *testing.T) store.Presence) {
	for name, test := range map[string]func(t *testing.T, p store.Presence){
		"StreamsComeAndGo":   streamsComeAndGo,
		"AnOldStreamIsQuiet": oldStreamIsQuiet,
		"Beats":              beats,
		"NodesAreForgotten":  nodesAreForgotten,
		"ManyAtOnce":         presenceRaces,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func attach(t *testing.T, p store.Presence, s store.Stream) store.Stream {
	t.Helper()
	before, err := p.Attach(t.Context(), s)
	if err != nil {
		t.Fatalf("Attach: %v", err)
	}
	return before
}

func wantStreams(t *testing.T, p store.Presence, devices []string, want ...store.Stream) {
	t.Helper()
	got, err := p.StreamsOf(t.Context(), "app", devices)
	if err != nil {
		t.Fatalf("StreamsOf: %v", err)
	}
	slices.SortFunc(got, func(a, b store.Stream) int { return cmp.Compare(a.Device, b.Device) })
	equal := func(a, b store.Stream) bool {
		same := a.LeftAt.Equal(b.LeftAt)
		a.LeftAt, b.LeftAt = time.Time{}, time.Time{}
		return same && a == b
	}
	if !slices.EqualFunc(got, want, equal) {
		t.Errorf("StreamsOf(%q) = %+v, want %+v", devices, got, want)
	}
}

func streamsComeAndGo(t *testing.T, p store.Presence) {
	s := store.Stream{App: "app", Device: "d1", Node: "n1", ID: "s1", Foreground: true}
	wantStreams(t, p, []string{"d1", "d2"})
	wantStreams(t, p, nil)
	if before := attach(t, p, s); before.Node != "" {
		t.Errorf("the first stream took the place of %+v", before)
	}
	other := store.Stream{App: "other", Device: "d1", Node: "n2", ID: "s2"}
	attach(t, p, other)
	wantStreams(t, p, []string{"d1", "d2"}, s)
	if _, err := p.StreamsOf(t.Context(), "nowhere", []string{"d1"}); err != nil {
		t.Errorf("StreamsOf of an unknown app: %v", err)
	}
	next := store.Stream{App: "app", Device: "d1", Node: "n2", ID: "s3"}
	if before := attach(t, p, next); before != s {
		t.Errorf("it took the place of %+v, want %+v", before, s)
	}
	wantStreams(t, p, []string{"d1"}, next)
	left := next
	left.LeftAt = at(5)
	if err := p.Detach(t.Context(), left); err != nil {
		t.Errorf("Detach: %v", err)
	}
	left.Node = ""
	wantStreams(t, p, []string{"d1"}, left)
	if before := attach(t, p, s); before.Node != "" {
		t.Errorf("it took the place of %+v, which had left", before)
	}
	wantStreams(t, p, []string{"d1"}, s)
}

// What an old stream says is of no use any more.
func oldStreamIsQuiet(t *testing.T, p store.Presence) {
	now := store.Stream{App: "app", Device: "d1", Node: "n2", ID: "new"}
	attach(t, p, store.Stream{App: "app", Device: "d1", Node: "n1", ID: "old"})
	attach(t, p, now)
	for _, s := range []store.Stream{
		{App: "app", Device: "d1", Node: "n1", ID: "old", LeftAt: at(1)},
		{App: "app", Device: "d9", Node: "n1", ID: "old", LeftAt: at(1)},
		{App: "other", Device: "d1", Node: "n2", ID: "new", LeftAt: at(1)},
	} {
		if err := p.Detach(t.Context(), s); err != nil {
			t.Errorf("Detach: %v", err)
		}
	}
	wantStreams(t, p, []string{"d1", "d9"}, now)
}

func beats(t *testing.T, p store.Presence) {
	for n := range uint64(3) {
		for _, node := range []string{"n1", "n2"} {
			all, err := p.Beat(t.Context(), node)
			if err != nil {
				t.Fatalf("Beat: %v", err)
			}
			for _, one := range all {
				want := n + 1
				if one.ID == "n2" && node == "n1" {
					want = n // its turn comes
				}
				if one.Beat != want {
					t.Errorf("after beat %d of %s, %s is at %d, want %d", n+1, node, one.ID, one.Beat, want)
				}
			}
			if want := min(int(n)*2, 1) + 1; len(all) != want && node == "n1" || node == "n2" && len(all) != 2 {
				t.Errorf("after beat %d of %s there are %d nodes", n+1, node, len(all))
			}
		}
	}
}

func nodesAreForgotten(t *testing.T, p store.Presence) {
	for _, node := range []string{"n1", "n2"} {
		if _, err := p.Beat(t.Context(), node); err != nil {
			t.Fatalf("Beat: %v", err)
		}
		attach(t, p, store.Stream{App: "app", Device: "d of " + node, Node: node, ID: "s of " + node})
	}
	for range 2 {
		if err := p.RemoveNode(t.Context(), "n1", at(3)); err != nil {
			t.Fatalf("RemoveNode: %v", err)
		}
	}
	wantStreams(t, p, []string{"d of n1", "d of n2"},
		store.Stream{App: "app", Device: "d of n1", ID: "s of n1", LeftAt: at(3)},
		store.Stream{App: "app", Device: "d of n2", Node: "n2", ID: "s of n2"})
	all, err := p.Beat(t.Context(), "n1")
	if err != nil {
		t.Fatalf("Beat: %v", err)
	}
	for _, one := range all {
		if one.Beat != 1 {
			t.Errorf("a node that was forgotten comes back as %+v", one)
		}
	}
}

func presenceRaces(t *testing.T, p store.Presence) {
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			node := fmt.Sprint("n", n)
			for i := range 20 {
				s := store.Stream{App: "app", Device: fmt.Sprint("d", i%4), Node: node, ID: fmt.Sprint(node, i)}
				if _, err := p.Attach(t.Context(), s); err != nil {
					t.Errorf("Attach: %v", err)
				}
				if _, err := p.Beat(t.Context(), node); err != nil {
					t.Errorf("Beat: %v", err)
				}
				s.LeftAt = at(i)
				if err := p.Detach(t.Context(), s); err != nil {
					t.Errorf("Detach: %v", err)
				}
			}
		})
	}
	all.Wait()
	got, err := p.StreamsOf(t.Context(), "app", []string{"d0", "d1", "d2", "d3"})
	if err != nil || len(got) != 4 {
		t.Fatalf("StreamsOf: %+v, %v", got, err)
	}
	for _, s := range got {
		if s.Node != "" {
			t.Errorf("all have left, and this one not: %+v", s)
		}
	}
	nodes, err := p.Beat(t.Context(), "n0")
	if err != nil || len(nodes) != 8 {
		t.Fatalf("Beat: %+v, %v", nodes, err)
	}
	for _, one := range nodes {
		if want := uint64(20); one.Beat != want && (one.ID != "n0" || one.Beat != want+1) {
			t.Errorf("%+v did not beat %d times", one, want)
		}
	}
}

// Presence is a [store.Presence] in memory, for tests of what uses one. NewPresence makes it.
type Presence struct {
	mu      sync.Mutex
	streams map[[2]string]store.Stream
	beats   map[string]uint64
	cut     map[string]bool
}

var _ store.Presence = (*Presence)(nil)

// NewPresence returns an empty one.
func NewPresence() *Presence {
	return &Presence{streams: map[[2]string]store.Stream{}, beats: map[string]uint64{}, cut: map[string]bool{}}
}

// Cut makes every heartbeat of a node fail, or ends that: it is cut off.
func (p *Presence) Cut(node string, off bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut[node] = off
}

// Attach implements [store.Presence].
func (p *Presence) Attach(_ context.Context, s store.Stream) (store.Stream, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.streams[[2]string{s.App, s.Device}]
	s.LeftAt = time.Time{}
	p.streams[[2]string{s.App, s.Device}] = s
	return before, nil
}

// Detach implements [store.Presence].
func (p *Presence) Detach(_ context.Context, s store.Stream) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	place := [2]string{s.App, s.Device}
	if now, ok := p.streams[place]; ok && now.ID == s.ID && now.Node != "" {
		now.Node, now.LeftAt = "", s.LeftAt
		p.streams[place] = now
	}
	return nil
}

// StreamsOf implements [store.Presence].
func (p *Presence) StreamsOf(_ context.Context, app string, devices []string) (all []store.Stream, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range devices {
		if s, ok := p.streams[[2]string{app, d}]; ok {
			all = append(all, s)
		}
	}
	return all, nil
}

// Beat implements [store.Presence].
func (p *Presence) Beat(_ context.Context, node string) (all []store.Node, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut[node] {
		return nil, fmt.Errorf("storetest: %s is cut off", node)
	}
	p.beats[node]++
	for id, n := range p.beats {
		all = append(all, store.Node{ID: id, Beat: n})
	}
	return all, nil
}

// RemoveNode implements [store.Presence].
func (p *Presence) RemoveNode(_ context.Context, node string, at time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.beats, node)
	for place, s := range p.streams {
		if s.Node == node {
			s.Node, s.LeftAt = "", at
			p.streams[place] = s
		}
	}
	return nil
}
