package carriertest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// VonageVideo is Vonage's Video API as its documentation describes it, or the older OpenTok API: sessions are made by REST,
// devices join with a token for one session, session monitoring tells who came and went. A session lives on when all have
// left. Its webhooks are signed ("secure callbacks"), and one that is not answered 200 is not sent again.
//
// The documentation leaves open when a session is destroyed; here: when the last device has left. Its example of
// "connectionDestroyed" has no connection data, so there is none here either, unless DestroyedData says so.
type VonageVideo struct {
	house
	vonageAccount
	// DestroyedData: connectionDestroyed has the connection's data as connectionCreated does.
	DestroyedData bool
	openTok       bool
}

var _ Emulator = (*VonageVideo)(nil)

// NewVonageVideo starts one.
func NewVonageVideo(c VonageConfig) (*VonageVideo, error) {
	account, err := newVonageAccount(c)
	if err != nil {
		return nil, err
	}
	v := &VonageVideo{vonageAccount: account, openTok: c.OpenTok}
	v.linger = -1
	v.post = newPostbox(func(int, int) (time.Duration, bool) { return 0, false })
	v.onOpen = func(r *room) { v.tell("sessionCreated", r, nil, "") }
	v.onEnd = func(r *room) { v.tell("sessionDestroyed", r, nil, "") }
	v.onJoin = func(s *RoomSeat) { v.tell("connectionCreated", s.room, s, "") }
	v.onOut = func(s *RoomSeat, how departure) { v.tell("connectionDestroyed", s.room, s, vonageReasons[how]) }
	mux := http.NewServeMux()
	mux.HandleFunc("POST /session/create", v.create)
	mux.HandleFunc("GET /v2/project/{project}/session/{session}/connection", v.list)
	mux.HandleFunc("DELETE /v2/project/{project}/session/{session}/connection/{connection}", v.disconnect)
	if err := v.open(v.guarded(mux)); err != nil {
		return nil, err
	}
	return v, nil
}

// Name implements Emulator.
func (v *VonageVideo) Name() string { return "vonage-video" }

var vonageReasons = map[departure]string{left: "clientDisconnected", lost: "networkDisconnected", removed: "forceDisconnected", roomOver: "forceDisconnected"}

// project is the id of what sessions belong to.
func (v *VonageVideo) project() string {
	if v.openTok {
		return v.APIKey
	}
	return v.ApplicationID
}

// guarded refuses who may not use the API.
func (v *VonageVideo) guarded(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := v.mayUse(r)
		if err == nil {
			api.ServeHTTP(w, r)
			return
		}
		_ = v.refuse("vonage-video: %s %s: %w", r.Method, r.URL.Path, err)
		answer(w, http.StatusForbidden, map[string]any{"code": -1, "message": "Invalid token", "description": "Invalid token"})
	})
}

func (v *VonageVideo) mayUse(r *http.Request) error {
	if !v.openTok {
		return v.may(r)
	}
	t, err := v.read(r.Header.Get("X-OPENTOK-AUTH"), "HS256")
	if err == nil && t.Exp > t.Iat+300 {
		err = errors.New("it is good for more than 5 minutes")
	}
	return err
}

func (v *VonageVideo) create(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || r.Form.Get("archiveMode") != "manual" || r.Form.Get("p2p.preference") != "enabled" && r.Form.Get("p2p.preference") != "disabled" {
		_ = v.refuse("vonage-video: session/create: bad form %q", r.Form)
		vonageError(w, http.StatusBadRequest, "bad-request", "the form")
		return
	}
	v.mu.Lock()
	n := v.next()
	id := "1_" + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "~%s~~%d~%06d~", v.project(), v.now().UnixMilli(), n))
	v.build(id, v.now())
	v.mu.Unlock()
	answer(w, http.StatusOK, []map[string]any{{"session_id": id, "project_id": v.project(), "create_dt": v.now().UTC().Format(time.UnixDate), "media_server_url": ""}})
}

