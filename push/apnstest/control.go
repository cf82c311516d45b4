package apnstest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/push"
)

// maxControl bounds the body of a request to the control endpoint, in bytes.
const maxControl = 64 << 10

// ControlHelp describes the control endpoint, for people.
const ControlHelp = `GET    /info                       addresses, the certificate authority (PEM), apps, tokens
GET    /stats                      counts: connections, requests, answers by reason, pushes accepted twice
GET    /requests?after=N           the log from the N-th request on
DELETE /requests                   forget the log, and with it the counts except connections
POST   /faults                     {"action":"refuse","status":503,"reason":"Shutdown","times":3}
                                   also: environment, token, skip, every, times (-1: for ever), delay ("50ms"), timestamp (ms)
DELETE /faults                     forget the faults that are waiting
POST   /goaway | /abort | /cut     {"environment":"production","reason":"Shutdown"}: graceful; GOAWAY and cut; cut
POST   /apps                       {"bundle_id":"com.example.phone","team":"TEAM123456"}
POST   /tokens                     {"topic":"com.example.phone.voip","environment":"sandbox"} -> {"token":"..."}
POST   /tokens/TOKEN/unregister    {"timestamp":1700000000123}: answered 410 from now on
POST   /tokens/TOKEN/online        {"online":false}
Actions: ` // and their names, see actionNames

// ActionNames are the names of the faults' actions, in order.
func ActionNames() []string {
	names := make([]string, 0, len(actions))
	for name := range actions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// ParseAction finds an action by its name, as "goaway-cut"; see [ActionNames].
func ParseAction(name string) (Action, error) {
	a, known := actions[name]
	if !known {
		return 0, fmt.Errorf("apnstest: %q is no action: take one of %s", name, strings.Join(ActionNames(), ", "))
	}
	return a, nil
}

// ParseEnvironment reads "production", "sandbox" or nothing, which means both and gives 0.
func ParseEnvironment(name string) (push.Environment, error) {
	switch name {
	case "":
		return 0, nil
	case push.Production.String():
		return push.Production, nil
	case push.Sandbox.String():
		return push.Sandbox, nil
	}
	return 0, fmt.Errorf("apnstest: %q is neither production nor sandbox", name)
}

// order is what the control endpoint is told; each route takes some of it.
type order struct {
	Environment string `json:"environment"`
	Reason      string `json:"reason"`
	Token       string `json:"token"`
	Topic       string `json:"topic"`
	BundleID    string `json:"bundle_id"`
	Team        string `json:"team"`
	Online      bool   `json:"online"`
	Timestamp   int64  `json:"timestamp"` // milliseconds
	Action      string `json:"action"`
	Skip        int    `json:"skip"`
	Every       int    `json:"every"`
	Times       int    `json:"times"`
	Status      int    `json:"status"`
	Delay       string `json:"delay"`
}

// fault is the fault that an order describes.
func (o order) fault() (Fault, error) {
	action, err := ParseAction(o.Action)
	if err != nil {
		return Fault{}, err
	}
	f := Fault{Action: action, Token: o.Token, Skip: o.Skip, Every: o.Every, Times: o.Times, Status: o.Status, Reason: o.Reason}
	if f.Environment, err = ParseEnvironment(o.Environment); err != nil {
		return Fault{}, err
	}
	if o.Timestamp != 0 {
		f.Timestamp = time.UnixMilli(o.Timestamp)
	}
	if o.Delay != "" {
		if f.Delay, err = time.ParseDuration(o.Delay); err != nil {
			return Fault{}, fmt.Errorf("apnstest: the delay %q is not like 50ms or 2s", o.Delay)
		}
	}
	return f, f.check()
}

// check says what is wrong with a fault that came from outside.
func (f *Fault) check() error {
	switch {
	case f.Action == Refuse && (f.Status < 200 || f.Status > 599):
		return fmt.Errorf("apnstest: refuse needs a status of 200 to 599, not %d", f.Status)
	case f.Action == Refuse && len(f.Reason) > 100:
		return errors.New("apnstest: the reason is longer than 100 bytes")
	case f.Skip < 0 || f.Every < 0 || f.Delay < 0:
		return errors.New("apnstest: skip, every and delay can't be negative")
	}
	return nil
}

// ParseFault reads a fault from a line as "refuse status=503 reason=Shutdown skip=10 every=5 times=-1"; the other keys are
// environment, token, delay (50ms) and timestamp (milliseconds). Commas do for spaces.
func ParseFault(line string) (Fault, error) {
	fields := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == ',' })
	if len(fields) == 0 {
		return Fault{}, errors.New("apnstest: an empty fault: give an action, as \"refuse status=503 reason=Shutdown\"")
	}
	o := order{Action: fields[0]}
	for _, field := range fields[1:] {
		key, value, _ := strings.Cut(field, "=")
		var err error
		switch key {
		case "environment":
			o.Environment = value
		case "token":
			o.Token = strings.ToLower(value)
		case "reason":
			o.Reason = value
		case "delay":
			o.Delay = value
		case "skip":
			o.Skip, err = strconv.Atoi(value)
		case "every":
			o.Every, err = strconv.Atoi(value)
		case "times":
			o.Times, err = strconv.Atoi(value)
		case "status":
			o.Status, err = strconv.Atoi(value)
		case "timestamp":
			o.Timestamp, err = strconv.ParseInt(value, 10, 64)
		default:
			return Fault{}, fmt.Errorf("apnstest: %q is no key of a fault: take environment, token, skip, every, times, status, reason, delay or timestamp", key)
		}
		if err != nil {
			return Fault{}, fmt.Errorf("apnstest: %s=%s is not a number", key, value)
		}
	}
	return o.fault()
}

