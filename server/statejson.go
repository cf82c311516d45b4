package server

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/fork"
)

// appendJSON appends st as package encoding/json would write it, but for legs that there are not. Every commit writes
// its call's state, and by reflection that is a tenth of what a commit costs. A test holds it against the types.
func (st *state) appendJSON(b []byte) []byte {
	o := object{append(b, '{')}
	o.forked("fork", &st.Fork)
	o.person("caller", st.Caller)
	o.key("caller_device")
	o.b = append(o.b, '{')
	o.device(&st.CallerDevice)
	o.b = append(o.b, '}')
	o.person("callee", st.Callee)
	o.key("legs")
	if st.Legs == nil {
		o.b = append(o.b, "null"...)
	} else {
		o.b = append(o.b, '[')
		for i := range st.Legs {
			o.comma()
			l := &st.Legs[i]
			o.b = append(o.b, '{')
			o.device(&l.device)
			o.flag("streamed", l.Streamed)
			o.flag("no_job", l.NoJob)
			o.time("ended_at", l.EndedAt, true)
			if len(l.Sealed) > 0 {
				o.key("sealed")
				o.b = append(base64.StdEncoding.AppendEncode(append(o.b, '"'), l.Sealed), '"')
			}
			o.flag("of_caller", l.OfCaller)
			o.b = append(o.b, '}')
		}
		o.b = append(o.b, ']')
	}
	o.flag("video", st.Video)
	o.time("created_at", st.CreatedAt, false)
	o.time("ring_deadline", st.RingDeadline, false)
	o.time("answered_at", st.AnsweredAt, true)
	o.time("ended_at", st.EndedAt, true)
	o.time("heard_at", st.HeardAt, true)
	o.word("replaced_by", st.ReplacedBy)
	o.word("group", st.Group)
	if st.Hunt != nil {
		o.hunt("hunt", st.Hunt)
	}
	if len(st.Former) > 0 {
		o.key("former")
		o.b = append(o.b, '[')
		for i := range st.Former {
			o.comma()
			o.b = append(o.b, '{')
			o.device(&st.Former[i].device)
			o.time("ended_at", st.Former[i].EndedAt, false)
			o.b = append(o.b, '}')
		}
		o.b = append(o.b, ']')
	}
	if len(st.Guests) > 0 {
		o.key("guests")
		o.b = append(o.b, '[')
		for _, g := range st.Guests {
			o.comma()
			o.b = append(o.b, '{')
			o.key("user")
			o.text(g.User)
			o.word("name", g.Name)
			o.word("handle", g.Handle)
			o.word("call", g.Call)
			o.b = append(o.b, '}')
		}
		o.b = append(o.b, ']')
	}
	if m := st.Offered; m != nil {
		o.key("offered")
		o.b = append(o.b, '{')
		o.integer("leg", int64(m.Leg))
		o.integer("round", int64(m.Round))
		o.time("at", m.At, false)
		o.time("deadline", m.Deadline, false)
		o.b = append(o.b, '}')
	}
	if st.Carrier != nil {
		text, _ := json.Marshal(st.Carrier) // it can be written
		o.key("carrier")
		o.b = append(o.b, text...)
	}
	return append(o.b, '}')
}

// object is JSON in the making.
type object struct{ b []byte }

func (o *object) comma() {
	if c := o.b[len(o.b)-1]; c != '{' && c != '[' {
		o.b = append(o.b, ',')
	}
}

func (o *object) key(name string) {
	o.comma()
	o.b = append(append(append(o.b, '"'), name...), `":`...)
}

func (o *object) text(s string) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			text, _ := json.Marshal(s) // a string can be written
			o.b = append(o.b, text...)
			return
		}
	}
	o.b = append(append(append(o.b, '"'), s...), '"')
}

// word, flag and number leave out what is empty.
func (o *object) word(name, s string) {
	if s != "" {
		o.key(name)
		o.text(s)
	}
}

func (o *object) flag(name string, on bool) {
	if on {
		o.key(name)
		o.b = append(o.b, "true"...)
	}
}

func (o *object) number(name string, n int64) {
	if n != 0 {
		o.integer(name, n)
	}
}

func (o *object) integer(name string, n int64) {
	o.key(name)
	o.b = strconv.AppendInt(o.b, n, 10)
}

func (o *object) reason(r call.Reason) {
	if r != 0 {
		o.word("reason", r.String())
	}
}

func (o *object) time(name string, t time.Time, omitZero bool) {
	if omitZero && t.IsZero() {
		return
	}
	o.key(name)
	o.b = append(t.AppendFormat(append(o.b, '"'), time.RFC3339Nano), '"')
}

func (o *object) person(name string, p person) {
	o.key(name)
	o.b = append(o.b, '{')
	o.key("user")
	o.text(p.User)
	o.word("name", p.Name)
	o.word("handle", p.Handle)
	o.b = append(o.b, '}')
}

func (o *object) device(d *device) {
	o.key("id")
	o.text(d.ID)
	o.word("name", d.Name)
	o.number("marks", int64(d.Marks))
	o.word("node", d.Node)
	o.word("platform", d.Platform)
	o.word("app_version", d.AppVersion)
	o.word("os_version", d.OSVersion)
}

func (o *object) hunt(name string, h *hunt) {
	o.key(name)
	o.b = append(o.b, `{"delays":`...)
	if h.Delays == nil {
		o.b = append(o.b, "null"...)
	} else {
		o.b = append(o.b, '[')
		for _, d := range h.Delays {
			o.comma()
			o.b = strconv.AppendInt(o.b, int64(d), 10)
		}
		o.b = append(o.b, ']')
	}
	o.time("next_at", h.NextAt, true)
	o.b = append(o.b, '}')
}

func (o *object) forked(name string, f *fork.Fork) {
	o.key(name)
	o.b = append(o.b, '{')
	o.integer("state", int64(f.State))
	o.key("legs")
	o.b = append(o.b, '[')
	last := len(f.Legs) // those after it are what a shorter array leaves
	for last > 0 && f.Legs[last-1] == (fork.Leg{}) {
		last--
	}
	for _, l := range f.Legs[:last] {
		o.comma()
		o.b = append(o.b, '{')
		o.integer("state", int64(l.State))
		o.reason(l.Reason)
		o.flag("held", l.Held)
		o.flag("said", l.Said)
		o.number("group", int64(l.Group))
		o.b = append(o.b, '}')
	}
	o.b = append(o.b, ']')
	o.integer("winner", int64(f.Winner))
	o.integer("by", int64(f.By))
	o.flag("caller_held", f.CallerHeld)
	o.flag("alone", f.Alone)
	o.flag("only", f.Only)
	o.reason(f.Reason)
	o.b = append(o.b, '}')
}
