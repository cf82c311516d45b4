// Package recent remembers what was asked for recently: results that are dear to make and cheap to make again, as checked
// signatures. It keeps a bounded number, and has no goroutine, no clock and no callbacks. It refuses to know when a value
// is too old: whoever asks judges what is found.
package recent

import "sync"

// A Cache remembers values by key, in two generations: a full one takes the place of the one before, which is forgotten.
// So what was not asked for while half of its bound were new is gone, and what is asked for more often stays. It is safe
// for concurrent use, and no method blocks. Make one by [New].
type Cache[K comparable, V any] struct {
	most int // of a generation

	mu      sync.Mutex
	young   map[K]V
	earlier map[K]V
}

// New returns a Cache that never has more than most values, at least 2.
func New[K comparable, V any](most int) *Cache[K, V] {
	return &Cache[K, V]{most: max(most/2, 1), young: map[K]V{}}
}

// Get returns what is remembered by key, or false. To ask is to keep it for longer.
func (c *Cache[K, V]) Get(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v, ok := c.young[key]; ok {
		return v, true
	}
	v, ok := c.earlier[key]
	if ok {
		c.put(key, v)
	}
	return v, ok
}

// Put remembers a value by key, in place of what was there.
func (c *Cache[K, V]) Put(key K, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(key, value)
}

// put is Put; c.mu must be held.
func (c *Cache[K, V]) put(key K, value V) {
	if _, known := c.young[key]; !known && len(c.young) >= c.most {
		c.earlier, c.young = c.young, map[K]V{}
	}
	delete(c.earlier, key)
	c.young[key] = value
}

// Len is how many values are remembered.
func (c *Cache[K, V]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.young) + len(c.earlier)
}
