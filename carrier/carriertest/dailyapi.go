package carriertest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"time"
)

var dailyRoomName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// api is Daily's REST API.
func (d *Daily) api() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/{$}", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"domain_name": d.Domain, "domain_id": d.DomainID, "config": map[string]any{}})
	})
	mux.HandleFunc("POST /v1/rooms", d.makeRoom)
	mux.HandleFunc("GET /v1/rooms/{name}", func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		settings, ok := d.private[r.PathValue("name")]
		d.mu.Unlock()
		if !ok {
			dailyError(w, http.StatusNotFound, "not-found", "room "+r.PathValue("name")+" not found")
			return
		}
		answer(w, http.StatusOK, d.describe(r.PathValue("name"), settings))
	})
	mux.HandleFunc("DELETE /v1/rooms/{name}", func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("name")
		d.mu.Lock()
		defer d.mu.Unlock()
		if !d.remove(name) {
			dailyError(w, http.StatusNotFound, "not-found", "room "+name+" not found")
			return
		}
		answer(w, http.StatusOK, map[string]any{"deleted": true, "name": name})
	})
	mux.HandleFunc("POST /v1/meeting-tokens", d.makeToken)
	mux.HandleFunc("POST /v1/webhooks", d.makeWebhook)
	mux.HandleFunc("GET /v1/webhooks", func(w http.ResponseWriter, _ *http.Request) {
		d.hookMu.Lock()
		defer d.hookMu.Unlock()
		answer(w, http.StatusOK, []map[string]any{{"state": d.state, "failedCount": d.fails}})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		dailyError(w, http.StatusNotFound, "invalid-request-error", "no such path: "+r.URL.Path)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+d.APIKey {
			_ = d.refuse("daily: %s %s without the API key", r.Method, r.URL.Path)
			dailyError(w, http.StatusUnauthorized, "authentication-error", "")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// remove deletes a room. The lock must be held.
func (d *Daily) remove(name string) bool {
	if _, ok := d.private[name]; !ok {
		return false
	}
	delete(d.private, name)
	if r := d.rooms[name]; r != nil {
		d.close(r)
	}
	return true
}

func (d *Daily) describe(name string, s dailyRoom) map[string]any {
	return map[string]any{"id": "id-" + name, "name": name, "api_created": true, "privacy": s.Privacy, "url": "https://" + d.Domain + ".daily.co/" + name,
		"config": map[string]any{"exp": s.Exp, "eject_at_room_exp": s.Eject}}
}

func (d *Daily) makeRoom(w http.ResponseWriter, r *http.Request) {
	in := struct {
		Name       string `json:"name"`
		Privacy    string `json:"privacy"`
		Properties struct {
			Exp   int64 `json:"exp"`
			Eject bool  `json:"eject_at_room_exp"`
		} `json:"properties"`
	}{Privacy: "public"}
	read := json.NewDecoder(r.Body)
	read.DisallowUnknownFields() // Daily names a parameter that it does not know
	if err := read.Decode(&in); err != nil {
		_ = d.refuse("daily: POST /v1/rooms: %w", err)
		dailyError(w, http.StatusBadRequest, "invalid-request-error", err.Error())
		return
	}
	now := d.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if in.Name == "" {
		in.Name = fmt.Sprintf("room%06d", d.next())
	}
	_, there := d.private[in.Name]
	switch {
	case !dailyRoomName.MatchString(in.Name):
		dailyError(w, http.StatusBadRequest, "invalid-request-error", "name contains invalid characters")
		return
	case in.Privacy != "public" && in.Privacy != "private":
		dailyError(w, http.StatusBadRequest, "invalid-request-error", "privacy is public or private")
		return
	case in.Properties.Exp != 0 && in.Properties.Exp <= now.Unix():
		dailyError(w, http.StatusBadRequest, "invalid-request-error", "exp is in the past")
		return
	case there:
		dailyError(w, http.StatusBadRequest, "invalid-request-error", "a room named "+in.Name+" already exists")
		return
	}
	s := dailyRoom{in.Privacy, in.Properties.Exp, in.Properties.Eject}
	d.private[in.Name] = s
	room := d.build(in.Name, now)
	if s.Exp != 0 {
		room.end = time.AfterFunc(time.Unix(s.Exp, 0).Sub(now), func() { d.expire(room) })
	}
	answer(w, http.StatusOK, d.describe(in.Name, s))
}

// expire is the end of a room's time: who is in it stays unless they are to be ejected.
func (d *Daily) expire(r *room) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.rooms[r.name] != r {
		return
	}
	if s := d.private[r.name]; s.Eject || len(r.seats) == 0 {
		d.remove(r.name)
	}
}

func (d *Daily) makeToken(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Properties struct {
			Room       string `json:"room_name"`
			Exp        int64  `json:"exp"`
			NotBefore  int64  `json:"nbf"`
			UserID     string `json:"user_id"`
			UserName   string `json:"user_name"`
			VideoOff   bool   `json:"start_video_off"`
			EjectAtExp bool   `json:"eject_at_token_exp"`
			EjectAfter int64  `json:"eject_after_elapsed"`
		} `json:"properties"`
	}
	read := json.NewDecoder(r.Body)
	read.DisallowUnknownFields()
	if err := read.Decode(&in); err != nil {
		_ = d.refuse("daily: POST /v1/meeting-tokens: %w", err)
		dailyError(w, http.StatusBadRequest, "invalid-request-error", err.Error())
		return
	}
	p := in.Properties
	claims, err := json.Marshal(dailyToken{Room: p.Room, DomainID: d.DomainID, IssuedAt: d.now().Unix(), Exp: p.Exp, NotBefore: p.NotBefore, UserID: p.UserID,
		UserName: p.UserName, EjectAtExp: p.EjectAtExp, EjectAfter: p.EjectAfter, VideoOff: p.VideoOff})
	if err != nil || len(p.UserID) > 36 {
		dailyError(w, http.StatusBadRequest, "invalid-request-error", "user_id has more than 36 characters")
		return
	}
	answer(w, http.StatusOK, map[string]any{"token": makeJWT(d.APIKey, headHS256, claims)})
}

// makeWebhook makes the webhook, if its URL answers 200 to a test.
func (d *Daily) makeWebhook(w http.ResponseWriter, r *http.Request) {
	var in struct {
		URL  string `json:"url"`
		HMAC string `json:"hmac"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.URL == "" {
		dailyError(w, http.StatusBadRequest, "invalid-request-error", "url is missing")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
	defer cancel()
	if status := send(ctx, d.post.client, in.URL, http.Header{"Content-Type": {"application/json"}}, []byte(`{"test":"test"}`)); status != http.StatusOK {
		_ = d.refuse("daily: POST /v1/webhooks: %s answers %d to the test", in.URL, status)
		dailyError(w, http.StatusBadRequest, "invalid-request-error", "non-200 status code returned from webhook endpoint")
		return
	}
	if in.HMAC == "" {
		in.HMAC = d.HMAC
	}
	d.hookMu.Lock()
	d.hmac, d.state, d.fails = in.HMAC, "ACTIVE", 0
	d.hookMu.Unlock()
	d.Hooks(in.URL)
	answer(w, http.StatusOK, map[string]any{"uuid": "5f0e3f2c-0000-4000-8000-000000000001", "url": in.URL, "hmac": in.HMAC, "state": "ACTIVE", "failedCount": 0})
}

func dailyError(w http.ResponseWriter, status int, kind, info string) {
	answer(w, status, map[string]string{"error": kind, "info": info})
}
