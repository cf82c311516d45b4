package server

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/fork"
	"github.com/ringtrip/ringtrip/server/webhook"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

// Letters are webhooks on their way. Those of one call to one endpoint are one job: a line an event, to which each
// commit of the call appends what it has to tell. So they are in the order of the commits, and whoever holds the job
// delivers them one after the other.

const (
	letterKind = "webhook:"      // and the app and the endpoint: jobs to be delivered
	deadKind   = "webhook.dead:" // and the app: jobs that nobody took, kept to be looked at
)

func kindOf(app, endpoint string) string { return letterKind + app + "/" + endpoint }

func letterJobID(call, endpoint string) string { return call + ".h." + endpoint }

// sequences is how many events a commit can have and still be told in order.
const sequences = 64

// letters are the jobs that tell the app's endpoints what this turn did. They follow from what went into the ledger, so
// nothing that changes a call can forget them.
func (t *turn) letters() ([]store.Job, error) {
	endpoints := t.s.mail.endpoints(t.row.App)
	if len(endpoints) == 0 || len(t.ledger) == 0 {
		return nil, nil
	}
	rev := t.row.Rev + 1
	payloads := make([][]byte, len(endpoints))
	for i, e := range t.webhooks() {
		e.ID = fmt.Sprintf("%s_h%d_%d", t.row.ID, rev, i) // no full stop: what is signed is parted by them
		e.Version, e.App, e.Sequence = webhook.Version, t.row.App, rev*sequences+uint64(min(i, sequences-1))
		text, err := json.Marshal(e)
		if err != nil {
			return nil, fmt.Errorf("writing a webhook of call %s: %w", t.row.ID, err)
		}
		for n, to := range endpoints {
			if to.Wants(e.Type) {
				payloads[n] = append(append(payloads[n], text...), '\n')
			}
		}
	}
	var jobs []store.Job
	for n, to := range endpoints {
		if len(payloads[n]) > 0 {
			jobs = append(jobs, store.Job{
				ID: letterJobID(t.row.ID, to.ID), CallID: t.row.ID, Kind: kindOf(t.row.App, to.ID),
				Payload: payloads[n], LeasedUntil: t.now, Append: true,
			})
		}
	}
	return jobs, nil
}

// webhooks are the events of this turn, in order.
func (t *turn) webhooks() []webhook.Event {
	var all []webhook.Event
	about := t.webhookCall()
	rang, ringing := t.rangBefore(), false
	add := func(kind webhook.Type, at time.Time, leg *webhook.Leg) {
		all = append(all, webhook.Event{Type: kind, Timestamp: at.UTC(), Data: webhook.Data{Call: about, Leg: leg}})
	}
	over := false
	for _, e := range t.ledger {
		leg := t.webhookLeg(e)
		switch v1.Stage(e.Stage) {
		case v1.Stage_STAGE_STARTED:
			add(webhook.CallStarted, e.At, nil)
		case v1.Stage_STAGE_ACCEPTED:
			add(webhook.LegPushed, e.At, leg)
		case v1.Stage_STAGE_PUSH_FAILED:
			add(webhook.LegPushFailed, e.At, leg)
		case v1.Stage_STAGE_RINGING:
			if leg == nil {
				break // the caller's own device
			}
			add(webhook.LegRinging, e.At, leg)
			if !rang && !ringing && t.before.State != fork.Answered {
				ringing = true
				add(webhook.CallRinging, e.At, nil)
			}
		case v1.Stage_STAGE_ANSWERED:
			add(webhook.CallAnswered, e.At, nil)
		case v1.Stage_STAGE_CALLER_LEFT:
			add(webhook.CallCallerLeft, e.At, nil)
		case v1.Stage_STAGE_ENDED:
			add(webhook.LegEnded, e.At, leg)
		case v1.Stage_STAGE_CALL_ENDED:
			over = true
		}
	}
	if over {
		add(webhook.CallEnded, t.now, nil)
		if t.missed() {
			add(webhook.CallMissed, t.now, nil)
		}
	}
	return all
}

// rangBefore reports whether a device of the callee showed the ring before this turn.
func (t *turn) rangBefore() bool {
	rang := 0
	for i := range t.Legs {
		if t.Legs[i].Marks.has(int32(v1.Stage_STAGE_RINGING)) {
			rang++
		}
	}
	for _, e := range t.ledger {
		if v1.Stage(e.Stage) == v1.Stage_STAGE_RINGING && t.webhookLeg(e) != nil {
			rang--
		}
	}
	return rang > 0
}

