package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/protobuf/proto"
)

// lane is one HTTP/2 connection for the requests of many phones (RFC 9113). It writes Connect's requests frame by frame,
// and as many of them with one system call as wait: a client of net/http for each phone would cost as much as the server
// that is measured.
type lane struct {
	conn      net.Conn
	authority string
	read      chan struct{} // closed when nothing more is read

	mu      sync.Mutex
	fields  bytes.Buffer
	headers *hpack.Encoder
	out     bytes.Buffer // frames that wait to be written
	spare   bytes.Buffer
	frames  *http2.Framer // into out
	writing bool
	next    uint32
	waiting map[uint32]*laneCall
	broken  error
}

// laneCall is a request under way.
type laneCall struct {
	status string
	body   []byte
	done   chan error // of capacity one
}

// laneWindow is how much the server may send before it hears of us again, in bytes.
const laneWindow = 1 << 30

func dialLane(authority string) (*lane, error) {
	conn, err := net.Dial("tcp", authority)
	if err != nil {
		return nil, err
	}
	l := &lane{conn: conn, authority: authority, read: make(chan struct{}), next: 1, waiting: map[uint32]*laneCall{}}
	l.headers = hpack.NewEncoder(&l.fields)
	l.frames = http2.NewFramer(&l.out, nil)
	l.out.WriteString(http2.ClientPreface)
	if err := errors.Join(
		l.frames.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: laneWindow}),
		l.frames.WriteWindowUpdate(0, laneWindow),
		l.flush(),
	); err != nil {
		_ = conn.Close()
		return nil, err
	}
	go l.readAll()
	return l, nil
}

// close ends the connection and waits for its goroutine.
func (l *lane) close() {
	_ = l.conn.Close()
	<-l.read
}

// flush writes what waits, if nobody is at it already. l.mu need not be held, and is held by nobody while bytes are written.
func (l *lane) flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.writing {
		return nil
	}
	l.writing = true
	defer func() { l.writing = false }()
	for l.out.Len() > 0 && l.broken == nil {
		l.out, l.spare = l.spare, l.out
		l.mu.Unlock()
		_, err := l.conn.Write(l.spare.Bytes())
		l.mu.Lock()
		l.spare.Reset()
		if err != nil {
			l.broken = err
		}
	}
	return l.broken
}

// do sends one request and reads its answer. Errors of the server are [*connect.Error]s, of a code without details.
func (l *lane) do(ctx context.Context, procedure, token string, req, res proto.Message) error {
	body, err := proto.Marshal(req)
	if err != nil {
		return err
	}
	c := &laneCall{done: make(chan error, 1)}
	if err := l.send(c, procedure, token, body); err != nil {
		return err
	}
	select {
	case err = <-c.done:
	case <-ctx.Done():
		return ctx.Err() // its answer goes nowhere
	}
	if err != nil {
		return err
	}
	return answerOf(c.status, c.body, res)
}

func (l *lane) send(c *laneCall, procedure, token string, body []byte) error {
	l.mu.Lock()
	if l.broken != nil {
		defer l.mu.Unlock()
		return l.broken
	}
	id := l.next
	l.next += 2
	l.waiting[id] = c
	l.fields.Reset()
	for _, h := range [...]hpack.HeaderField{
		{Name: ":method", Value: "POST"}, {Name: ":scheme", Value: "http"}, {Name: ":authority", Value: l.authority}, {Name: ":path", Value: procedure},
		{Name: "content-type", Value: "application/proto"}, {Name: "connect-protocol-version", Value: "1"},
		// Each phone's is another one: it would push the others out of the table.
		{Name: "authorization", Value: token, Sensitive: true},
	} {
		_ = l.headers.WriteField(h) // into memory
	}
	_ = l.frames.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: l.fields.Bytes(), EndHeaders: true})
	_ = l.frames.WriteData(id, true, body)
	l.mu.Unlock()
	return l.flush()
}

// readAll reads until the connection ends.
func (l *lane) readAll() {
	defer close(l.read)
	err := l.readFrames()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken = errors.Join(errors.New("the connection to the server broke"), err)
	for id, c := range l.waiting {
		delete(l.waiting, id)
		c.done <- l.broken
	}
}

func (l *lane) readFrames() error {
	in := http2.NewFramer(io.Discard, l.conn)
	in.SetReuseFrames()
	headers := hpack.NewDecoder(4096, nil)
	got := 0
	for {
		f, err := in.ReadFrame()
		if err != nil {
			return err
		}
		switch f := f.(type) {
		case *http2.SettingsFrame:
			if !f.IsAck() {
				err = l.reply(func(w *http2.Framer) error { return w.WriteSettingsAck() })
			}
		case *http2.PingFrame:
			if !f.IsAck() {
				data := f.Data
				err = l.reply(func(w *http2.Framer) error { return w.WritePing(true, data) })
			}
		case *http2.HeadersFrame:
			if !f.HeadersEnded() {
				return errors.New("headers of many frames")
			}
			err = l.answered(headers, f)
		case *http2.DataFrame:
			if got += int(f.Length); got > laneWindow/2 {
				more := uint32(got)
				got = 0
				err = l.reply(func(w *http2.Framer) error { return w.WriteWindowUpdate(0, more) })
			}
			l.mu.Lock()
			if c := l.waiting[f.StreamID]; c != nil {
				c.body = append(c.body, f.Data()...)
			}
			l.mu.Unlock()
			if f.StreamEnded() {
				l.ended(f.StreamID, nil)
			}
		case *http2.RSTStreamFrame:
			l.ended(f.StreamID, fmt.Errorf("the server reset the stream: %s", f.ErrCode))
		case *http2.GoAwayFrame:
			return fmt.Errorf("the server sent GOAWAY %s", f.ErrCode)
		}
		if err != nil {
			return err
		}
	}
}

func (l *lane) reply(write func(*http2.Framer) error) error {
	l.mu.Lock()
	err := write(l.frames)
	l.mu.Unlock()
	if err != nil {
		return err
	}
	return l.flush()
}

func (l *lane) answered(headers *hpack.Decoder, f *http2.HeadersFrame) error {
	var status string
	headers.SetEmitFunc(func(h hpack.HeaderField) {
		if h.Name == ":status" {
			status = h.Value
		}
	})
	if _, err := headers.Write(f.HeaderBlockFragment()); err != nil {
		return err
	}
	if err := headers.Close(); err != nil {
		return err
	}
	l.mu.Lock()
	if c := l.waiting[f.StreamID]; c != nil && status != "" {
		c.status = status
	}
	l.mu.Unlock()
	if f.StreamEnded() {
		l.ended(f.StreamID, nil)
	}
	return nil
}

func (l *lane) ended(id uint32, err error) {
	l.mu.Lock()
	c := l.waiting[id]
	delete(l.waiting, id)
	l.mu.Unlock()
	if c != nil {
		c.done <- err
	}
}
