// Package model searches all states that a pure machine can reach, breadth first, so that the first violation found
// has a shortest trace. Tests of the state machines (one call, the fork, both together over a bad network, several
// calls on one device) share it. It knows nothing of calls, and it is never part of a program: only tests import it.
//
// A state is remembered by a 128-bit hash of its value, not by the value, so that millions fit into memory. That two
// states share a hash, and one is missed, has a chance of about n²/2¹²⁹ for n states.
package model

import (
	"fmt"
	"hash/maphash"
	"strings"
)

// Result says how large a search was.
type Result struct {
	States int  // different states visited
	Steps  int  // moves tried
	Depth  int  // moves on the longest of the shortest paths
	Cut    bool // the limit ended the search before it was complete
}

// String returns r as a readable line.
func (r Result) String() string {
	s := fmt.Sprintf("%d states, %d steps, depth %d", r.States, r.Steps, r.Depth)
	if r.Cut {
		s += " (cut at the limit)"
	}
	return s
}

// A Violation is a broken property and a shortest way to it.
type Violation struct {
	Trace []string // the moves, the offending one last
	Err   error    // what is broken
}

// Error says what is broken and how to get there, one move a line.
func (v *Violation) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v, after %d moves:", v.Err, len(v.Trace))
	for i, move := range v.Trace {
		fmt.Fprintf(&b, "\n  %2d. %s", i+1, move)
	}
	return b.String()
}

// Unwrap returns Err.
func (v *Violation) Unwrap() error { return v.Err }

type key [2]uint64

type from struct {
	parent int32
	depth  int32
}

// Search visits every state that moves lead to from the starts. The function moves calls yield once for each move out
// of a state, with the state that it leads to, or with an error if the move breaks a property; it stops when yield
// returns false. It returns an error of its own if the state itself is broken. The search ends at the first violation
// (a *Violation), or when limit states were visited (0: no limit). Moves are printed with %v.
func Search[S comparable, M any](starts []S, limit int, moves func(s S, yield func(M, S, error) bool) error) (Result, error) {
	seeds := [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}
	hash := func(s S) key { return key{maphash.Comparable(seeds[0], s), maphash.Comparable(seeds[1], s)} }

	var (
		res   Result
		seen  = make(map[key]struct{})
		nodes []from
		via   []M
		level []S // the frontier; its first state is node number base
		base  int
	)
	trace := func(at int, last ...M) []string {
		var t []string
		for _, m := range last {
			t = append(t, fmt.Sprint(m))
		}
		for ; nodes[at].parent >= 0; at = int(nodes[at].parent) {
			t = append([]string{fmt.Sprint(via[at])}, t...)
		}
		return t
	}
	add := func(s S, parent, depth int32, m M) {
		k := hash(s)
		if _, ok := seen[k]; ok {
			return
		}
		if limit > 0 && len(nodes) >= limit {
			res.Cut = true
			return
		}
		seen[k] = struct{}{}
		nodes, via, level = append(nodes, from{parent, depth}), append(via, m), append(level, s)
		res.Depth = max(res.Depth, int(depth))
	}
	var none M
	for _, s := range starts {
		add(s, -1, 0, none)
	}
	for ; base < len(nodes); base++ {
		s := level[0]
		level = level[1:]
		var broken *Violation
		err := moves(s, func(m M, to S, err error) bool {
			res.Steps++
			if err != nil {
				broken = &Violation{Trace: trace(base, m), Err: err}
				return false
			}
			add(to, int32(base), nodes[base].depth+1, m)
			return true
		})
		res.States = len(nodes)
		if broken == nil && err != nil {
			broken = &Violation{Trace: trace(base), Err: err}
		}
		if broken != nil {
			return res, broken
		}
	}
	return res, nil
}
