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
	if a.status == 200 {
		c.accepted++
		c.limit = c.s.cfg.MaxStreams
		first := 1
		if c.s.cfg.LateSettings {
			first = 2
		}
		if c.accepted == first {
			if err := c.announce(); err != nil {
				return err
			}
		}
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

// announce tells the client how many streams it may open. c.mu must be held.
func (c *conn) announce() error {
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
