package vonage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
)

// sessions remembers which session was made for which room, so that a call that is prepared again, and the calls of one
// group, get the same. It forgets the oldest; and on another node, or after a restart, it is the server that has a group's
// session, in carrier.Call.Ref of the group's other calls.
type sessions struct {
	mu            sync.Mutex
	young, former map[string]*session // by room
}

type session struct {
	made chan struct{} // closed when the rest is settled
	id   string
	err  error
}

const maxSessions = 5_000 // of a generation

func newSessions() *sessions { return &sessions{young: map[string]*session{}} }

// get returns the room's session, and makes it if there is none, once.
func (s *sessions) get(ctx context.Context, room string, create func() (string, error)) (string, error) {
	s.mu.Lock()
	one := s.young[room]
	if one == nil {
		one = s.former[room]
	}
	if one != nil {
		s.mu.Unlock()
		select {
		case <-one.made:
			return one.id, one.err
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	if len(s.young) >= maxSessions {
		s.young, s.former = map[string]*session{}, s.young
	}
	one = &session{made: make(chan struct{})}
	s.young[room] = one
	s.mu.Unlock()

	one.id, one.err = create()
	if one.err != nil { // the next one tries again
		s.mu.Lock()
		for _, generation := range []map[string]*session{s.young, s.former} {
			if generation[room] == one {
				delete(generation, room)
			}
		}
		s.mu.Unlock()
	}
	close(one.made)
	return one.id, one.err
}

func (c *Carrier) prepareSession(ctx context.Context, call carrier.Call) (string, error) {
	id, err := c.sessions.get(ctx, call.Room(), func() (string, error) { return c.makeSession(ctx, c.cfg.Relayed && call.Group == "") })
	if err == nil {
		c.calls.put(id, call.ID)
	}
	return id, err
}

func (c *Carrier) makeSession(ctx context.Context, relayed bool) (string, error) {
	form := url.Values{"archiveMode": {"manual"}, "p2p.preference": {"disabled"}}
	if relayed {
		form.Set("p2p.preference", "enabled")
	}
	body, err := c.rest.Do(ctx, http.MethodPost, "/session/create", "application/x-www-form-urlencoded", []byte(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("vonage: making a session: %w", err)
	}
	var made []struct {
		ID string `json:"session_id"`
	}
	if err := json.Unmarshal(body, &made); err != nil || len(made) == 0 || made[0].ID == "" {
		return "", errors.New("vonage: making a session: the answer names none")
	}
	return made[0].ID, nil
}

// connectionData is in a device's token, and comes back in what Vonage tells of its connection.
type connectionData struct {
	Call   string `json:"call"`
	User   string `json:"user"`
	Device string `json:"device"`
}

func (c *Carrier) videoCredentials(j carrier.Join) (json.RawMessage, error) {
	session := j.Call.Ref
	if session == "" || session == j.Call.ID {
		return nil, nil // no session was made
	}
	data, err := carrier.Compact(connectionData{j.Call.ID, j.Self.User, j.Self.Device})
	if err != nil {
		return nil, err
	}
	token, err := c.sessionToken(session, string(data), j.Now)
	if err != nil {
		return nil, err
	}
	access := struct {
		Session string `json:"session_id"`
		Token   string `json:"token"`
		App     string `json:"application_id,omitempty"`
		Key     string `json:"api_key,omitempty"`
	}{Session: session, Token: token, App: c.cfg.ApplicationID}
	if c.cfg.openTok() {
		access.App, access.Key = "", c.cfg.APIKey
	}
	return carrier.Compact(access)
}

// connection is one device's connection to a session, as webhooks show it.
type connection struct {
	ID      string `json:"id"`
	Created int64  `json:"createdAt"` // ms
	Data    string `json:"data"`
}

// sessionEvent is the hook of session monitoring.
func (c *Carrier) sessionEvent(ctx context.Context, r *carrier.Request, _ fields, desk carrier.Desk) (carrier.Reply, error) {
	var about struct {
		Session    string     `json:"sessionId"`
		Event      string     `json:"event"`
		Reason     string     `json:"reason"`
		Timestamp  int64      `json:"timestamp"` // ms
		Connection connection `json:"connection"`
	}
	if err := json.Unmarshal(r.Body, &about); err != nil {
		return carrier.Reply{}, fmt.Errorf("%w: it is no event of a session", carrier.ErrMalformed)
	}
	var e carrier.Event
	switch about.Event {
	case "connectionCreated":
		e = c.connected(about.Session, about.Connection)
		e.Kind = carrier.Joined
		if about.Connection.ID != "" {
			e.Refs = map[string]string{connectionRef + about.Connection.ID: about.Connection.ID}
		}
	case "connectionDestroyed":
		e = c.connected(about.Session, about.Connection)
		e.Kind, e.Reason = carrier.Left, call.MediaFailed
		if about.Reason == "clientDisconnected" {
			e.Reason = call.HungUp
		}
		if e.Seq != 0 {
			e.Seq++
		}
		e.Detail += " " + about.Reason
	case "sessionDestroyed":
		e = carrier.Event{Kind: carrier.RoomEnded, Detail: "Vonage session destroyed"}
		e.Call, _ = c.calls.get(about.Session)
	default:
		return noted200, nil // streams, archives
	}
	if about.Timestamp > 0 && about.Timestamp < 1<<53 {
		e.At = time.UnixMilli(about.Timestamp)
	}
	if e.Call == "" {
		found, err := desk.CallByRef(ctx, about.Session)
		if err != nil {
			return carrier.Reply{}, err
		}
		e.Call = found.ID
	}
	return noted200, desk.Tell(ctx, e)
}

// connected says whose a connection is. The connections of one device are in the order in which they were made, so that
// the end of an older one says nothing of a younger one.
func (c *Carrier) connected(session string, conn connection) carrier.Event {
	var data connectionData
	if json.Unmarshal([]byte(conn.Data), &data) == nil && carrier.IsID(data.Call) {
		c.whose.put(conn.ID, data)
		c.calls.put(session, data.Call)
	} else { // Vonage's example of connectionDestroyed has no data
		data, _ = c.whose.get(conn.ID)
		if data.Call == "" {
			data.Call, _ = c.calls.get(session)
		}
	}
	e := carrier.Event{Call: data.Call, User: data.User, Device: data.Device, Source: conn.ID, Detail: "Vonage connection " + conn.ID}
	if data.User != "" && conn.Created > 0 && conn.Created < 1<<53 {
		e.Source, e.Seq = data.User+"/"+data.Device, 2*uint64(conn.Created)
	}
	return e
}

// noted200 is what session monitoring takes for delivered.
var noted200 = carrier.Reply{Status: http.StatusOK}

// connectionRef begins the words of carrier.Call.Refs for the call's connections.
const connectionRef = "connection/"

// endSession disconnects the call's devices that are still in its session: a session itself is never deleted, it costs
// nothing without connections. A group's session has other calls' devices too, so of it only those go that are known to be
// this call's.
func (c *Carrier) endSession(ctx context.Context, call carrier.Call) error {
	if call.Ref == "" || call.Ref == call.ID {
		return nil
	}
	project := c.cfg.ApplicationID
	if c.cfg.openTok() {
		project = c.cfg.APIKey
	}
	path := "/v2/project/" + url.PathEscape(project) + "/session/" + url.PathEscape(call.Ref) + "/connection"
	gone := map[string]bool{}
	for word, id := range call.Refs {
		if strings.HasPrefix(word, connectionRef) {
			gone[id] = true
		}
	}
	var errs []error
	if call.Group == "" && !c.cfg.openTok() {
		listed, err := c.connections(ctx, path)
		if err != nil {
			errs = append(errs, err)
		}
		for _, id := range listed {
			gone[id] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(gone)) {
		if _, err := c.rest.Do(ctx, http.MethodDelete, path+"/"+url.PathEscape(id), "", nil); err != nil && !carrier.Gone(err) {
			errs = append(errs, fmt.Errorf("vonage: disconnecting %s: %w", id, err))
		}
	}
	return errors.Join(errs...)
}

// connections lists who is in a session. OpenTok's API has no such list.
func (c *Carrier) connections(ctx context.Context, path string) (ids []string, err error) {
	body, err := c.rest.Do(ctx, http.MethodGet, path, "", nil)
	if carrier.Gone(err) {
		return nil, nil
	}
	var list struct {
		Items []struct {
			ID string `json:"connectionId"`
		} `json:"items"`
	}
	if err == nil {
		err = json.Unmarshal(body, &list)
	}
	if err != nil {
		return nil, fmt.Errorf("vonage: who is in the session: %w", err)
	}
	for _, conn := range list.Items {
		ids = append(ids, conn.ID)
	}
	return ids, nil
}
