package rig

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/iossim"
	"github.com/ringtrip/ringtrip/media/audio"
	"github.com/ringtrip/ringtrip/server/auth"
)

// Page is what the page needs besides the API: who it is, what the phones show, and fingers for their buttons.
// It is for demonstrations on this machine: whoever reaches it may do everything to the lab's phones.
type Page struct {
	lab    *Lab
	caller Party
	callee Party
	phones []*Device
	second *Device // calls the callee too; nil: there is none
	desk   *pageCarrier
	mux    *http.ServeMux
	ready  chan struct{} // closed when lab is there
}

// Party is a user of a lab.
type Party struct {
	User string `json:"user"`
	Name string `json:"name"`
}

// NewPage returns a page that answers once it is bound to a lab; static serves the rest of it.
func NewPage(static http.Handler) *Page {
	p := &Page{mux: http.NewServeMux(), ready: make(chan struct{})}
	p.mux.Handle("/", static)
	p.mux.HandleFunc("GET /demo/config", p.config)
	p.mux.HandleFunc("GET /demo/phones/events", p.events)
	p.mux.HandleFunc("POST /demo/phones/{id}/{action}", p.act)
	p.mux.HandleFunc("POST /demo/carrier/{action}", p.actCarrier)
	return p
}

// Bind says whose page it is and which phones it shows.
func (p *Page) Bind(lab *Lab, caller, callee Party, phones ...string) {
	p.lab, p.caller, p.callee = lab, caller, callee
	for _, id := range phones {
		p.phones = append(p.phones, lab.Devices[id])
	}
	if lab.Account != nil {
		p.desk = newPageCarrier(lab, p.phones[0])
	}
	close(p.ready)
}

// Second names somebody else's phone, which the page does not draw, from which the callee can be called too: so that
// call waiting is seen. It must be called before Bind.
func (p *Page) Second(d *Device) { p.second = d }

// Handle serves something more below a pattern of [http.ServeMux]; it must be called before Bind.
func (p *Page) Handle(pattern string, h http.Handler) { p.mux.Handle(pattern, h) }

// ServeHTTP serves the page.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case <-p.ready:
		p.mux.ServeHTTP(w, r)
	default:
		http.Error(w, "starting", http.StatusServiceUnavailable)
	}
}

type pageConfig struct {
	Caller    pageCaller    `json:"caller"`
	Callee    Party         `json:"callee"`
	Second    *pageSecond   `json:"second,omitempty"`
	Carrier   *carrierWords `json:"carrier,omitempty"`
	OpsToken  string        `json:"ops_token"`
	Phones    []pagePhone   `json:"phones"`
	Signature pageSignature `json:"signature"`
}

type pageCaller struct {
	Party
	Device string `json:"device"`
	Token  string `json:"token"`
}

type pageSecond struct {
	Party
	ID string `json:"id"`
}

type pagePhone struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type pageSignature struct {
	Caller int            `json:"caller"`
	Phones map[string]int `json:"phones"`
}

// CallerVoice is the signature of the page's test voice.
const CallerVoice = "alice-web"

