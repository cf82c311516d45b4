package carriertest

import (
	"crypto/subtle"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// serve is api.twilio.com, as far as calls go.
func (t *Twilio) serve(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.down || t.closed {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	user, password, _ := r.BasicAuth()
	if !(user == t.APIKey && same(password, t.APISecret) || user == t.AccountSID && same(password, t.AuthToken)) {
		_ = t.refuse("REST: %s %s by %q: not authenticated", r.Method, r.URL.Path, user) // it is in the list
		w.Header().Set("WWW-Authenticate", `Basic realm="Twilio API"`)
		twilioProblem(w, http.StatusUnauthorized, 20003, "Authenticate")
		return
	}
	base := "/2010-04-01/Accounts/" + t.AccountSID + "/Calls"
	rest, ok := strings.CutPrefix(r.URL.Path, base)
	sid, isJSON := strings.CutSuffix(strings.TrimPrefix(rest, "/"), ".json")
	if rest == ".json" {
		sid, isJSON = "", true
	}
	c := t.calls[sid]
	switch {
	case !ok || !isJSON || sid != "" && (c == nil || c.lost):
		twilioProblem(w, http.StatusNotFound, 20404, fmt.Sprintf("The requested resource %s was not found", r.URL.Path))
	case r.Method == http.MethodGet && sid != "":
		t.describe(w, http.StatusOK, c)
	case r.Method != http.MethodPost:
		twilioProblem(w, http.StatusMethodNotAllowed, 20004, "Method not allowed")
	default:
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" || r.ParseForm() != nil {
			_ = t.refuse("REST: %s is no form", r.Header.Get("Content-Type")) // it is in the list
			twilioProblem(w, http.StatusBadRequest, 20001, "Invalid form")
			return
		}
		if sid == "" {
			t.create(w, r.PostForm)
		} else {
			t.update(w, c, r.PostForm)
		}
	}
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// create makes a call to a telephone. Its TwiML is asked for when it is answered.
func (t *Twilio) create(w http.ResponseWriter, f url.Values) {
	ask := f.Get("Url")
	switch {
	case !twilioNumber.MatchString(f.Get("To")):
		twilioProblem(w, http.StatusBadRequest, 21211, "The phone number you are attempting to call, "+f.Get("To")+", is not valid.")
		return
	case !t.owns(f.Get("From")):
		twilioProblem(w, http.StatusBadRequest, 21210, "Source phone number "+f.Get("From")+" is not yet verified for your account.")
		return
	case ask == "":
		twilioProblem(w, http.StatusBadRequest, 21205, "Url is not a valid URL")
		return
	}
	c := t.newCall(f.Get("From"), f.Get("To"), "outbound-api", nil)
	c.callback, c.events = f.Get("StatusCallback"), f["StatusCallbackEvent"]
	if len(c.events) == 0 {
		c.events = []string{"completed"}
	}
	c.phone = NewTelephone(c.to, c.from, PhoneRings, func(what string) {
		c.act(what)
		t.mu.Lock()
		defer t.mu.Unlock()
		if what == "answer" && c.status == "in-progress" {
			c.phone.Set(PhoneTalks, "")
			t.ask(c, ask)
		}
	})
	c.progress("initiated", "queued")
	c.progress("ringing", "ringing")
	if t.answerer != nil {
		answerer := t.answerer
		t.workers.Go(func() { answerer(c.phone) })
	}
	t.describe(w, http.StatusCreated, c)
}

func (t *Twilio) owns(number string) bool {
	for _, n := range t.conf.Numbers {
		if n == number {
			return true
		}
	}
	return false
}

// update ends a call; a live one cannot be redirected here.
func (t *Twilio) update(w http.ResponseWriter, c *twilioCall, f url.Values) {
	status := f.Get("Status")
	switch {
	case len(f) != 1 || status != "completed" && status != "canceled":
		_ = t.refuse("REST: updating %s with %v", c.sid, f) // it is in the list
		twilioProblem(w, http.StatusBadRequest, 20001, "Status is not valid; the emulator can only end calls")
		return
	case c.over():
		twilioProblem(w, http.StatusBadRequest, 21220, "Invalid call state. Call is not in-progress. Cannot redirect.")
		return
	case status == "canceled" && !c.answered.IsZero():
		// Only calls that are queued or ring are canceled (Twilio: Update a Call resource).
	case c.answered.IsZero():
		c.end("canceled", "ended by the API")
	default:
		c.end("completed", "ended by the API")
	}
	t.describe(w, http.StatusOK, c)
}

// describe answers with a call resource.
func (t *Twilio) describe(w http.ResponseWriter, code int, c *twilioCall) {
	optional := func(at time.Time) *string {
		if at.IsZero() {
			return nil
		}
		s := at.UTC().Format(time.RFC1123Z)
		return &s
	}
	var parent *string
	if c.parent != nil {
		parent = &c.parent.sid
	}
	duration := "0"
	if !c.ended.IsZero() {
		duration = c.seconds()
	}
	answer(w, code, map[string]any{
		"sid": c.sid, "account_sid": t.AccountSID, "api_version": "2010-04-01", "from": c.from, "to": c.to, "direction": c.direction, "status": c.status,
		"parent_call_sid": parent, "date_created": c.started.UTC().Format(time.RFC1123Z), "start_time": optional(c.answered), "end_time": optional(c.ended),
		"duration": duration, "uri": "/2010-04-01/Accounts/" + t.AccountSID + "/Calls/" + c.sid + ".json",
	})
}

func twilioProblem(w http.ResponseWriter, status, code int, message string) {
	answer(w, status, map[string]any{
		"code": code, "message": message, "more_info": fmt.Sprintf("https://www.twilio.com/docs/errors/%d", code), "status": status,
	})
}