// Info is what the control endpoint tells of the server.
type Info struct {
	Production string            `json:"production"` // base URLs
	Sandbox    string            `json:"sandbox"`
	CA         string            `json:"ca"`     // PEM
	Apps       map[string]string `json:"apps"`   // bundle ID to team
	Tokens     []TokenInfo       `json:"tokens"` // sorted
}

// TokenInfo is a device token.
type TokenInfo struct {
	Token       string `json:"token"`
	Topic       string `json:"topic"`
	Environment string `json:"environment"`
	Online      bool   `json:"online"`
	DeadSince   int64  `json:"dead_since,omitempty"` // milliseconds
}

// Info tells what the server has.
func (s *Server) Info() Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := Info{Production: s.URL(push.Production), Sandbox: s.URL(push.Sandbox), CA: string(s.ca), Apps: map[string]string{}, Tokens: []TokenInfo{}}
	for bundleID, team := range s.apps {
		i.Apps[bundleID] = team
	}
	for token, d := range s.devices {
		t := TokenInfo{Token: token, Topic: d.topic, Environment: d.env.String(), Online: d.online}
		if !d.deadSince.IsZero() {
			t.DeadSince = d.deadSince.UnixMilli()
		}
		i.Tokens = append(i.Tokens, t)
	}
	slices.SortFunc(i.Tokens, func(a, b TokenInfo) int { return strings.Compare(a.Token, b.Token) })
	return i
}

// Stats are counts since the start, as far as the log remembers.
type Stats struct {
	Connections map[string]int `json:"connections"` // opened, by environment
	Requests    int            `json:"requests"`
	Answers     map[string]int `json:"answers"`  // by status and reason, as "410 Unregistered"; "none" if there was none
	IDs         int            `json:"ids"`      // different apns-ids that were accepted or processed
	Repeated    int            `json:"repeated"` // pushes processed beyond the first with the same apns-id
}

