package recent

import (
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// What is remembered is bounded, what is asked for again stays, and what nobody asks for goes.
func TestBounded(t *testing.T) {
	const most = 64
	c := New[int, string](most)
	c.Put(-1, "often")
	for i := range 10 * most {
		c.Put(i, "once")
		if i%(most/4) == 0 {
			if v, ok := c.Get(-1); !ok || v != "often" {
				t.Fatalf("after %d others: %q, %v", i, v, ok)
			}
		}
		if n := c.Len(); n > most {
			t.Fatalf("%d values are remembered", n)
		}
		if v, ok := c.Get(i); !ok || v != "once" {
			t.Fatalf("the last one is not remembered: %q, %v", v, ok)
		}
	}
	if _, ok := c.Get(0); ok {
		t.Error("the first of many is still remembered")
	}
}

// A value put again pushes nothing out.
func TestPutAgain(t *testing.T) {
	c := New[string, int](4)
	c.Put("a", 1)
	c.Put("b", 1)
	for i := range 100 {
		c.Put("b", i)
	}
	if v, ok := c.Get("a"); !ok || v != 1 {
		t.Errorf("a is %d, %v", v, ok)
	}
	if v, ok := c.Get("b"); !ok || v != 99 || c.Len() != 2 {
		t.Errorf("b is %d, %v, of %d values", v, ok, c.Len())
	}
}

// Whatever is put and asked for in whatever order: what is found is what was put last, one is found while fewer others
// than half of the bound came after it, and the bound holds, also the least.
func TestRandom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(-1, 12).Draw(t, "most")
		c, truth := New[int, int](most), map[int]int{}
		var after []int // keys by their last use, the latest at the end
		use := func(key int) {
			for i, k := range after {
				if k == key {
					after = append(after[:i:i], after[i+1:]...)
					break
				}
			}
			after = append(after, key)
		}
		for i := range rapid.IntRange(0, 200).Draw(t, "steps") {
			key := rapid.IntRange(0, 15).Draw(t, "key")
			if rapid.Bool().Draw(t, "put") {
				c.Put(key, i)
				truth[key] = i
				use(key)
			} else if v, ok := c.Get(key); ok {
				if v != truth[key] {
					t.Fatalf("%d is %d, want %d", key, v, truth[key])
				}
				use(key)
			} else if at := len(after) - max(most/2, 1); at >= 0 {
				for _, k := range after[at:] {
					if k == key {
						t.Fatalf("%d is forgotten, used lately as it was: %v of %d", key, after, most)
					}
				}
			} else if _, was := truth[key]; was {
				t.Fatalf("%d is forgotten, though there were only %d", key, len(after))
			}
			if n := c.Len(); n > max(most, 2) {
				t.Fatalf("%d values are remembered, bound %d", n, most)
			}
		}
	})
}

func TestConcurrent(t *testing.T) {
	c := New[int, int](8)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 1000 {
				c.Put(i%20, i%20)
				if v, ok := c.Get(i % 7); ok && v != i%7 {
					t.Errorf("%d is %d", i%7, v)
				}
			}
		})
	}
	all.Wait()
}