func (t *turn) webhookCall() *webhook.Call {
	c := &webhook.Call{
		ID: t.row.ID, State: t.Fork.State.String(), Caller: webhookParty(t.Caller), Callee: webhookParty(t.Callee), Video: t.Video,
		CreatedAt: t.CreatedAt.UTC(), Deadline: t.RingDeadline.UTC(), AnsweredAt: moment(t.AnsweredAt), EndedAt: moment(t.EndedAt),
		CalledFrom: t.CallerDevice.ID, ReplacedBy: t.ReplacedBy, Group: t.Group, Alone: t.Fork.Alone,
	}
	if t.atCarrier() {
		c.Carrier = t.Carrier.Name
	}
	if !t.EndedAt.IsZero() {
		c.Reason = t.Fork.Reason.String()
	}
	if t.Fork.WasAnswered() {
		c.AnsweredBy = t.Legs[t.Fork.Winner].ID
	}
	return c
}

func webhookParty(p person) webhook.Party {
	return webhook.Party{UserID: p.User, Name: p.Name, Handle: p.Handle}
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// webhookLeg returns the leg that an entry of the ledger is about, nil if it is about none.
func (t *turn) webhookLeg(e store.LedgerEntry) *webhook.Leg {
	for i := range t.Legs {
		if t.Legs[i].ID == e.Device && e.Device != "" {
			return &webhook.Leg{DeviceID: e.Device, DeviceName: t.Legs[i].Name, Reason: call.Reason(e.Reason).String(), Detail: e.Detail}
		}
	}
	return nil
}

// missed reports whether the call, which is over, was a missed call: the callee did not answer and had no say in it.
// Glare is none, for the callee was calling at that moment, and an end by the backend is its business.
func (t *turn) missed() bool {
	if t.Fork.WasAnswered() {
		return false
	}
	switch t.Fork.Reason {
	case call.Unanswered, call.Cancelled, call.Unreachable, call.Busy, call.DoNotDisturb, call.Expired, call.Crashed, call.MediaFailed:
		return true
	}
	return false
}

// deviceLetters are the jobs that tell the app's endpoints of a device. They are not part of a transition: they are
// stored before what they tell of and leased for a moment, so that a crash in between tells too much rather than nothing.
func (s *Server) deviceLetters(kind webhook.Type, d store.Device, dropped string) []store.Job {
	now := s.now()
	var jobs []store.Job
	for _, to := range s.mail.endpoints(d.App) {
		if !to.Wants(kind) {
			continue
		}
		// The id of the event is the same at all endpoints.
		id := fmt.Sprintf("%s_d", deviceEventID(now, jobs))
		text, err := json.Marshal(webhook.Event{
			ID: id, Type: kind, Version: webhook.Version, Timestamp: now.UTC(), App: d.App,
			Data: webhook.Data{Device: &webhook.Device{
				ID: d.ID, UserID: d.User, Name: d.Name, Platform: d.Platform, BundleID: d.BundleID, AppVersion: d.AppVersion, OSVersion: d.OSVersion,
				VoIPToken: d.VoIPToken != "", AlertToken: d.AlertToken != "", Dropped: dropped,
			}},
		})
		if err != nil {
			s.log.Error("writing a webhook failed", "device", d.ID, "err", err)
			return nil
		}
		jobs = append(jobs, store.Job{
			ID: id + "." + to.ID, CallID: id, Kind: kindOf(d.App, to.ID), Payload: append(text, '\n'), LeasedUntil: now.Add(s.cfg.PushLease),
		})
	}
	return jobs
}

// registered are the letters of a registration: none if it says nothing new.
func (s *Server) registered(old, d store.Device) []store.Job {
	said := func(d store.Device) [10]string {
		return [10]string{d.App, d.ID, d.User, d.Name, d.Platform, d.BundleID, d.VoIPToken, d.AlertToken, d.AppVersion, d.OSVersion}
	}
	if said(old) == said(d) && old.Environment == d.Environment {
		return nil
	}
	return s.deviceLetters(webhook.DeviceRegistered, d, "")
}

// deviceEventID returns the id that the jobs of one event share.
func deviceEventID(now time.Time, jobs []store.Job) string {
	if len(jobs) > 0 {
		return jobs[0].CallID[:len(jobs[0].CallID)-len("_d")]
	}
	if id, err := uuid.NewV7(); err == nil {
		return id.String()
	}
	return newCallID(now, 0)
}

// telling does what changes a device, and tells the endpoints of it: the letters are stored first, and withdrawn if
// nothing changed.
func (s *Server) telling(ctx context.Context, letters []store.Job, do func() (changed bool, err error)) error {
	if err := s.store.PutJobs(ctx, letters); err != nil {
		return err
	}
	changed, err := do()
	if err == nil && changed {
		s.mail.wake(letters)
		return nil
	}
	var ids []string
	for _, j := range letters {
		ids = append(ids, j.ID)
	}
	if len(ids) > 0 && err == nil { // after an error nobody knows: too much is told rather than nothing
		err = s.store.Done(ctx, ids...)
	}
	return err
}
