package server

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/fork"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

const (
	// maxOutgoing is how many live calls a user may have started.
	maxOutgoing = 16
	// backSoon is how long a device that cannot be pushed to is still expected back after it was last seen.
	backSoon = time.Minute
)

// offer is how a new call reaches one device.
type offer struct {
	device     store.Device
	node       string // that holds its event stream, see [place]
	open       bool   // it has an event stream
	foreground bool   // and its app is on screen
	pushable   bool   // it has a token, and there is somebody to push with
	expected   bool   // it was here a moment ago
}

// invitation is a checked StartRequest.
type invitation struct {
	device  store.Device
	id      string // chosen by the client; empty: none
	key     string
	caller  person
	callee  person
	video   bool
	sealed  map[string][]byte // by device: who calls, sealed by the caller
	plan    *v1.RingPlan
	counted bool // by the limits
	group   string
	guests  []guest
	newID   string // the id if the client chose none; empty: any

	telephone string   // the number that is called, if it is one
	carried   *carried // of a call from outside
	seen      string   // see [turn]
	detail    string   // for the ledger
}

// Start implements PhoneService: it calls somebody.
func (s *Server) Start(ctx context.Context, req *connect.Request[v1.StartRequest]) (*connect.Response[v1.StartResponse], error) {
	v := viewerOf(ctx)
	if len(req.Msg.Callees) > 0 || req.Msg.Group != "" {
		out, err := s.startGroup(ctx, v, req.Msg)
		return connect.NewResponse(out), err
	}
	in, err := s.invitation(ctx, v, req.Msg)
	if err != nil {
		return nil, err
	}
	t, err := s.startOnce(ctx, v.App, &in)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&v1.StartResponse{Call: t.view(callerSide), NextCallId: s.nextCallID()}), nil
}

// startOnce makes the call, or finds the one that was made before or meanwhile with the same id or key.
func (s *Server) startOnce(ctx context.Context, app string, in *invitation) (*turn, error) {
	for try := 0; ; try++ {
		t, err := s.start(ctx, app, in)
		if errors.Is(err, store.ErrConflict) && pause(ctx, try) && try < 10 {
			continue // somebody made the call with this id or key just now: look at it
		}
		if err != nil {
			return nil, s.failed("starting a call", err)
		}
		return t, nil
	}
}

func (s *Server) nextCallID() string { return newCallID(s.now(), s.cfg.Shard) }

// invitation checks what the caller's device sent.
func (s *Server) invitation(ctx context.Context, v viewer, m *v1.StartRequest) (invitation, error) {
	in := invitation{video: m.Video, plan: m.Plan}
	if err := errors.Join(
		checkUser("callee", m.Callee),
		checkText("caller_name", m.CallerName, maxText),
		checkText("caller_handle", m.CallerHandle, maxText),
		checkText("idempotency_key", m.IdempotencyKey, maxWord),
		checkPlan(m.Plan),
	); err != nil {
		return in, first(err)
	}
	if m.Callee == v.User {
		return in, invalid("call another user; devices of one user do not ring each other", "user %q calls itself", v.User)
	}
	if m.CallId != "" {
		id, err := takeCallID(m.CallId, s.now())
		if err != nil {
			return in, invalid("use next_call_id of the last answer, or leave it empty", "call_id %s", err)
		}
		in.id = id
	}
	if m.IdempotencyKey != "" {
		in.key = m.DeviceId + "/" + m.IdempotencyKey // devices choose keys on their own: they must not meet
	}
	d, err := s.ownDevice(ctx, v, m.DeviceId)
	if err != nil {
		return in, err
	}
	in.device = d
	if in.sealed, err = sealedCallers(m); err != nil {
		return in, err
	}
	in.caller = person{User: v.User, Name: orElse(m.CallerName, v.Name, v.User), Handle: orElse(m.CallerHandle, v.User)}
	if len(in.sealed) > 0 {
		in.caller.Name = m.CallerName // the token's name would tell what the caller hides
	}
	in.callee = person{User: m.Callee, Handle: m.Callee}
	number, called, err := s.telephoneCalled(ctx, v.App, m.Callee)
	if called && err == nil {
		in.telephone, in.callee = number, telephone(number, "")
	}
	return in, err
}

