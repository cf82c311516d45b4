package server

import (
	"io"
	"net/http"
	"time"
)

// patience ends a response whose reader takes nothing for too long: every write gets a deadline of its own. Without
// it a phone that left its network keeps a stream, and a goroutine, until TCP gives up. A request has to be here in
// full within body, however busily it drips.
func patience(next http.Handler, limit, body time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			b := &patientBody{ReadCloser: r.Body, control: http.NewResponseController(w)}
			_ = b.control.SetReadDeadline(time.Now().Add(body)) // tests' recorders have none
			r.Body = b
		}
		next.ServeHTTP(&patientWriter{ResponseWriter: w, control: http.NewResponseController(w), limit: limit}, r)
	})
}

// patientBody takes the deadline away when all has come: the stream that answers may last.
type patientBody struct {
	io.ReadCloser
	control *http.ResponseController
}

// Read implements io.Reader.
func (b *patientBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

type patientWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	limit   time.Duration
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
}

// Unwrap serves http.ResponseController.
func (w *patientWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// extend moves the deadline; writers that have none (tests' recorders) go without.
func (w *patientWriter) extend() { _ = w.control.SetWriteDeadline(time.Now().Add(w.limit)) }
