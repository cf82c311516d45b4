package server

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/fork"
	"github.com/ringtrip/ringtrip/store"
)

// reception is the server as one carrier of one app speaks to it.
type reception struct {
	s    *Server
	app  string
	name string
}

var _ carrier.Desk = (*reception)(nil)

// userPrefix begins an [carrier.Incoming.To] that names a user.
const userPrefix = "user:"

// Incoming implements [carrier.Desk].
func (d *reception) Incoming(ctx context.Context, in carrier.Incoming) (carrier.Call, error) {
	if in.Ref == "" || len(in.Ref) > maxRef || checkText("ref", in.Ref, maxRef) != nil {
		return carrier.Call{}, fmt.Errorf("%w: a call from outside has no proper name", carrier.ErrMalformed)
	}
	user, ok := strings.CutPrefix(in.To, userPrefix)
	if !ok {
		user, ok = d.s.app(d.app).Numbers[in.To]
	}
	if !ok || checkUser("to", user) != nil {
		return carrier.Call{}, carrier.ErrUnknownNumber
	}
	caller := telephone(in.From.Phone, cut(in.From.Name, maxText))
	from := store.Device{App: d.app, ID: caller.User, Name: caller.Name}
	if in.From.User != "" && in.From.Phone == "" {
		if checkUser("from", in.From.User) != nil || in.From.User == user {
			return carrier.Call{}, fmt.Errorf("%w: who calls is no user", carrier.ErrMalformed)
		}
		caller = person{User: in.From.User, Name: orElse(cut(in.From.Name, maxText), in.From.User), Handle: in.From.User}
		from = store.Device{App: d.app, ID: "carrier:" + d.name, Name: d.name}
	}
	if checkText("name", caller.Name, maxText) != nil {
		caller.Name = orElse(caller.Handle, "Unknown")
	}
	inv := invitation{
		device: from, key: refKey(d.name, in.Ref), caller: caller, callee: person{User: user, Handle: user}, video: in.Video,
		carried: &carried{Name: d.name, Ref: in.Ref}, seen: seenID(d.app, d.name, in.Ref), detail: in.Detail,
	}
	if gone, err := d.gone(ctx, &inv); gone.ID != "" || err != nil {
		return gone, err
	}
	t, err := d.s.startOnce(ctx, d.app, &inv)
	switch connect.CodeOf(err) {
	case connect.CodeNotFound:
		return carrier.Call{}, fmt.Errorf("%w: %w", carrier.ErrUnknownNumber, err)
	case connect.CodeResourceExhausted:
		return carrier.Call{}, fmt.Errorf("%w: %w", carrier.ErrRefused, err)
	}
	if err != nil {
		return carrier.Call{}, err
	}
	return t.carrierCall(d.app, t.row.ID), nil
}

// gone returns a call that came from outside before and was forgotten since: it must not ring again.
func (d *reception) gone(ctx context.Context, in *invitation) (carrier.Call, error) {
	_, err := d.s.store.CallByKey(ctx, d.app, in.key)
	if err == nil {
		return carrier.Call{}, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return carrier.Call{}, err
	}
	j, err := d.s.store.Job(ctx, in.seen)
	if errors.Is(err, store.ErrNotFound) {
		return carrier.Call{}, nil
	}
	if err != nil {
		return carrier.Call{}, err
	}
	return carrier.Call{ID: j.CallID, App: d.app, Ref: in.carried.Ref, State: carrier.Ended, Caller: carrierParty(in.caller), Callee: carrierParty(in.callee)}, nil
}

// Call implements [carrier.Desk].
func (d *reception) Call(ctx context.Context, id string) (carrier.Call, error) {
	t, err := d.read(ctx, id)
	if err != nil {
		return carrier.Call{}, err
	}
	return t.carrierCall(d.app, t.row.ID), nil
}