// first returns the first of joined errors, which is the wire's.
func first(err error) error {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		return all.Unwrap()[0]
	}
	return err
}

func orElse(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// ownDevice returns a registered device of the viewer.
func (s *Server) ownDevice(ctx context.Context, v viewer, id string) (store.Device, error) {
	if err := checkDeviceID(id); err != nil {
		return store.Device{}, err
	}
	d, err := s.store.Device(ctx, v.App, id)
	if errors.Is(err, store.ErrNotFound) {
		return d, problem(connect.CodeNotFound, "unknown_device", "call RegisterDevice first", nil, "there is no device %q", id)
	}
	if err != nil {
		return d, s.failed("reading device "+id, err)
	}
	if d.User != v.User {
		return d, problem(connect.CodePermissionDenied, "not_your_device", "RegisterDevice with an id of your own", nil, "device %q is not a device of user %q", id, v.User)
	}
	return d, nil
}

// start makes the call, or finds the one that was made before with the same id or key. It returns store.ErrConflict if
// that happened meanwhile.
func (s *Server) start(ctx context.Context, app string, in *invitation) (*turn, error) {
	if t, err := s.startedBefore(ctx, app, *in); t != nil || err != nil {
		return t, err
	}
	if err := s.admit(app, in); err != nil {
		return nil, err
	}
	t, err := s.newTurn(ctx, app, *in)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTime)
	defer cancel()
	if s.desk.alone { // of two starts of a pair the second one sees the first
		leave, err := s.desk.alonePair(ctx, t)
		if err != nil {
			return nil, err
		}
		defer leave()
	}
	twins, err := s.twins(ctx, t)
	if err != nil {
		return nil, err
	}
	t.ctx = ctx
	if err := s.prepare(ctx, t); err != nil {
		return nil, err
	}
	t.step(t.ring)
	t.giveUpUnreachable()
	for _, twin := range twins {
		if twin.older(twin.row.ID, &t.state, t.row.ID) {
			t.replace(twin.row.ID)
			break
		}
	}
	if err := s.commitNew(ctx, t); err != nil {
		s.abandon(ctx, t, in)
		return nil, err
	}
	if t.Fork.State == fork.Ringing {
		if !s.desk.alone {
			twins, err = s.twins(ctx, t)
		}
		if err != nil {
			s.log.Error("looking for glare failed", "call", t.row.ID, "err", err)
		} else {
			t = s.settleGlare(ctx, t, twins)
		}
	}
	if t.Fork.State == fork.Ringing {
		s.handOver(t.urgent)
		s.catchUp(ctx, t)
	}
	return t, nil
}

