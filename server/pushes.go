package server

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/fork"
	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server/auth"
	"github.com/ringtrip/ringtrip/server/webhook"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

const (
	pushKind    = "push"
	pushQueue   = 1024 // pushes that wait in memory; what does not fit is claimed when its lease runs out
	pushWorkers = 64   // pushes under way at once; each may wait for APNs
	claimBatch  = 64
)

// pushJob is the job of pushing to a leg. Its id says everything, so that it has no payload that could be wrong.
func pushJob(id string, leg, round int, until time.Time) store.Job {
	return store.Job{ID: pushJobID(id, leg, round), CallID: id, Kind: pushKind, LeasedUntil: until}
}

// legOfJob reads a push job's id.
func legOfJob(j store.Job) (int, error) {
	rest, ok := strings.CutPrefix(j.ID, j.CallID+".p")
	rest, _, _ = strings.Cut(rest, ".")
	n, err := strconv.Atoi(rest)
	if !ok || err != nil || n < 0 || n >= fork.MaxLegs {
		return 0, fmt.Errorf("job %.80q is not a push of call %s", j.ID, j.CallID)
	}
	return n, nil
}

// handOver gives freshly committed pushes to this node's workers.
func (s *Server) handOver(jobs []store.Job) {
	for _, j := range jobs {
		s.enqueue(j)
	}
}

// enqueue passes a job to the workers, unless it is under way already or too many wait.
func (s *Server) enqueue(j store.Job) {
	if _, busy := s.inFlight.LoadOrStore(j.ID, struct{}{}); busy {
		return
	}
	s.work.add(1)
	select {
	case s.pushes <- j:
	default:
		s.inFlight.Delete(j.ID)
		s.work.add(-1)
	}
}

// runPushes is one worker.
func (s *Server) runPushes(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case j := <-s.pushes:
			if err := s.push(ctx, j); err != nil && ctx.Err() == nil {
				s.log.Error("a push stays to be done again", "job", j.ID, "err", err)
			}
			s.inFlight.Delete(j.ID)
			s.work.add(-1)
		}
	}
}

