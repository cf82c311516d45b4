package apnstest

import (
	"encoding/json"
	"strconv"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/ringtrip/ringtrip/push"
)

// answer writes an answer and forgets the stream. c.mu must be held.
func (c *conn) answer(st *stream, a answer, apnsID string) error {
	delete(c.streams, st.id)
	if err := c.count(a); err != nil {
		return err
	}
	body := a.body()
	c.hbuf.Reset()
	c.field(":status", strconv.Itoa(a.status))
	c.field("apns-id", apnsID)
	if a.status == 200 && c.env == push.Sandbox {
		c.field("apns-unique-id", st.req.UniqueID)
	}
	if err := c.fr.WriteHeaders(http2.HeadersFrameParam{
		StreamID:      st.id,
		BlockFragment: c.hbuf.Bytes(),
		EndStream:     len(body) == 0,
		EndHeaders:    true,
	}); err != nil {
		return err
	}
	if len(body) > 0 {
		if err := c.fr.WriteData(st.id, true, body); err != nil {
			return err
		}
	}
	return nil
}

// count sees what an answer means for the connection: more streams, fewer, or its end. c.mu must be held.
func (c *conn) count(a answer) error {
	cfg := &c.s.cfg
	switch {
	case a.status == 200:
		c.accepted++
		first := c.accepted == 1
		if cfg.LateSettings {
			first = c.accepted == 2
		}
		if first || c.shrunk {
			c.limit, c.shrunk = cfg.MaxStreams, false
			return c.announce()
		}
		if c.accepted == 1 {
			c.limit = cfg.MaxStreams // not announced yet, but not held against the client either
		}
	case a.status >= 400 && a.status < 500 && a.status != 410:
		c.refused++
		if cfg.ShrinkOnRefusal && c.accepted > 0 && !c.shrunk {
			c.limit, c.shrunk = cfg.FirstStreams, true
			return c.announce()
		}
		if cfg.MaxRefusals > 0 && c.refused >= cfg.MaxRefusals && !c.leaving {
			c.leave(c.last, http2.ErrCodeNo, "")
		}
	}
	return nil
}

// announce tells the client how many streams it may open. c.mu must be held.
func (c *conn) announce() error {
	c.unacked++
	return c.fr.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: c.limit})
}

// field adds a header to hbuf. c.mu must be held.
func (c *conn) field(name, value string) {
	_ = c.enc.WriteField(hpack.HeaderField{Name: name, Value: value}) // hbuf does not fail
}

// body is Apple's JSON: the reason and, with 410, when the token died, in milliseconds.
func (a answer) body() []byte {
	if a.reason == "" && a.timestamp.IsZero() {
		return nil
	}
	v := struct {
		Reason    string `json:"reason"`
		Timestamp int64  `json:"timestamp,omitempty"`
	}{Reason: a.reason}
	if !a.timestamp.IsZero() {
		v.Timestamp = a.timestamp.UnixMilli()
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil // a string and a number always marshal
	}
	return b
}

// reasonJSON is the debug data of a GOAWAY as Apple sends it.
func reasonJSON(reason string) string {
	if reason == "" {
		return ""
	}
	return string(answer{reason: reason}.body())
}
