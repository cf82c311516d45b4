package apnstest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/ringtrip/ringtrip/push"
)

const (
	handshakeTimeout = 10 * time.Second
	maxHeaderList    = 16 << 10
	maxBody          = push.MaxVoIPPayload + 1 // one byte more than any push may have tells too long from just right
	windowRefill     = 1 << 20
)

// conn is one HTTP/2 connection. net/http's server is not used because it can neither change its limit of streams nor
// choose the debug data and the last stream of a GOAWAY.
type conn struct {
	s   *Server
	id  int
	env push.Environment
	raw net.Conn
	tls *tls.Conn
	br  *bufio.Reader
	key identity // touched by the reader only

	mu       sync.Mutex // guards everything below and all writing
	fr       *http2.Framer
	bw       *bufio.Writer
	enc      *hpack.Encoder
	hbuf     bytes.Buffer
	streams  map[uint32]*stream // opened and not answered
	last     uint32             // the highest stream opened
	judged   uint32             // the highest stream processed
	limit    uint32             // streams that the client may have open
	shrunk   bool               // limit is back to what it was at first, after a refusal
	unacked  int                // SETTINGS that the client has not confirmed
	accepted int                // pushes answered 200
	refused  int                // pushes answered 4xx, except 410
	heard    time.Time          // when the client last asked for something
	leaving  bool               // GOAWAY sent
	lastGood uint32             // the last stream that a GOAWAY promised to process
	eaten    uint32             // bytes of DATA since the window was refilled
}

// Notice is something that happened to a connection, in words: opened, closed, GOAWAY, or what Apple asks clients not to
// do.
type Notice struct {
	At          time.Time
	Environment push.Environment
	Connection  int
	Text        string
}

// stream is a request that is coming in or waiting for its answer.
type stream struct {
	id     uint32
	req    Request
	judged bool
}

func newConn(s *Server, id int, env push.Environment, raw net.Conn, cfg *tls.Config) *conn {
	c := &conn{
		s:       s,
		id:      id,
		env:     env,
		raw:     raw,
		tls:     tls.Server(raw, cfg),
		streams: map[uint32]*stream{},
		limit:   s.cfg.FirstStreams,
	}
	c.br = bufio.NewReaderSize(c.tls, 32<<10)
	c.bw = bufio.NewWriterSize(c.tls, 32<<10)
	c.fr = http2.NewFramer(c.bw, c.br)
	c.fr.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	c.fr.MaxHeaderListSize = maxHeaderList
	c.fr.SetMaxReadFrameSize(16 << 10) // RFC 9113 §4.2: what a peer may send without being told more
	c.fr.SetReuseFrames()
	c.enc = hpack.NewEncoder(&c.hbuf)
	return c
}

// serve reads until the connection ends. It is the connection's only goroutine.
func (c *conn) serve() {
	defer c.raw.Close() //nolint:errcheck // nothing to do about a connection that does not close
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTimeout)
	err := c.tls.HandshakeContext(ctx)
	cancel()
	if err != nil || c.tls.ConnectionState().NegotiatedProtocol != "h2" {
		return
	}
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(c.br, preface); err != nil || string(preface) != http2.ClientPreface {
		return
	}
	c.mu.Lock()
	c.notice("connected")
	c.heard = c.s.cfg.Now()
	c.unacked++
	_ = c.fr.WriteSettings( // an error of writing shows up in Flush
		http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: c.limit},
		http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: maxHeaderList},
	)
	_ = c.fr.WriteWindowUpdate(0, 1<<30)
	err = c.bw.Flush()
	c.mu.Unlock()
	for err == nil {
		err = c.readOne()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.notice("closed after %d accepted and %d refused pushes, %d unanswered", c.accepted, c.refused, len(c.streams))
}

// readOne reads and answers one frame. Any error ends the connection.
func (c *conn) readOne() error {
	f, err := c.fr.ReadFrame()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		var se http2.StreamError
		var ce http2.ConnectionError
		switch {
		case errors.As(err, &se):
			c.forget(se.StreamID)
			c.reset(se.StreamID, se.Code)
			return c.flush()
		case errors.Is(err, http2.ErrFrameTooLarge):
			c.leave(c.last, http2.ErrCodeFrameSize, "")
			_ = c.bw.Flush() // the connection ends anyway
		case errors.As(err, &ce):
			c.leave(c.last, http2.ErrCode(ce), "")
			_ = c.bw.Flush() // the connection ends anyway
		}
		return err
	}
	switch f := f.(type) {
	case *http2.SettingsFrame:
		err = c.settings(f)
	case *http2.PingFrame:
		if !f.IsAck() {
			c.notice("PING after %s without a push (Apple asks for about an hour)", c.s.cfg.Now().Sub(c.heard).Round(time.Second))
			err = c.fr.WritePing(true, f.Data)
		}
	case *http2.MetaHeadersFrame:
		err = c.headers(f)
	case *http2.DataFrame:
		err = c.data(f)
	case *http2.RSTStreamFrame:
		c.forget(f.StreamID)
	case *http2.PushPromiseFrame, *http2.ContinuationFrame:
		err = errProtocol
	case *http2.PriorityFrame:
		c.notice("PRIORITY frame (Apple asks for none)")
	default:
		// WINDOW_UPDATE, GOAWAY and unknown frames change nothing here.
	}
	if err != nil {
		if errors.Is(err, errProtocol) {
			c.leave(c.last, http2.ErrCodeProtocol, "")
			_ = c.bw.Flush() // the connection ends anyway
		}
		return err
	}
	return c.flush()
}