// runClaims takes over pushes whose lease ran out: those of nodes that died, and those of streamed legs that said nothing.
func (s *Server) runClaims(ctx context.Context) {
	tick := time.NewTicker(s.cfg.Tick)
	defer tick.Stop()
	if s.cfg.Presence == nil {
		s.inherit(ctx)
	}
	for {
		if s.Draining() {
			return
		}
		jobs, err := s.store.Claim(ctx, pushKind, s.now(), claimBatch, s.cfg.PushLease)
		if err != nil && ctx.Err() == nil {
			s.log.Error("claiming pushes failed", "err", err)
		}
		s.handOver(jobs)
		if err == nil && len(jobs) == claimBatch {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// inherit takes over what a dead process had leased. A node that is alone need not wait for those leases: whoever had them
// is this node's own past, and rings are not to wait. They are leased until just after the moment that is asked about, so
// that the next life, should this one be as short, can do the same.
func (s *Server) inherit(ctx context.Context) {
	until := s.now().Add(max(s.cfg.PushLease, s.cfg.StreamGrace))
	for {
		jobs, err := s.store.Claim(ctx, pushKind, until, claimBatch, time.Millisecond)
		if err != nil && ctx.Err() == nil {
			s.log.Error("claiming the pushes of the process before failed", "err", err)
		}
		s.handOver(jobs)
		if err != nil || len(jobs) < claimBatch {
			return
		}
	}
}

// push does one job: it sends the push if the leg still needs it, and stores what came of it. An error leaves the job
// to be claimed again.
func (s *Server) push(ctx context.Context, j store.Job) error {
	leg, err := legOfJob(j)
	if err != nil {
		return errors.Join(err, s.store.Done(ctx, j.ID)) // it would be wrong for ever
	}
	row, err := s.store.Call(ctx, j.CallID)
	if errors.Is(err, store.ErrNotFound) {
		return s.store.Done(ctx, j.ID)
	}
	if err != nil {
		return err
	}
	t, err := s.turn(row)
	if err != nil {
		return err
	}
	if leg >= len(t.Legs) || !t.needsPush(leg) || j.ID != t.pushJobID(leg) {
		return s.store.Done(ctx, j.ID)
	}
	d, err := s.store.Device(ctx, row.App, t.Legs[leg].ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	var sender push.Sender
	if err == nil && d.User == t.userOf(leg) && d.VoIPToken != "" {
		sender = s.cfg.Push(row.App, d.BundleID)
	}
	if sender == nil {
		return s.pushed(ctx, j, leg, d, outcome{err: errNoToken})
	}
	p, err := s.compose(t, leg, d)
	if err != nil {
		return s.pushed(ctx, j, leg, d, outcome{err: err})
	}
	if err := s.store.AppendLedger(ctx, []store.LedgerEntry{{CallID: row.ID, Stage: int32(v1.Stage_STAGE_PUSHED), Device: d.ID, At: s.now(), Detail: p.Environment.String()}}); err != nil {
		s.log.Error("writing the ledger failed", "call", row.ID, "err", err)
	}
	sending, done := s.cfg.Observer.Pushing(ctx, PushStart{
		App: row.App, Call: row.ID, BundleID: d.BundleID, Device: t.Legs[leg].observed(), CreatedAt: t.ringFrom(leg), Environment: p.Environment,
	})
	out := s.send(sending, sender, p, j)
	done(out.receipt, out.err)
	if ctx.Err() != nil && !out.answered() {
		return ctx.Err() // this node is stopping: its lease runs out soon
	}
	return s.pushed(ctx, j, leg, d, out)
}

var errNoToken = errors.New("the device has no VoIP token that can be pushed to any more")

// needsPush reports whether the leg could still answer and its device has said nothing yet.
func (t *turn) needsPush(leg int) bool {
	heard := t.Legs[leg].Marks.has(int32(v1.Stage_STAGE_WOKE)) || t.Legs[leg].Marks.has(int32(v1.Stage_STAGE_REPORTED)) ||
		t.Legs[leg].Marks.has(int32(v1.Stage_STAGE_RINGING))
	return t.Fork.Live() && t.Fork.Legs[leg].Open() && !heard
}

// compose writes the push that rings a leg.
func (s *Server) compose(t *turn, leg int, d store.Device) (push.Push, error) {
	id, err := callkit.ParseUUID(t.row.ID)
	if err != nil {
		return push.Push{}, err
	}
	until := t.ringUntil(leg)
	token, err := s.verifier.MintAction(auth.Claims{
		App: t.row.App, User: t.userOf(leg), Call: t.row.ID, Device: d.ID, Expires: until.Add(s.cfg.Tombstone),
	})
	if err != nil {
		return push.Push{}, err
	}
	who := t.Caller
	if t.Legs[leg].OfCaller {
		who = t.Callee
	}
	said := signaling.Payload{
		CallID: id, CallerName: who.Name, Handle: who.Handle, HandleType: signaling.HandleTypeOf(who.Handle), Video: t.Video,
		SentAt: s.now().UnixMilli(), ExpiresAt: until.UnixMilli(), Token: token, Server: s.cfg.PublicURL,
	}
	if t.Fork.State == fork.Answered {
		said.Moving = t.ringFrom(leg).UnixMilli()
	}
	if err := t.seal(&said, leg, d); err != nil {
		return push.Push{}, err
	}
	payload, err := said.MarshalPush()
	if len(payload) > push.MaxVoIPPayload { // JSON writes some characters with six: a shorter name beats no ring
		said.CallerName, said.Handle = cut(said.CallerName, maxText/4), cut(said.Handle, maxText/4)
		payload, err = said.MarshalPush()
	}
	if err != nil {
		return push.Push{}, fmt.Errorf("writing the push: %w", err)
	}
	// What APNs takes even if it finds the whole too large: the app rings with a placeholder, connects and learns the rest.
	small, err := signaling.Payload{CallID: said.CallID, SentAt: said.SentAt, ExpiresAt: said.ExpiresAt, Video: said.Video, Token: said.Token, Moving: said.Moving}.MarshalPush()
	if err != nil {
		return push.Push{}, fmt.Errorf("writing the small push: %w", err)
	}
	return push.Push{
		ID: apnsID(t.pushJobID(leg)), BundleID: d.BundleID, Token: d.VoIPToken, Environment: push.Environment(d.Environment),
		Payload: payload, Small: small, Deadline: until, CollapseID: t.row.ID,
	}, nil
}

// apnsID is the apns-id of the push that a job sends: the same however often and from whichever node it is sent. It is a
// UUID version 8 (RFC 9562 §5.8), made from a hash.
func apnsID(job string) string {
	sum := sha256.Sum256([]byte(job))
	u := callkit.UUID(sum[:16])
	u[6] = 0x80 | u[6]&0x0f
	u[8] = 0x80 | u[8]&0x3f
	return u.String()
}

// outcome is what came of a push.
type outcome struct {
	receipt push.Receipt
	err     error
}

func (o outcome) answered() bool {
	why := (*push.Error)(nil)
	return o.err == nil || errors.As(o.err, &why) && why.Status != 0
}

// send sends p and keeps the job leased meanwhile.
func (s *Server) send(ctx context.Context, sender push.Sender, p push.Push, j store.Job) outcome {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() {
			if what := recover(); what != nil {
				s.log.Error("a push sender panicked", "panic", what, "stack", stack())
				o.err = fmt.Errorf("the push sender panicked: %v", what)
			}
			done <- o
		}()
		o.receipt, o.err = sender.Send(ctx, p)
	}()
	renew := time.NewTicker(s.cfg.PushLease / 2)
	defer renew.Stop()
	for {
		select {
		case o := <-done:
			return o
		case <-renew.C:
			if err := s.store.Retry(ctx, j.ID, s.now().Add(s.cfg.PushLease)); err != nil && !errors.Is(err, store.ErrNotFound) && ctx.Err() == nil {
				s.log.Error("keeping a push leased failed", "job", j.ID, "err", err)
			}
		}
	}
}

// pushed stores what came of a push: in the call, in the ledger, and in the registrar if it says something about the token.
func (s *Server) pushed(ctx context.Context, j store.Job, leg int, d store.Device, o outcome) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTime)
	defer cancel()
	if err := s.learn(ctx, d, d.VoIPToken, o); err != nil {
		s.log.Error("correcting a push token failed", "device", d.ID, "err", err)
	}
	_, err := s.change(ctx, j.CallID, func(t *turn) error {
		t.drop = append(t.drop, j.ID)
		old := leg >= len(t.Legs) || j.ID != t.pushJobID(leg) // the leg rings anew by now, with a push of its own
		if !old {
			t.Legs[leg].NoJob = true
		}
		if o.err == nil {
			t.note(v1.Stage_STAGE_ACCEPTED, leg, 0, accepted(o.receipt))
			if old {
				return nil
			}
			t.step(fork.Event{Kind: fork.PushAccepted, Leg: int8(leg)})
			return nil
		}
		t.note(v1.Stage_STAGE_PUSH_FAILED, leg, call.Unreachable, failure(o.err))
		if device := t.Legs[leg].ID; !old && !s.places(ctx, t.row.App, device)[device].open {
			t.step(fork.Event{Kind: fork.PushFailed, Leg: int8(leg)})
		}
		return nil
	})
	return err
}

func accepted(r push.Receipt) string {
	text := fmt.Sprintf("apns-id %s, %s, %d attempt(s), %s", r.ID, r.Latency.Round(time.Millisecond), r.Attempts, r.Environment)
	if r.UniqueID != "" {
		text += ", unique id " + r.UniqueID
	}
	return text
}

// failure says in the ledger what Apple said; the hint is for logs.
func failure(err error) string {
	if why := (*push.Error)(nil); errors.As(err, &why) {
		return fmt.Sprintf("%d %s after %d attempt(s)", why.Status, why.Reason, why.Attempts)
	}
	return err.Error()
}

// learn keeps what APNs said about a token of the device.
func (s *Server) learn(ctx context.Context, d store.Device, token string, o outcome) error {
	if o.err == nil {
		if o.receipt.Environment != 0 && uint8(o.receipt.Environment) != d.Environment {
			return s.store.SetEnvironment(ctx, token, uint8(o.receipt.Environment))
		}
		return nil
	}
	why := (*push.Error)(nil)
	if !errors.As(o.err, &why) {
		s.log.Error("a push failed", "device", d.ID, "err", o.err)
		return nil
	}
	switch why.Verdict {
	case push.DropToken:
		return s.dropToken(ctx, d, token, why.Timestamp)
	case push.FixConfig:
		s.log.Error("no push of this app can work", "app", d.App, "bundle_id", d.BundleID, "err", o.err)
	case push.BadToken:
		s.log.Warn("a push token fits neither environment", "device", d.ID, "err", o.err)
	case push.GiveUp:
		s.log.Warn("a push failed", "device", d.ID, "err", o.err)
	}
	return nil
}

// dropToken forgets a token that APNs said is dead since the moment, and tells the app's backend.
func (s *Server) dropToken(ctx context.Context, d store.Device, token string, since time.Time) error {
	kind, after := "voip", d
	if token == d.AlertToken {
		kind, after.AlertToken = "alert", ""
	} else {
		after.VoIPToken = ""
	}
	return s.telling(ctx, s.deviceLetters(webhook.DeviceTokenDropped, after, kind), func() (bool, error) {
		return s.store.DropToken(ctx, token, since)
	})
}
