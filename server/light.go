package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"

	"connectrpc.com/connect"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// Most devices of a deployment are connected and do nothing. A response of net/http that lasts for hours costs them three
// goroutines and their stacks, buffers and contexts. So an event stream over HTTP/1.1 is let in like any other request, by
// the same handlers, which write its Hello into memory; then its connection is taken over, and what is left of the device
// is the connection, its line, and a goroutine that waits for the connection's end.

const (
	// maxAfter is how many bytes may come after a stream's request. They are not read for what they say: the response
	// never ends, so that nothing that follows could be answered.
	maxAfter = 4 << 10
	// partingTime is how long a device that is told that its stream is over may take to hear it.
	partingTime = 2 * time.Second
)

const (
	protoStream = "application/connect+proto"
	jsonStream  = "application/connect+json"
)

// door is where a request that may become a light stream is answered: into memory, until it is known whether it does.
type door struct {
	w    http.ResponseWriter
	line *line // set when the stream was let in
	code int
	body bytes.Buffer

	request io.ReadCloser
	whole   bool // the request has come to its end
}

// Read reads the request's body.
func (d *door) Read(p []byte) (int, error) {
	n, err := d.request.Read(p)
	d.whole = d.whole || err == io.EOF
	return n, err
}

// Close implements io.Closer for it.
func (d *door) Close() error { return d.request.Close() }

type doorKey struct{}

// doorOf returns the door that a request came by; nil if its response is an ordinary one.
func doorOf(ctx context.Context) *door {
	d, _ := ctx.Value(doorKey{}).(*door)
	return d
}

// Header implements http.ResponseWriter.
func (d *door) Header() http.Header { return d.w.Header() }

// WriteHeader implements http.ResponseWriter.
func (d *door) WriteHeader(code int) {
	if d.code == 0 {
		d.code = code
	}
}

// Write implements http.ResponseWriter.
func (d *door) Write(b []byte) (int, error) {
	d.WriteHeader(http.StatusOK)
	if d.line != nil {
		return len(b), nil // the end of a stream that goes on
	}
	return d.body.Write(b)
}

// Flush implements http.Flusher.
func (d *door) Flush() {}

// Unwrap serves http.ResponseController.
func (d *door) Unwrap() http.ResponseWriter { return d.w }

// light serves event streams that can be served without a waiting handler, and leaves the rest to next.
func (s *Server) light(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hijacker := hijackerOf(w)
		if hijacker == nil || !mayBeLight(r) {
			next.ServeHTTP(w, r)
			return
		}
		d := &door{w: w, request: r.Body}
		in := r.WithContext(context.WithValue(r.Context(), doorKey{}, d))
		in.Body = d
		next.ServeHTTP(d, in)
		if d.line == nil {
			if d.code != 0 {
				w.WriteHeader(d.code)
			}
			_, _ = w.Write(d.body.Bytes()) // if it can't be written nobody is there to read it
			return
		}
		if err := d.pass(hijacker, r, s.cfg.WriteTimeout); err != nil {
			s.log.Debug("an event stream broke at its start", "device", d.line.device, "err", err)
			d.line.finish(nil)
			panic(http.ErrAbortHandler) // for http.Server: there is no answer
		}
	})
}

// mayBeLight reports whether a request is for an event stream by Connect over HTTP/1.1, without a time at which it ends.
func mayBeLight(r *http.Request) bool {
	_, ends := r.Context().Deadline()
	kind := r.Header.Get("Content-Type")
	return r.URL.Path == ringtripv1connect.PhoneServiceEventsProcedure && r.Method == http.MethodPost && r.ProtoMajor == 1 && r.ProtoMinor == 1 &&
		(kind == protoStream || kind == jsonStream) && !ends && r.Header.Get("Connect-Timeout-Ms") == ""
}

// hijackerOf returns who gives the connection away; nil if nobody does.
func hijackerOf(w http.ResponseWriter) http.Hijacker {
	for {
		switch is := w.(type) {
		case http.Hijacker:
			return is
		case interface{ Unwrap() http.ResponseWriter }:
			w = is.Unwrap()
		default:
			return nil
		}
	}
}