var (
	errProtocol = errors.New("apnstest: the client broke the rules of HTTP/2")
	errCut      = errors.New("apnstest: connection cut")
	errDrained  = errors.New("apnstest: nothing left to answer after GOAWAY")
)

// flush writes out unless more frames have been read already, and ends a connection that is leaving and has answered
// everything. c.mu must be held.
func (c *conn) flush() error {
	if c.drained() {
		_ = c.bw.Flush() // the connection ends anyway
		return errDrained
	}
	if c.br.Buffered() > 0 {
		return nil
	}
	return c.bw.Flush()
}

// drained says whether a connection that said GOAWAY has nothing left to do. c.mu must be held.
func (c *conn) drained() bool {
	return c.leaving && len(c.streams) == 0 && !c.s.cfg.HoldAfterGoAway
}

func (c *conn) settings(f *http2.SettingsFrame) error {
	if f.IsAck() {
		c.unacked = max(0, c.unacked-1)
		return nil
	}
	if v, ok := f.Value(http2.SettingHeaderTableSize); ok {
		c.enc.SetMaxDynamicTableSizeLimit(v)
	}
	return c.fr.WriteSettingsAck()
}

// headers opens a stream, or ends one whose request has trailers.
func (c *conn) headers(f *http2.MetaHeadersFrame) error {
	if st := c.streams[f.StreamID]; st != nil && !st.judged {
		if !f.StreamEnded() {
			return errProtocol
		}
		return c.finish(st)
	}
	if f.StreamID%2 == 0 {
		return errProtocol
	}
	if f.StreamID <= c.last { // trailers of a request that has been answered already
		return nil
	}
	if c.leaving && f.StreamID > c.lastGood {
		return nil // RFC 9113 §6.8: ignored, the client knows
	}
	c.last = f.StreamID
	c.heard = c.s.cfg.Now()
	if f.HasPriority() {
		c.notice("HEADERS with a priority (Apple asks for none)")
	}
	if uint32(len(c.streams)) >= c.limit { //nolint:gosec // a count of streams
		if c.unacked == 0 && !c.s.cfg.TolerateOverrun {
			c.notice("more than %d streams at once: GOAWAY", c.limit)
			c.leave(f.StreamID-1, http2.ErrCodeProtocol, "Maximum active streams violated")
			return nil
		}
		c.reset(f.StreamID, http2.ErrCodeRefusedStream) // it can't know better yet (RFC 9113 §5.1.2)
		return nil
	}
	if f.Truncated {
		c.reset(f.StreamID, http2.ErrCodeEnhanceYourCalm)
		return nil
	}
	st := &stream{id: f.StreamID, req: Request{
		Environment: c.env,
		Connection:  c.id,
		Stream:      f.StreamID,
		Method:      f.PseudoValue("method"),
		Path:        f.PseudoValue("path"),
		Header:      http.Header{},
	}}
	for _, h := range f.RegularFields() {
		st.req.Header.Add(strings.Clone(h.Name), h.Value)
	}
	c.streams[st.id] = st
	if f.StreamEnded() {
		return c.finish(st)
	}
	return nil
}

func (c *conn) data(f *http2.DataFrame) error {
	if f.StreamID > c.last && !c.leaving {
		return errProtocol
	}
	c.eaten += f.Length
	if c.eaten >= windowRefill {
		if err := c.fr.WriteWindowUpdate(0, c.eaten); err != nil {
			return err
		}
		c.eaten = 0
	}
	st := c.streams[f.StreamID]
	if st == nil || st.judged {
		return nil
	}
	room := maxBody - len(st.req.Payload)
	st.req.Payload = append(st.req.Payload, f.Data()[:min(room, len(f.Data()))]...)
	if f.StreamEnded() {
		return c.finish(st)
	}
	if len(st.req.Payload) == maxBody { // no need to read the rest to refuse it
		if err := c.finish(st); err != nil {
			return err
		}
		c.reset(st.id, http2.ErrCodeNo) // RFC 9113 §8.1: an early answer
	}
	return nil
}