// Stats counts.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Stats{Connections: map[string]int{}, Requests: len(s.log), Answers: map[string]int{}}
	for _, env := range []push.Environment{push.Production, push.Sandbox} {
		st.Connections[env.String()] = s.opened[env]
	}
	ids := map[string]bool{}
	for i := range s.log {
		r := &s.log[i]
		switch {
		case r.Status == 0:
			st.Answers["none"]++
		default:
			st.Answers[strings.TrimSpace(fmt.Sprintf("%d %s", r.Status, r.Reason))]++
		}
		if id := r.Header.Get("Apns-Id"); r.Status == http.StatusOK {
			if ids[id] {
				st.Repeated++
			}
			ids[id] = true
		}
	}
	st.IDs = len(ids)
	return st
}

// Control is the control endpoint, see [ControlHelp]: what the methods of Server do, over HTTP with JSON. It asks nobody
// who they are: serve it on 127.0.0.1 only. Requests from web pages (with an Origin) are refused.
func (s *Server) Control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, ControlHelp+strings.Join(ActionNames(), ", ")+"\n")
	})
	mux.HandleFunc("GET /info", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.Info()) })
	mux.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.Stats()) })
	mux.HandleFunc("GET /requests", func(w http.ResponseWriter, r *http.Request) {
		after, err := strconv.Atoi("0" + r.URL.Query().Get("after"))
		if err != nil {
			http.Error(w, "after is not a number", http.StatusBadRequest)
			return
		}
		log := s.Requests()
		reply(w, log[min(after, len(log)):])
	})
	mux.HandleFunc("DELETE /requests", func(w http.ResponseWriter, _ *http.Request) { s.Forget(); reply(w, struct{}{}) })
	mux.HandleFunc("DELETE /faults", func(w http.ResponseWriter, _ *http.Request) { s.ClearFaults(); reply(w, struct{}{}) })
	post := func(path string, do func(o order, r *http.Request) (any, error)) {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			var o order
			d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxControl))
			d.DisallowUnknownFields()
			if err := d.Decode(&o); err != nil && !errors.Is(err, io.EOF) {
				http.Error(w, "the body is not the JSON that "+path+" takes: "+err.Error(), http.StatusBadRequest)
				return
			}
			answer, err := do(o, r)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			reply(w, answer)
		})
	}
	for path, do := range map[string]func(push.Environment, string){
		"/goaway": s.GoAway,
		"/abort":  s.Abort,
		"/cut":    func(env push.Environment, _ string) { s.CutConnections(env) },
	} {
		post(path, func(o order, _ *http.Request) (any, error) {
			env, err := ParseEnvironment(o.Environment)
			if err == nil {
				do(env, o.Reason)
			}
			return struct{}{}, err
		})
	}
	post("/faults", func(o order, _ *http.Request) (any, error) {
		f, err := o.fault()
		if err == nil {
			s.Inject(f)
		}
		return struct{}{}, err
	})
	post("/apps", func(o order, _ *http.Request) (any, error) {
		if o.BundleID == "" || o.Team == "" {
			return nil, errors.New("apnstest: give bundle_id and team")
		}
		s.RegisterApp(o.BundleID, o.Team)
		return struct{}{}, nil
	})
	post("/tokens", func(o order, _ *http.Request) (any, error) {
		env, err := ParseEnvironment(o.Environment)
		if err != nil || env == 0 || o.Topic == "" {
			return nil, errors.New("apnstest: give topic (with .voip for VoIP pushes) and environment, production or sandbox")
		}
		return map[string]string{"token": s.Issue(Registration{Topic: o.Topic, Environment: env, Token: o.Token})}, nil
	})
	post("/tokens/{token}/unregister", func(o order, r *http.Request) (any, error) {
		at := time.Time{}
		if o.Timestamp != 0 {
			at = time.UnixMilli(o.Timestamp)
		}
		s.Unregister(r.PathValue("token"), at)
		return struct{}{}, nil
	})
	post("/tokens/{token}/online", func(o order, r *http.Request) (any, error) {
		s.SetOnline(r.PathValue("token"), o.Online)
		return struct{}{}, nil
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Origin") != "" {
			http.Error(w, "not for web pages", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// reply writes JSON.
func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // if the client left, there is nobody to tell
}
