package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/fork"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

const (
	// maxMinted is how many devices' credentials are remembered at most: a call is shown often, and a signature may cost a
	// millisecond.
	maxMinted = 8192
	// mintPause is how soon credentials that could not be made, or that a device asks for again, are made again.
	mintPause = 5 * time.Second
	// maxCredentials is the longest that credentials may be, in bytes.
	maxCredentials = 16 << 10
)

// mintKey is what credentials depend on.
type mintKey struct {
	apps               *map[string]App // with another set of settings come other keys
	call, user, device string
	caller, answered   bool
	ref                string
	rest               uint64 // hash of the invitation and the carrier's names
}

// minted are the credentials of one device for one call.
type minted struct {
	json  json.RawMessage
	at    time.Time
	until time.Time // zero: they do not expire
	err   error
}

// serves reports whether the credentials are good for long enough to be given once more. Renewed ones, and those that could
// not be made, are only for a moment.
func (m minted) serves(now time.Time, renewed bool) bool {
	age := now.Sub(m.at)
	switch {
	case age < 0:
		return false
	case m.err != nil || renewed:
		return age < mintPause
	case m.until.IsZero():
		return true
	}
	return age < m.until.Sub(m.at)/2
}

// mediaView fills in what the device of a side needs for the call's media, while the call lives for it. With renewed they
// are made anew.
func (s *Server) mediaView(c *v1.Call, app string, st *state, side int, renewed bool) {
	if st.Carrier == nil {
		c.MediaCredentials = s.cfg.ICEServers
		return
	}
	by := s.carrier(app, st.Carrier.Name)
	if by == nil {
		if st.Carrier.Peer {
			c.MediaCredentials = s.cfg.ICEServers
		}
		return
	}
	traits := by.Traits()
	if !st.mayJoin(side, traits) {
		return
	}
	one := s.credentials(app, c.Id, st, side, by, renewed)
	c.MediaCredentials = one.json
	if len(one.json) > 0 {
		c.MediaUntil = stamp(one.until)
		if traits.Rooms {
			c.MediaRoom = st.carrierCall(app, c.Id).Room()
		}
	}
}

// credentials returns those of a side's device, from memory while they are good for long enough.
func (s *Server) credentials(app, id string, st *state, side int, by carrier.Carrier, renewed bool) minted {
	who := st.Caller
	if side != callerSide && !st.Legs[side].OfCaller {
		who = st.Callee
	}
	j := carrier.Join{
		Call: st.carrierCall(app, id), Caller: side == callerSide, Now: s.now(),
		Self: carrier.Party{User: who.User, Device: st.device(side).ID, Name: who.Name},
	}
	if st.Carrier.Invite != "" {
		j.Invite = json.RawMessage(st.Carrier.Invite)
	}
	k := mintKey{
		apps: s.apps.Load(), call: id, user: who.User, device: j.Self.Device, caller: j.Caller, answered: st.Fork.State == fork.Answered, ref: j.Call.Ref,
		rest: hashOf(st.Carrier),
	}
	if one, ok := s.minted.Get(k); ok && one.serves(j.Now, renewed) {
		return one
	}
	one := minted{at: j.Now}
	one.json, one.err = mintBy(by, j)
	if life := by.Traits().TokenLife; life > 0 {
		one.until = j.Now.Add(life)
	}
	if one.err != nil {
		one.json = nil
		s.log.Error("credentials could not be made: the device cannot join the call's media", "call", id, "device", j.Self.Device, "carrier", by.Name(), "err", one.err)
	}
	s.carrierDid(CarrierDeed{App: app, Carrier: by.Name(), Deed: "credentials", Err: one.err})
	s.minted.Put(k, one)
	return one
}

// mintBy asks the carrier, whose failure must not be the call's.
func mintBy(by carrier.Carrier, j carrier.Join) (text json.RawMessage, err error) {
	defer func() {
		if what := recover(); what != nil {
			text, err = nil, fmt.Errorf("it panicked: %v", what)
		}
	}()
	text, err = by.Credentials(j)
	if err == nil && len(text) > 0 && (!json.Valid(text) || len(text) > maxCredentials) {
		return nil, errors.New("they are no JSON, or too long")
	}
	return text, err
}

// hashOf is a hash of what a carrier said and credentials may depend on.
func hashOf(c *carried) uint64 {
	h := fnv.New64a()
	io.WriteString(h, c.Invite)
	for _, name := range slices.Sorted(maps.Keys(c.Refs)) {
		fmt.Fprintf(h, "\x00%s\x00%s", name, c.Refs[name])
	}
	return h.Sum64()
}

// GetCredentials implements PhoneService: it makes a device's credentials for the media of a call anew.
func (s *Server) GetCredentials(ctx context.Context, req *connect.Request[v1.GetCredentialsRequest]) (*connect.Response[v1.GetCredentialsResponse], error) {
	out := &v1.GetCredentialsResponse{}
	_, err := s.act(ctx, req.Msg.CallId, req.Msg.DeviceId, func(t *turn, side int) error {
		if t.overFor(side) {
			return t.overProblem(side)
		}
		c := &v1.Call{Id: t.row.ID}
		s.mediaView(c, t.row.App, &t.state, side, true)
		if t.atCarrier() {
			out.Carrier = t.Carrier.Name
		}
		out.MediaCredentials, out.MediaUntil = bytes.Clone(c.MediaCredentials), c.MediaUntil
		return nil
	})
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(out), nil
}