// pass takes the connection over, writes what the handlers wrote, and lets the line go on by itself.
func (d *door) pass(hijacker http.Hijacker, r *http.Request, limit time.Duration) error {
	if !d.whole {
		return errors.New("its request has no end")
	}
	header := d.w.Header().Clone()
	conn, buffered, err := hijacker.Hijack()
	if err != nil {
		return err
	}
	boundSilence(conn, limit)
	l := &light{conn: conn, raw: beneath(conn), limit: limit, json: r.Header.Get("Content-Type") == jsonStream, gzip: header.Get("Connect-Content-Encoding") == "gzip"}
	header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	header.Set("Transfer-Encoding", "chunked")
	header.Set("Connection", "close")       // nothing else is answered here
	header.Set("X-Accel-Buffering", "no")   // nginx would keep events until it has a page full
	header.Set("Cache-Control", "no-store") // nor is a stream for caches
	var head bytes.Buffer
	_, _ = head.WriteString("HTTP/1.1 200 OK\r\n")
	_ = header.Write(&head) // a Buffer takes everything
	_, _ = head.WriteString("\r\n")
	f := frames.Get().(*frame)
	defer f.free()
	f.bytes = append(f.bytes, d.body.Bytes()...)
	if err := l.write(head.Bytes()); err != nil {
		_ = conn.Close()
		return err
	}
	if err := l.write(f.chunk(false)); err != nil {
		_ = conn.Close()
		return err
	}
	line := d.line
	line.out = l
	line.s.streams.lines.Add(1)
	go l.watch(line, buffered.Reader.Buffered())
	line.begin()
	return nil
}

// light is the way to a device by a connection of its own: a response of HTTP/1.1 in chunks (RFC 9112) whose body is a
// stream of Connect: envelopes of a flag byte, a length, and a message. The last envelope says why it ended.
type light struct {
	conn       net.Conn
	raw        syscall.RawConn // what lies under TLS, until the device says something; nil otherwise
	limit      time.Duration   // how long a write may take
	json, gzip bool
	scrap      [1]byte      // the watcher's
	parting    atomic.Int64 // by when all has to be said, in Unix nanoseconds; 0: nobody is in a hurry
}

// watch waits for the connection's end. After it nothing waits for the device.
func (w *light) watch(l *line, read int) {
	defer l.s.streams.lines.Done()
	for read <= maxAfter {
		if w.raw != nil && w.raw.Read(hasMore) != nil {
			break
		}
		n, err := w.conn.Read(w.scrap[:])
		if read += n; err != nil {
			break
		}
		w.raw = nil // TLS may have taken more from the connection than it gave
	}
	_ = w.conn.Close()
	l.stir(dueGone)
}

func (w *light) send(r *v1.EventsResponse) error {
	f := frames.Get().(*frame)
	defer f.free()
	if err := f.envelope(r, w.json, w.gzip); err != nil {
		return err
	}
	return w.write(f.chunk(false))
}

// write writes b, within the limit.
func (w *light) write(b []byte) error {
	if err := w.conn.SetWriteDeadline(time.Now().Add(w.limit)); err != nil {
		return err
	}
	if last := w.parting.Load(); last != 0 { // before or after hurry has set it: the earlier one stands
		_ = w.conn.SetWriteDeadline(time.Unix(0, last))
	}
	_, err := w.conn.Write(b)
	return err
}

func (w *light) hurry() {
	w.parting.CompareAndSwap(0, time.Now().Add(partingTime).UnixNano())
	_ = w.conn.SetWriteDeadline(time.Unix(0, w.parting.Load())) // for a write under way
}

func (w *light) end(why error) {
	if why != nil {
		w.hurry()
		f := frames.Get().(*frame)
		if f.last(why) == nil {
			_ = w.write(f.chunk(true)) // if it can't be written nobody is there to read it
		}
		f.free()
	}
	_ = w.conn.Close()
}

// last makes the envelope that ends a stream of Connect. connect writes it for an answer that is a problem from the
// beginning, so that it is the same one.
func (f *frame) last(why error) error {
	var w memory
	r := &http.Request{Method: http.MethodPost, Header: http.Header{"Content-Type": {protoStream}}}
	if err := connect.NewErrorWriter().Write(&w, r, why); err != nil {
		return err
	}
	f.bytes = append(f.bytes, w.Bytes()...)
	return nil
}

// memory is an http.ResponseWriter.
type memory struct{ bytes.Buffer }

// Header implements http.ResponseWriter; headers have gone long ago.
func (*memory) Header() http.Header { return http.Header{} }

// WriteHeader implements http.ResponseWriter.
func (*memory) WriteHeader(int) {}
