package carriertest

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
)

// guarded refuses who may not use the API.
func (v *Vonage) guarded(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := v.may(r); err != nil {
			_ = v.refuse("vonage: %s %s: %w", r.Method, r.URL.Path, err)
			vonageError(w, http.StatusUnauthorized, "http:error:unauthorized", "You did not provide correct credentials.")
			return
		}
		api.ServeHTTP(w, r)
	})
}

// body reads a request's JSON; false: it was refused.
func (v *Vonage) body(w http.ResponseWriter, r *http.Request, into any) bool {
	b, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		_ = v.refuse("vonage: %s %s: %q", r.Method, r.URL.Path, b)
		vonageError(w, http.StatusBadRequest, "http:error:validation-fail", "Input validation failure.")
		return false
	}
	return true
}

func (v *Vonage) createUser(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name    string `json:"name"`
		Display string `json:"display_name"`
	}
	if !v.body(w, r, &in) {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if in.Name == "" {
		in.Name = "NAM-" + vonageID()
	}
	if v.users[in.Name] {
		vonageError(w, http.StatusConflict, "user:error:duplicate-name", "A user with this name already exists.")
		return
	}
	v.users[in.Name] = true
	answer(w, http.StatusCreated, map[string]any{"id": "USR-" + vonageID(), "name": in.Name, "display_name": in.Display})
}

// Users lists the users that were made.
func (v *Vonage) Users() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var out []string
	for name := range v.users {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func (v *Vonage) getLeg(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	id := r.PathValue("leg")
	status := v.over[id]
	if l := v.legs[id]; l != nil {
		status = l.status
	}
	if status == "" {
		vonageError(w, http.StatusNotFound, "not-found", "Call does not exist.")
		return
	}
	answer(w, http.StatusOK, map[string]any{"uuid": id, "status": status})
}

func (v *Vonage) updateLeg(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Action string `json:"action"`
	}
	if !v.body(w, r, &in) {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	id := r.PathValue("leg")
	l := v.legs[id]
	switch {
	case l == nil && v.over[id] == "":
		vonageError(w, http.StatusNotFound, "not-found", "Call does not exist.")
	case l == nil:
		vonageError(w, http.StatusBadRequest, "bad-request", "The call is over.")
	case in.Action != "hangup":
		v.no = append(v.no, "vonage: the emulator only hangs up, and does not "+in.Action)
		vonageError(w, http.StatusBadRequest, "bad-request", "action")
	default:
		v.finish(l, "completed")
		w.WriteHeader(http.StatusNoContent)
	}
}

// createLeg calls a telephone that does what its control object says once it is answered.
func (v *Vonage) createLeg(w http.ResponseWriter, r *http.Request) {
	type party struct {
		Type   string `json:"type"`
		Number string `json:"number"`
	}
	var in struct {
		To     []party         `json:"to"`
		From   party           `json:"from"`
		NCCO   json.RawMessage `json:"ncco"`
		Event  []string        `json:"event_url"`
		Ringer int             `json:"ringing_timer"`
	}
	if !v.body(w, r, &in) {
		return
	}
	ncco, err := readNCCO(in.NCCO)
	if err != nil || len(in.To) != 1 || in.To[0].Type != "phone" || in.From.Type != "phone" || !slices.Contains(v.Numbers, "+"+in.From.Number) {
		_ = v.refuse("vonage: POST /v1/calls: to %v from %v, NCCO %v", in.To, in.From, err)
		vonageError(w, http.StatusBadRequest, "bad-request", "to, from, or ncco")
		return
	}
	if in.Ringer == 0 {
		in.Ringer = 60
	}
	event := ""
	if len(in.Event) > 0 {
		event = in.Event[0]
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.down || v.closed { // since the request came
		vonageError(w, http.StatusServiceUnavailable, "unavailable", "")
		return
	}
	l := v.callOut(in.From.Number, in.To[0].Number, event, in.Ringer)
	l.rest = ncco
	answer(w, http.StatusCreated, map[string]any{"uuid": l.id, "status": "started", "direction": "outbound", "conversation_uuid": l.conversation})
}