// startedBefore returns the call that the same device started with the same id or key, nil if there is none.
func (s *Server) startedBefore(ctx context.Context, app string, in invitation) (*turn, error) {
	var row store.Call
	err := error(store.ErrNotFound)
	if in.key != "" {
		row, err = s.store.CallByKey(ctx, app, in.key)
	}
	if errors.Is(err, store.ErrNotFound) && in.id != "" {
		row, err = s.store.Call(ctx, in.id)
	}
	if errors.Is(err, store.ErrNotFound) {
		if in.id == "" {
			return nil, nil
		}
		if r, err := s.store.HistoryOfCall(ctx, in.id); err == nil && r.App == app && r.Caller == in.caller.User {
			return nil, problem(connect.CodeFailedPrecondition, "already_ended", "start a new call with a new id", nil, "call %s has been and gone", in.id)
		} else if err == nil || !errors.Is(err, store.ErrNotFound) {
			return nil, orProblem(err, idTaken(in.id))
		}
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t, err := s.turn(row)
	if err != nil {
		return nil, err
	}
	if row.App != app || t.CallerDevice.ID != in.device.ID || t.Caller.User != in.caller.User || t.Callee.User != in.callee.User {
		return nil, idTaken(row.ID)
	}
	return t, nil
}

func orProblem(err error, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

func idTaken(id string) error {
	return problem(connect.CodeAlreadyExists, "call_id_taken", "start it with a new call_id and idempotency_key", nil, "another call has the id %s", id)
}

// newTurn prepares the call: who is called, on which devices.
func (s *Server) newTurn(ctx context.Context, app string, in invitation) (*turn, error) {
	devices, err := s.store.DevicesOfUser(ctx, app, in.callee.User)
	if err != nil {
		return nil, err
	}
	if len(devices) == 0 && in.telephone == "" {
		return nil, problem(connect.CodeNotFound, "unknown_callee", "check the user id; the callee's app must have called RegisterDevice once", nil,
			"user %q has no device", in.callee.User)
	}
	now := s.now().Round(0)
	t := &turn{s: s, now: now, told: map[int]bool{}}
	t.row = store.Call{ID: in.id, App: app, Key: in.key, Users: []string{in.caller.User, in.callee.User}, CreatedAt: now}
	inGroup(&t.row, in.group)
	if t.row.ID == "" {
		t.row.ID = orElse(in.newID, s.nextCallID())
	}
	t.state = state{
		Caller: in.caller, CallerDevice: deviceOf(in.device), Callee: in.callee, Video: in.video, Group: in.group, Guests: in.guests,
		CreatedAt: now, RingDeadline: now.Add(s.app(app).RingTimeout),
	}
	ids := []string{in.device.ID}
	for _, d := range devices {
		ids = append(ids, d.ID)
	}
	places := s.places(ctx, app, ids...)
	t.CallerDevice.Node = places[in.device.ID].node
	t.note(v1.Stage_STAGE_STARTED, callerSide, 0, printable(in.detail))
	t.seen, t.Carrier = in.seen, s.carriedBy(app)
	if in.carried != nil {
		c := *in.carried
		t.Carrier = &c
	}
	if in.telephone != "" {
		how := s.app(app).Telephones
		if how == nil { // they were switched off just now
			return nil, problem(connect.CodePermissionDenied, "telephones_off", "", nil, "this app calls no telephones")
		}
		t.Carrier = &carried{Name: how.Carrier, CallerID: how.CallerID}
		_, t.dial = s.carrier(app, how.Carrier).(carrier.Dialer)
		t.callTelephone()
		return t, nil
	}
	wishes, err := s.wishes(ctx, app, in.callee.User)
	if err != nil {
		return nil, err
	}
	if why := wishes.refuse(in.caller.User, now); why != call.NotEnded {
		t.ring = fork.Event{Kind: fork.Start, Reason: why}
		return t, nil
	}
	var offers []offer
	for _, d := range devices {
		offers = append(offers, s.offer(d, places[d.ID], now))
	}
	// Devices that are here come first, then the one seen last, if there are more than may ring.
	sort.SliceStable(offers, func(i, j int) bool { return offers[i].open && !offers[j].open })
	t.follow(s.planOf(app, in.plan), wishes, offers)
	for i := range t.Legs {
		t.Legs[i].Sealed = in.sealed[t.Legs[i].ID]
	}
	return t, nil
}

// offer finds out how a device can be reached now.
func (s *Server) offer(d store.Device, at place, now time.Time) offer {
	return offer{
		device: d, node: at.node, open: at.open, foreground: at.foreground,
		pushable: d.VoIPToken != "" && s.cfg.Push(d.App, d.BundleID) != nil,
		expected: now.Sub(d.SeenAt).Abs() < backSoon || at.recent,
	}
}

// offerOf returns how the device of a leg can be reached; one that is gone can not.
func (t *turn) offerOf(i int) offer {
	if o, ok := t.offers[i]; ok {
		return o
	}
	var o offer
	d, err := t.s.store.Device(t.ctx, t.row.App, t.Legs[i].ID)
	switch {
	case err == nil && d.User == t.userOf(i):
		o = t.s.offer(d, t.s.places(t.ctx, d.App, d.ID)[d.ID], t.now)
	case err != nil && !errors.Is(err, store.ErrNotFound):
		// Nothing is lost by believing in the device: its push is a job, and reads it again.
		t.s.log.Warn("reading a device whose turn to ring has come failed", "call", t.row.ID, "device", t.Legs[i].ID, "err", err)
		o = offer{device: store.Device{App: t.row.App, ID: t.Legs[i].ID}, pushable: true}
	}
	if t.offers == nil {
		t.offers = map[int]offer{}
	}
	t.offers[i] = o
	return o
}

// offerLeg carries out fork's order to push to a leg, if a push is what its device needs.
func (t *turn) offerLeg(i int) {
	o := t.offerOf(i)
	t.fresh = append(t.fresh, i)
	t.Legs[i].Streamed, t.Legs[i].Node = o.open, o.node
	if o.open {
		t.note(v1.Stage_STAGE_STREAMED, i, 0, "")
	}
	t.Legs[i].NoJob = !o.pushable
	if !o.pushable {
		return
	}
	if o.foreground {
		// The stream may be a ghost. If the device says nothing, the push is claimed when its grace is over.
		t.jobs = append(t.jobs, pushJob(t.row.ID, i, t.round(i), t.now.Add(t.s.cfg.StreamGrace)))
		return
	}
	j := pushJob(t.row.ID, i, t.round(i), t.now.Add(t.s.cfg.PushLease))
	t.jobs = append(t.jobs, j)
	t.urgent = append(t.urgent, j)
}

// giveUpUnreachable ends the legs that were just offered the call and that nothing can reach. A device that comes back
// while the call rings is back in play. That may let the next group ring, whose legs are looked at in turn.
func (t *turn) giveUpUnreachable() {
	for ; len(t.fresh) > 0; t.fresh = t.fresh[1:] {
		i := t.fresh[0]
		o := t.offerOf(i)
		if !o.open && !o.pushable && !o.expected && t.Fork.Live() {
			t.note(v1.Stage_STAGE_PUSH_FAILED, i, 0, "no VoIP token that can be pushed to, and no open stream")
			t.step(fork.Event{Kind: fork.PushFailed, Leg: int8(i)})
		}
	}
}

// replace ends the call in favour of the callee's own call, which is older.
func (t *turn) replace(by string) {
	if t.Fork.State == fork.Ringing {
		t.ReplacedBy = by
		t.step(fork.Event{Kind: fork.Glare})
	}
}

// twins returns the ringing calls of t's callee to t's caller.
func (s *Server) twins(ctx context.Context, t *turn) ([]*turn, error) {
	if t.callerOutside() {
		return nil, nil // a telephone knows of no other call of its own, and many may share a number
	}
	rows, err := s.store.CallsOfUser(ctx, t.row.App, t.Caller.User)
	if err != nil {
		return nil, err
	}
	outgoing := 0
	var twins []*turn
	for _, row := range rows {
		other, err := s.turn(row)
		if err != nil {
			s.log.Error("a stored call cannot be read", "call", row.ID, "err", err)
			continue
		}
		if other.Caller.User == t.Caller.User && row.ID != t.row.ID && !other.Fork.Alone {
			outgoing++
		}
		if other.callerOutside() {
			continue
		}
		if other.Fork.State == fork.Ringing && other.Caller.User == t.Callee.User && other.Callee.User == t.Caller.User {
			twins = append(twins, other)
		}
	}
	if outgoing >= maxOutgoing && t.row.Rev == 0 {
		return nil, problem(connect.CodeResourceExhausted, "too_many_calls", "end some of them first", nil, "user %q has started %d calls that are not over", t.Caller.User, outgoing)
	}
	return twins, nil
}

// settleGlare looks once more, after the commit, at a call of the callee to the caller: of two starts at the same
// moment neither may have seen the other. The older one goes on.
func (s *Server) settleGlare(ctx context.Context, t *turn, twins []*turn) *turn {
	for _, twin := range twins {
		loser, winner := t, twin
		if t.older(t.row.ID, &twin.state, twin.row.ID) {
			loser, winner = twin, t
		}
		ended, err := s.change(ctx, loser.row.ID, func(l *turn) error {
			l.replace(winner.row.ID)
			return nil
		})
		if err != nil {
			s.log.Error("settling glare failed", "call", loser.row.ID, "err", err)
		} else if loser == t {
			return ended
		}
	}
	return t
}

// pushJobID names the push of a leg: that of the call's ring, or of a later offer to move the call there.
func pushJobID(call string, leg, round int) string {
	if round > 0 {
		return fmt.Sprintf("%s.p%d.%d", call, leg, round)
	}
	return fmt.Sprintf("%s.p%d", call, leg)
}