// CallByRef implements [carrier.Desk].
func (d *reception) CallByRef(ctx context.Context, ref string) (carrier.Call, error) {
	if ref == "" || len(ref) > maxRef {
		return carrier.Call{}, carrier.ErrUnknownCall
	}
	row, err := d.s.store.CallByKey(ctx, d.app, refKey(d.name, ref))
	if errors.Is(err, store.ErrNotFound) {
		rows, err := d.s.store.CallsOfUser(ctx, d.app, refUser(d.name, ref))
		if err != nil {
			return carrier.Call{}, err
		}
		if len(rows) == 0 {
			return carrier.Call{}, carrier.ErrUnknownCall
		}
		t, err := d.s.turn(rows[len(rows)-1])
		if err != nil {
			return carrier.Call{}, err
		}
		return t.carrierCall(d.app, t.row.ID), nil
	}
	if err != nil {
		return carrier.Call{}, err
	}
	t, err := d.s.turn(row)
	if err != nil {
		return carrier.Call{}, err
	}
	return t.carrierCall(d.app, row.ID), nil
}

// read returns a call of this carrier.
func (d *reception) read(ctx context.Context, id string) (*turn, error) {
	u, err := parseCallID(id)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", carrier.ErrUnknownCall, err)
	}
	row, err := d.s.store.Call(ctx, u.String())
	if errors.Is(err, store.ErrNotFound) {
		return nil, carrier.ErrUnknownCall
	}
	if err != nil {
		return nil, err
	}
	t, err := d.s.turn(row)
	if err != nil {
		return nil, err
	}
	if !d.carries(t) {
		return nil, carrier.ErrUnknownCall
	}
	return t, nil
}

// carries reports whether a call is of this app and this carrier.
func (d *reception) carries(t *turn) bool {
	return t.row.App == d.app && t.atCarrier() && t.Carrier.Name == d.name
}

// Tell implements [carrier.Desk].
func (d *reception) Tell(ctx context.Context, e carrier.Event) error {
	if e.Kind == 0 || e.Kind > carrier.Noted {
		return fmt.Errorf("%w: it says nothing that is known", carrier.ErrMalformed)
	}
	calls, err := d.about(ctx, e)
	if err != nil {
		return err
	}
	for _, id := range calls {
		if err := d.tell(ctx, id, e); err != nil && (len(calls) == 1 || !errors.Is(err, carrier.ErrUnknownCall)) {
			return err
		}
	}
	return nil
}

func (d *reception) tell(ctx context.Context, id string, e carrier.Event) error {
	_, err := d.s.change(ctx, id, func(t *turn) error {
		if !d.carries(t) {
			return carrier.ErrUnknownCall
		}
		return t.hear(e)
	})
	if err != nil && connect.CodeOf(err) == connect.CodeNotFound {
		return carrier.ErrUnknownCall
	}
	return err
}

// about returns the calls that an event is about: of a group's room those in which the user is, or all.
func (d *reception) about(ctx context.Context, e carrier.Event) ([]string, error) {
	t, err := d.read(ctx, e.Call)
	switch {
	case err == nil && t.Group == "":
		return []string{t.row.ID}, nil
	case err != nil && !errors.Is(err, carrier.ErrUnknownCall):
		return nil, err
	}
	group := ""
	if err == nil {
		group = t.Group
	} else if u, wrong := parseCallID(e.Call); wrong == nil { // the call that gave the group its name may be over
		group = u.String()
	}
	if group == "" {
		return nil, err
	}
	others, wrong := d.s.callsOfGroup(ctx, d.app, group)
	if wrong != nil {
		return nil, wrong
	}
	if len(others) == 0 {
		if err == nil {
			return []string{t.row.ID}, nil
		}
		return nil, err
	}
	var calls []string
	for _, other := range others {
		if d.carries(other) && (e.User == "" || e.User == other.Caller.User || e.User == other.Callee.User) {
			calls = append(calls, other.row.ID)
		}
	}
	if len(calls) == 0 {
		if err == nil && (e.User == t.Caller.User || e.User == t.Callee.User) {
			return []string{t.row.ID}, nil // who was in it and is no more
		}
		return nil, carrier.ErrNotInCall
	}
	return calls, nil
}

// isOver reports whether nothing can come of what a carrier says of the call, but that it has to end it again.
func (t *turn) isOver() bool { return t.Fork.State == fork.Ended }