func (v *VonageVideo) list(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	room := v.rooms[r.PathValue("session")]
	if room == nil || r.PathValue("project") != v.project() || v.openTok {
		vonageError(w, http.StatusNotFound, "not-found", "no such session")
		return
	}
	items := []map[string]any{}
	for _, s := range room.seats {
		items = append(items, map[string]any{"connectionId": s.Session, "connectionState": "Connected", "createdAt": s.Joined.UnixMilli()})
	}
	answer(w, http.StatusOK, map[string]any{"count": len(items), "projectId": v.project(), "sessionId": room.name, "items": items})
}

func (v *VonageVideo) disconnect(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if room := v.rooms[r.PathValue("session")]; room != nil && r.PathValue("project") == v.project() {
		for _, s := range room.seats {
			if s.Session == r.PathValue("connection") {
				v.put(s, removed)
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
	}
	vonageError(w, http.StatusNotFound, "not-found", "no such connection")
}

// Join implements Emulator.
func (v *VonageVideo) Join(_ context.Context, credentials []byte) (Seat, error) {
	var c struct {
		Session string `json:"session_id"`
		Token   string `json:"token"`
		App     string `json:"application_id"`
		Key     string `json:"api_key"`
	}
	if err := json.Unmarshal(credentials, &c); err != nil || c.Session == "" || c.Token == "" || c.App+c.Key != v.project() {
		return nil, v.refuse(`vonage-video: the credentials are not {"session_id":…,"token":…} of this project`)
	}
	alg := "RS256"
	if v.openTok {
		alg = "HS256"
	}
	t, err := v.read(c.Token, alg)
	if err == nil {
		err = v.mayJoin(t, c.Session)
	}
	if err != nil {
		return nil, v.refuse("vonage-video: the token: %w", err)
	}
	s, err := v.enter(c.Session, &RoomSeat{Identity: t.Data, Session: vonageID(), Name: t.Data, note: map[string]string{"data": t.Data}}, false, v.now())
	if err != nil {
		return nil, fmt.Errorf("vonage-video: %w", err)
	}
	return s, nil
}

func (v *VonageVideo) mayJoin(t vonageToken, session string) error {
	_, acl := t.ACL.Paths["/session/**"]
	switch {
	case t.Session != session:
		return fmt.Errorf("it is for session %q", t.Session)
	case t.Scope != "session.connect":
		return fmt.Errorf("its scope is %q", t.Scope)
	case !strings.Contains(" publisher subscriber moderator publisheronly ", " "+t.Role+" "):
		return fmt.Errorf("its role is %q", t.Role)
	case !v.openTok && (t.Sub != "video" || !acl):
		return fmt.Errorf("its subject is %q, or its paths lack sessions", t.Sub)
	case len(t.Data) > 1024:
		return errors.New("its connection data are longer than 1,024 characters")
	}
	return nil
}

// tell makes a webhook of session monitoring.
func (v *VonageVideo) tell(event string, r *room, s *RoomSeat, reason string) {
	m := map[string]any{"sessionId": r.name, "projectId": v.project(), "event": event, "timestamp": v.now().UnixMilli()}
	if !v.openTok {
		m["applicationId"] = v.ApplicationID
	}
	if reason != "" {
		m["reason"] = reason
	}
	if s != nil {
		conn := map[string]any{"id": s.Session, "createdAt": s.Joined.UnixMilli(), "data": s.note["data"]}
		if event == "connectionDestroyed" && !v.DestroyedData {
			conn["data"] = ""
		}
		m["connection"] = conn
	}
	body, err := json.Marshal(m)
	if err != nil {
		return
	}
	v.post.post(letter{key: r.name, path: "/session", make: func(int) (http.Header, []byte) { return v.sign(body), body }})
}

// Open implements Emulator. A session costs nothing while nobody is in it, so only those count that somebody is in.
func (v *VonageVideo) Open() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var out []string
	for name, r := range v.rooms {
		if len(r.seats) > 0 {
			out = append(out, fmt.Sprintf("session %s with %d in it", name, len(r.seats)))
		}
	}
	return out
}