// finish decides about a request that is complete. c.mu must be held.
func (c *conn) finish(st *stream) error {
	st.judged = true
	a, apnsID, fault := c.s.handle(&c.key, &st.req)
	if c.s.cfg.OnRequest != nil {
		c.s.cfg.OnRequest(st.req)
	}
	if fault == nil || !fault.unprocessed() {
		c.judged = max(c.judged, st.id)
	}
	if fault == nil {
		return c.answerIn(c.s.cfg.Latency, st, a, apnsID)
	}
	switch fault.Action {
	case Refuse, LoseDelivery, RepeatDelivery, DelayDelivery, SwapDelivery:
		return c.answerIn(c.s.cfg.Latency, st, a, apnsID)
	case GoAwayAfter:
		c.leave(st.id, http2.ErrCodeNo, reasonJSON(fault.Reason))
		return c.answer(st, a, apnsID)
	case GoAwayBefore:
		delete(c.streams, st.id)
		c.leave(max(c.judged, max(st.id, 2)-2), http2.ErrCodeNo, reasonJSON(fault.Reason))
		return nil
	case GoAwayCut:
		c.leave(c.last, http2.ErrCodeNo, reasonJSON(fault.Reason))
		_ = c.bw.Flush() // the connection ends anyway
		c.linger()
		return errCut
	case CutAnswered:
		if c.answer(st, a, apnsID) == nil {
			_ = c.bw.Flush() // the connection ends anyway
		}
		return errCut // with FIN: an RST might overtake the answer
	case CutBefore, CutAfter:
		c.linger()
		return errCut
	case ResetBefore, ResetAfter:
		delete(c.streams, st.id)
		c.reset(st.id, http2.ErrCodeInternal)
		return nil
	case Mute:
		return nil // the stream stays open until the client gives up
	case DelayAnswer:
		c.answerAfter(fault.Delay, st, a, apnsID)
		return nil
	}
	return c.answer(st, a, apnsID)
}

// answerIn answers after d, at once if d is 0. c.mu must be held.
func (c *conn) answerIn(d time.Duration, st *stream, a answer, apnsID string) error {
	if d <= 0 {
		return c.answer(st, a, apnsID)
	}
	c.answerAfter(d, st, a, apnsID)
	return nil
}

// answerAfter answers when a timer of the server runs out. c.mu must be held.
func (c *conn) answerAfter(d time.Duration, st *stream, a answer, apnsID string) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.afterLocked(d, func() { c.answerLate(st, a, apnsID) })
}

// answerLate writes an answer from outside the reader.
func (c *conn) answerLate(st *stream, a answer, apnsID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.streams[st.id] != st {
		return
	}
	if c.answer(st, a, apnsID) != nil || c.bw.Flush() != nil || c.drained() {
		_ = c.raw.Close() // the reader sees it and ends
	}
}

// notice tells what happened. c.mu must be held.
func (c *conn) notice(format string, args ...any) {
	if c.s.cfg.OnNotice != nil {
		c.s.cfg.OnNotice(Notice{At: c.s.cfg.Now(), Environment: c.env, Connection: c.id, Text: fmt.Sprintf(format, args...)})
	}
}

// linger makes the next close of the socket abrupt: RST instead of FIN.
func (c *conn) linger() {
	if tcp, ok := c.raw.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // if it fails, the close is merely polite
	}
}

// cut closes the connection abruptly. It takes no lock, so that it works while a write hangs.
func (c *conn) cut() {
	c.linger()
	_ = c.raw.Close() // the reader sees it and ends
}

// goAway begins a graceful shutdown.
func (c *conn) goAway(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leave(c.last, http2.ErrCodeNo, reasonJSON(reason))
	if c.bw.Flush() != nil || c.drained() {
		_ = c.raw.Close() // the reader sees it and ends
	}
}

// leave sends GOAWAY. c.mu must be held.
func (c *conn) leave(last uint32, code http2.ErrCode, debug string) {
	if c.leaving && last > c.lastGood {
		last = c.lastGood // RFC 9113 §6.8: it must not grow
	}
	if !c.leaving {
		c.notice("GOAWAY %s %s", code, debug)
	}
	c.leaving, c.lastGood = true, last
	for id := range c.streams {
		if id > last {
			delete(c.streams, id) // promised not to be processed
		}
	}
	_ = c.fr.WriteGoAway(last, code, []byte(debug)) // an error of writing shows up in Flush
}

func (c *conn) reset(stream uint32, code http2.ErrCode) {
	_ = c.fr.WriteRSTStream(stream, code) // an error of writing shows up in Flush
}

// forget drops a stream that the client has given up.
func (c *conn) forget(stream uint32) { delete(c.streams, stream) }
