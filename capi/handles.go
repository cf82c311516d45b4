//go:build cgo

package main

import "sync"

// table gives numbers to values that live on this side of the border. Numbers are never used again, so that a call
// with an old one finds nothing rather than somebody else.
type table[T any] struct {
	mu   sync.Mutex
	next int64
	all  map[int64]T
}

func (t *table[T]) add(v T) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil {
		t.all = make(map[int64]T)
	}
	t.next++
	t.all[t.next] = v
	return t.next
}

func (t *table[T]) get(n int64) (T, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v, ok := t.all[n]
	return v, ok
}

func (t *table[T]) take(n int64) (T, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v, ok := t.all[n]
	delete(t.all, n)
	return v, ok
}

func (t *table[T]) count() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return int64(len(t.all))
}
