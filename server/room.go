package server

import "net/http"

// stackRoom is what the frames of a request come to, in bytes, some 10 kB: with the little that is there before, a stack
// of 16 KiB, the largest that Go keeps at hand on each processor.
const stackRoom = 9 << 10

// roomy answers requests on stacks that have the room they need from the beginning. Each request of HTTP/2 has a goroutine
// of its own, whose stack would begin with 2 KiB and be copied again and again while more and more is on it: that was a
// twelfth of what a request costs.
func roomy(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reserve(len(r.Method))
		next.ServeHTTP(w, r)
	})
}

// reserve makes the goroutine's stack grow once, while there is hardly anything on it.
//
//go:noinline
func reserve(n int) byte {
	var room [stackRoom]byte
	return room[n%stackRoom]
}
