package callkittest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// uuidOf is the UUID that a scenario calls u1, u2, ...
func uuidOf(n int) callkit.UUID {
	u, err := callkit.ParseUUID(fmt.Sprintf("00000000-0000-4000-8000-%012d", n))
	if err != nil {
		panic(err) // the format above is a UUID for every n of a scenario
	}
	return u
}

var (
	nameForm = regexp.MustCompile(`^u([1-9][0-9]?)$`)
	longForm = regexp.MustCompile(`00000000-0000-4000-8000-0{10}([0-9]{2})\b`)
)

// parseName reads u1 and the like.
func parseName(s string) (callkit.UUID, error) {
	m := nameForm.FindStringSubmatch(s)
	if m == nil {
		return callkit.UUID{}, fmt.Errorf("%.40q is no call (want u1 to u99)", s)
	}
	n, err := strconv.Atoi(m[1])
	return uuidOf(n), err
}

// named writes u1 where text has its UUID.
func named(text string) string {
	if !strings.Contains(text, "-4000-8000-") {
		return text
	}
	return longForm.ReplaceAllStringFunc(text, func(s string) string {
		return "u" + strings.TrimPrefix(s[len(s)-2:], "0")
	})
}

var anyForm = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)

// namer names all calls of a run: u1 and so on, and c1, c2 and so on the cellular ones, whose UUIDs the system made.
type namer struct{ cellular map[string]string }

// name writes names where text has UUIDs.
func (n *namer) name(text string) string {
	if text = named(text); !strings.Contains(text, "-4") {
		return text
	}
	return anyForm.ReplaceAllStringFunc(text, func(s string) string {
		c, ok := n.cellular[s]
		if !ok {
			if n.cellular == nil {
				n.cellular = map[string]string{}
			}
			c = "c" + strconv.Itoa(len(n.cellular)+1)
			n.cellular[s] = c
		}
		return c
	})
}

// payload is what a scenario's push carries.
type payload struct {
	UUID   string `json:"uuid"`
	Name   string `json:"name,omitempty"`
	Handle string `json:"handle,omitempty"`
	Phone  bool   `json:"phone,omitempty"` // the handle is a phone number
	Video  bool   `json:"video,omitempty"`
}

// pushPayload reads the words of a push.
func pushPayload(words []string) (data []byte, sent time.Duration, err error) {
	p, rest, err := readPayload(words)
	if err != nil {
		return nil, 0, err
	}
	for _, w := range rest {
		s, ok := strings.CutPrefix(w, "sent=")
		if !ok {
			return nil, 0, fmt.Errorf("a push has no %.40q (want name=, handle=, phone=1, video=1, sent=-30s)", w)
		}
		if sent, err = time.ParseDuration(s); err != nil || sent > 0 {
			return nil, 0, fmt.Errorf("%.40q is no time in the past (want as sent=-30s)", s)
		}
	}
	data, err = json.Marshal(p)
	return data, sent, err
}

// readPayload reads "u1 name=Bob ..." and returns the words that it does not know.
func readPayload(words []string) (p payload, rest []string, err error) {
	if len(words) == 0 {
		return p, nil, fmt.Errorf("no call is named (want as: voipPush u1)")
	}
	id, err := parseName(words[0])
	if err != nil {
		return p, nil, err
	}
	p = payload{UUID: id.String(), Handle: "bob"}
	for _, w := range words[1:] {
		k, v, _ := strings.Cut(w, "=")
		v = strings.Trim(v, `"`)
		switch k {
		case "name":
			p.Name = v
		case "handle":
			p.Handle = v
		case "phone":
			p.Phone = v == "1"
		case "video":
			p.Video = v == "1"
		default:
			rest = append(rest, w)
		}
	}
	return p, rest, nil
}

// words are the payload as a line has it.
func (p payload) words() string {
	s := named(p.UUID) + " handle=" + p.Handle
	if p.Name != "" {
		s += fmt.Sprintf(" name=%q", p.Name)
	}
	if p.Phone {
		s += " phone=1"
	}
	if p.Video {
		s += " video=1"
	}
	return s
}

// update is what the scripted app makes of a payload.
func (p payload) update() callkit.Update {
	h := p.handle()
	u := callkit.Update{HasVideo: &p.Video}
	if p.Name != "" {
		u.LocalizedCallerName = &p.Name
	}
	if p.Handle != "" {
		u.RemoteHandle = &h
	}
	return u
}

func (p payload) handle() callkit.Handle {
	h := callkit.Handle{Type: callkit.Generic, Value: p.Handle}
	if p.Phone {
		h.Type = callkit.PhoneNumber
	}
	return h
}
