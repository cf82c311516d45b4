package server

import (
	"io"
	"net/http"
	"sync"
	"time"
)

// patience ends a response whose reader takes nothing for too long: every write gets a deadline of its own. Without
// it a phone that left its network keeps a stream, and a goroutine, until TCP gives up. A request has to be here in
// full within body, however busily it drips.
//
// Setting a deadline of HTTP/2 is a message to the connection's goroutine. So a request gets one only when its time is
// up, and a response one for all that is written in quick succession.
func patience(next http.Handler, limit, body time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		if r.Body != nil && r.Body != http.NoBody {
			b := &patientBody{ReadCloser: r.Body, control: control}
			b.timer = time.AfterFunc(body, b.late)
			defer b.done()
			r.Body = b
		}
		next.ServeHTTP(&patientWriter{ResponseWriter: w, control: control, limit: limit}, r)
	})
}

// patientBody is given up when not all of it has come in time.
type patientBody struct {
	io.ReadCloser
	control *http.ResponseController
	timer   *time.Timer
	mu      sync.Mutex
	over    bool // it is here, or nobody wants it any more: the response may last
}

// Read implements io.Reader.
func (b *patientBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.done()
	}
	return n, err
}

// late ends the reading.
func (b *patientBody) late() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.over {
		_ = b.control.SetReadDeadline(time.Now()) // tests' recorders have none
	}
}

func (b *patientBody) done() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.over {
		b.over = true
		b.timer.Stop()
	}
}

type patientWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	limit   time.Duration
	set     time.Time // when the deadline was set; zero: there is none
}

// WriteHeader implements http.ResponseWriter.
func (w *patientWriter) WriteHeader(code int) {
	w.extend()
	w.ResponseWriter.WriteHeader(code)
}

// Write implements http.ResponseWriter.
func (w *patientWriter) Write(b []byte) (int, error) {
	w.extend()
	return w.ResponseWriter.Write(b)
}

// Flush implements http.Flusher. Afterwards there is nothing to be late with: HTTP/2 resets a stream whose deadline
// passes while nobody writes.
func (w *patientWriter) Flush() {
	w.extend()
	_ = w.control.Flush() // a broken connection shows at the next write
	_ = w.control.SetWriteDeadline(time.Time{})
	w.set = time.Time{}
}

// Unwrap serves http.ResponseController.
func (w *patientWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// extend moves the deadline, if it was not just set; writers that have none (tests' recorders) go without.
func (w *patientWriter) extend() {
	if now := time.Now(); w.set.IsZero() || now.Sub(w.set) > w.limit/8 {
		w.set = now
		_ = w.control.SetWriteDeadline(now.Add(w.limit))
	}
}
