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
	return p
}

// Bind says whose page it is and which phones it shows.
func (p *Page) Bind(lab *Lab, caller, callee Party, phones ...string) {
	p.lab, p.caller, p.callee = lab, caller, callee
	for _, id := range phones {
		p.phones = append(p.phones, lab.Devices[id])
	}
	close(p.ready)
}

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
	OpsToken  string        `json:"ops_token"`
	Phones    []pagePhone   `json:"phones"`
	Signature pageSignature `json:"signature"`
}

type pageCaller struct {
	Party
	Device string `json:"device"`
	Token  string `json:"token"`
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
	var args struct {
		On     bool   `json:"on"`
		Digits string `json:"digits"`
		Index  int    `json:"index"`
	}
	var d *Device
	for _, have := range p.phones {
		if have.ID == r.PathValue("id") {
			d = have
		}
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10)).Decode(&args)
	switch {
	case d == nil:
		refuse(w, http.StatusNotFound, fmt.Errorf("there is no phone %q here", r.PathValue("id")))
		return
	case err != nil && r.ContentLength != 0:
		refuse(w, http.StatusBadRequest, fmt.Errorf("the body is not JSON: %w", err))
		return
	}
	if err := d.Act(r.PathValue("action"), args.On, args.Digits, args.Index, p.caller.User); err != nil {
		refuse(w, http.StatusConflict, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func refuse(w http.ResponseWriter, status int, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": strings.TrimPrefix(err.Error(), "iossim: ")})
}

// Act does to the phone what the user, or the world, does; caller is whom block is about.
func (d *Device) Act(action string, on bool, digits string, index int, caller string) error {
	ph := d.Phone
	switch action {
	case "answer":
		return ph.Answer()
	case "decline":
		return ph.Decline()
	case "end":
		return ph.End()
	case "mute":
		return ph.Mute(on)
	case "hold":
		return ph.Hold(on)
	case "keys":
		return ph.Keys(digits)
	case "speaker":
		return ph.Speaker(on)
	case "video":
		return ph.Video()
	case "lock":
		return ph.Lock()
	case "unlock":
		return ph.Unlock()
	case "home":
		return ph.Home()
	case "open", "relaunch":
		return ph.OpenApp(Bundle)
	case "swipe":
		return ph.SwipeApp(Bundle)
	case "recents":
		return ph.OpenRecents()
	case "recent":
		return ph.TapRecent(index)
	case "crash":
		ph.Kill(Bundle, "crashed")
	case "focus":
		if on {
			ph.SetFocus("Do Not Disturb")
		} else {
			ph.SetFocus("")
		}
	case "block":
		ph.BlockCaller(caller, on)
	case "offline":
		d.SetOnline(!on)
	default:
		return fmt.Errorf("a phone has no %q", action)
	}
	return nil
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