func (p *Page) config(w http.ResponseWriter, r *http.Request) {
	user, err := p.lab.Token(p.caller.User, p.caller.Name, auth.User)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	ops, err := p.lab.Token("", "", auth.Ops)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	c := pageConfig{
		Caller:    pageCaller{p.caller, fmt.Sprintf("%s-web-%x", p.caller.User, time.Now().UnixNano()), user},
		Callee:    p.callee,
		OpsToken:  ops,
		Signature: pageSignature{Caller: audio.SignatureOf(CallerVoice), Phones: map[string]int{}},
	}
	if d := p.second; d != nil {
		c.Second = &pageSecond{Party{d.User(), d.UserName()}, d.ID}
	}
	if p.desk != nil {
		c.Carrier = &p.desk.words
	}
	for _, d := range p.phones {
		c.Phones = append(c.Phones, pagePhone{d.ID, d.Name})
		c.Signature.Phones[d.ID] = audio.SignatureOf(d.ID)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(c)
}

// act presses a button of a phone.
func (p *Page) act(w http.ResponseWriter, r *http.Request) {
	d := p.device(r.PathValue("id"))
	f := Finger{Who: p.caller.User, Name: "Dora"}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10)).Decode(&f)
	switch {
	case d == nil:
		refuse(w, http.StatusNotFound, fmt.Errorf("there is no phone %q here", r.PathValue("id")))
		return
	case err != nil && r.ContentLength != 0:
		refuse(w, http.StatusBadRequest, fmt.Errorf("the body is not JSON: %w", err))
		return
	}
	if action := r.PathValue("action"); action == "dial" && d == p.second {
		err = p.lab.Dial(r.Context(), d, p.callee.User, p.callee.Name)
	} else {
		err = d.Act(action, f)
	}
	if err != nil {
		refuse(w, http.StatusConflict, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// device returns the phone of an id, nil if the page has none.
func (p *Page) device(id string) *Device {
	for _, d := range append(p.phones, p.second) {
		if d != nil && d.ID == id {
			return d
		}
	}
	return nil
}

func refuse(w http.ResponseWriter, status int, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": strings.TrimPrefix(err.Error(), "iossim: ")})
}

// events streams what the phones show, log and hear, as server-sent events; the whole state comes first.
func (p *Page) events(w http.ResponseWriter, r *http.Request) {
	flush, ok := w.(http.Flusher)
	if !ok {
		http.Error(w, "this connection cannot stream", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	send := func(event string, data any) bool {
		b, err := json.Marshal(data)
		if err != nil {
			return false
		}
		_, err = fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event, b)
		return err == nil
	}
	last := map[string]string{} // phone: screen as JSON
	logged := 0
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	hearing := map[string]bool{}
	second, desk := "none yet", ""
	for {
		p.lab.mu.Lock()
		changed := p.lab.changed
		p.lab.mu.Unlock()
		for _, d := range p.phones {
			screen := d.Phone.Screen()
			shape := screen
			shape.Time = time.Time{}
			b, _ := json.Marshal(shape)
			if last[d.ID] == string(b) {
				continue
			}
			last[d.ID] = string(b)
			if !send("screen", map[string]any{"phone": d.ID, "screen": screen}) {
				return
			}
		}
		if d := p.second; d != nil {
			if state, reason := d.LastCall(); second != state+reason {
				second = state + reason
				if !send("second", map[string]string{"state": state, "reason": reason}) {
					return
				}
			}
		}
		if p.desk != nil {
			now := p.desk.state()
			if b, _ := json.Marshal(now); string(b) != desk {
				desk = string(b)
				if !send("carrier", now) {
					return
				}
			}
		}
		var lines []iossim.Entry
		lines, logged = p.lab.log(logged)
		for _, e := range lines {
			if !send("log", map[string]string{"phone": e.Phone, "line": e.String()}) {
				return
			}
		}
		for _, d := range p.phones {
			c := d.Phone.Screen().Call
			runs := c != nil && c.Audio
			if !runs && !hearing[d.ID] {
				continue
			}
			hearing[d.ID] = runs
			recognised, level := "", 0.0
			if runs {
				level = p.lab.Voices[d.ID].Level()
				if p.lab.Voices[d.ID].Hears(CallerVoice) {
					recognised = "caller"
				} else if p.second != nil && p.lab.Voices[d.ID].Hears(p.second.ID) {
					recognised = "second"
				}
			}
			if !send("hear", map[string]any{"phone": d.ID, "level": level, "recognised": recognised, "digits": p.lab.Digits(d.ID)}) {
				return
			}
		}
		flush.Flush()
		select {
		case <-r.Context().Done():
			return
		case <-changed:
		case <-tick.C:
		}
		// What happens together is sent together.
		select {
		case <-r.Context().Done():
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}
