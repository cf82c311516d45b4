package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/fork"
	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server/webhook"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

// MissedCallAlert says how a missed call shows on the callee's phones: as one ordinary notification a device that
// registered an alert token. A call is missed if nobody answered, declined or blocked it; a call that glare replaced or
// the backend ended is not.
//
// The texts come from the app, so that they are in the phone's language: the keys are looked up in the app's
// Localizable.strings, with the caller's name as their argument (Apple: Generating a remote notification). For a device with a
// sealing key who called is encrypted, and nothing else says it: the app's notification service extension opens it, and puts
// the name into the title, or in the place of "…", which is the argument then.
type MissedCallAlert struct {
	// TitleLocKey and BodyLocKey are title-loc-key and loc-key. Without BodyLocKey the notification has the caller's name
	// as its title and Body as its text.
	TitleLocKey string `json:"title_loc_key,omitempty" yaml:"title_loc_key,omitempty"`
	BodyLocKey  string `json:"body_loc_key,omitempty" yaml:"body_loc_key,omitempty"`
	// Body is the text without BodyLocKey; empty: "Missed call".
	Body string `json:"body,omitempty" yaml:"body,omitempty"`
	// Sound is the notification's sound, "default" for the system's; empty: none.
	Sound string `json:"sound,omitempty" yaml:"sound,omitempty"`
	// Category names the notification's actions in the app, as "call back"; may be empty.
	Category string `json:"category,omitempty" yaml:"category,omitempty"`
	// Keep is how long APNs keeps it for a phone that it can't reach, up to 30 days; 0 is a day.
	Keep time.Duration `json:"keep,omitempty" yaml:"keep,omitempty"`
	// OnlyUnreached leaves out devices that rang: for apps that show a missed call by themselves where they could.
	OnlyUnreached bool `json:"only_unreached,omitempty" yaml:"only_unreached,omitempty"`
	// DuringDoNotDisturb alerts also of calls that a Focus or quiet hours kept from ringing.
	DuringDoNotDisturb bool `json:"during_do_not_disturb,omitempty" yaml:"during_do_not_disturb,omitempty"`
	// CollapseByCaller lets a later missed call of the same caller replace the earlier notification.
	CollapseByCaller bool `json:"collapse_by_caller,omitempty" yaml:"collapse_by_caller,omitempty"`
}

// completeTelling checks what the app says about webhooks and missed calls, and fills in defaults.
func (a *App) completeTelling() error {
	a.Webhooks = append([]webhook.Endpoint(nil), a.Webhooks...)
	seen := map[string]bool{}
	for i := range a.Webhooks {
		e := &a.Webhooks[i]
		if err := e.Complete(); err != nil {
			return err
		}
		if seen[e.ID] {
			return fmt.Errorf("two webhook endpoints have the id %q", e.ID)
		}
		seen[e.ID] = true
	}
	if a.MissedCall == nil {
		return nil
	}
	m := *a.MissedCall
	a.MissedCall = &m
	if m.Body == "" {
		m.Body = "Missed call"
	}
	orDefault(&m.Keep, 24*time.Hour)
	if m.Keep < 0 || m.Keep > 30*24*time.Hour {
		return fmt.Errorf("missed-call alerts are kept for %s: it must be up to 30 days", m.Keep)
	}
	for _, s := range []string{m.TitleLocKey, m.BodyLocKey, m.Body, m.Sound, m.Category} {
		if len(s) > maxText {
			return fmt.Errorf("a text of the missed-call alerts has %d bytes, more than %d", len(s), maxText)
		}
	}
	a.MissedCall = &m
	return nil
}

const (
	alertKind    = "alert"
	alertWorkers = 16
	alertTime    = 30 * time.Second // for one attempt, in which the sender tries again by itself
	alertGiveUp  = time.Hour        // after the call: old news by then
)

// missedCall is the payload of an alert's job: what has to be known when the call itself is forgotten.
type missedCall struct {
	App    string    `json:"app"`
	Caller person    `json:"caller"`
	Callee string    `json:"callee"`
	Device string    `json:"device"`
	Video  bool      `json:"video,omitempty"`
	At     time.Time `json:"at"`
	Leg    int       `json:"leg"`
	Sealed []byte    `json:"sealed,omitempty"` // who called, encrypted for the device, see [missedCall.seal]
}

// alerts are the jobs that tell the callee's devices of a missed call.
func (t *turn) alerts() []store.Job {
	if !t.over || !t.missed() {
		return nil
	}
	how := t.s.app(t.row.App).MissedCall
	if how == nil || t.Fork.Reason == call.DoNotDisturb && !how.DuringDoNotDisturb {
		return nil
	}
	var jobs []store.Job
	for i := range t.Legs {
		if isOutside(t.Legs[i].ID) || !t.wantsAlert(i, how) {
			continue
		}
		text, err := json.Marshal(missedCall{
			App: t.row.App, Caller: t.Caller, Callee: t.Callee.User, Device: t.Legs[i].ID, Video: t.Video, At: t.CreatedAt, Leg: i,
			Sealed: t.Legs[i].Sealed,
		})
		if err != nil {
			t.s.log.Error("writing a missed call failed", "call", t.row.ID, "err", err)
			continue
		}
		jobs = append(jobs, store.Job{ID: fmt.Sprintf("%s.m%d", t.row.ID, i), CallID: t.row.ID, Kind: alertKind, Payload: text, LeasedUntil: t.now})
	}
	return jobs
}

// wantsAlert reports whether the device of a leg is to be told that the call was missed. One whose user did something
// about the call knows of it, and one that was silenced stays silent.
func (t *turn) wantsAlert(leg int, how *MissedCallAlert) bool {
	switch t.Fork.Legs[leg].Reason {
	case call.Declined, call.DeclinedElsewhere, call.Blocked, call.AnsweredElsewhere:
		return false
	case call.DoNotDisturb:
		if !how.DuringDoNotDisturb {
			return false
		}
	}
	marks := t.Legs[leg].Marks
	rang := marks.has(int32(v1.Stage_STAGE_RINGING)) || t.Fork.Legs[leg].State == fork.LegRinging
	return !rang || !how.OnlyUnreached
}

// told rings for whoever does jobs that this node has just stored.
func (s *Server) told(jobs []store.Job) {
	for _, j := range jobs {
		switch {
		case j.Kind == alertKind:
			select {
			case s.alerts <- struct{}{}:
			default:
			}
		case strings.HasPrefix(j.Kind, letterKind):
			s.mail.wake([]store.Job{j})
		case isCarrierJob(j.Kind):
			s.contractors.wake(j)
		}
	}
}

// runAlerts sends what tells of missed calls, in no hurry and by few: rings go first.
func (s *Server) runAlerts(ctx context.Context) {
	r := &round{s: s, kind: alertKind, bell: s.alerts, limit: func() int { return alertWorkers },
		lease: func() time.Duration { return 2 * alertTime }, do: s.alert}
	r.run(ctx)
}

// alert does one job. What can't be done now is tried again for an hour.
func (s *Server) alert(ctx context.Context, j store.Job) did {
	done, err := s.sendAlert(ctx, j)
	keep, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTime)
	defer cancel()
	if err != nil {
		s.report(ctx, "telling of a missed call failed", err, "job", j.ID)
	}
	if !done {
		at := s.now().Add(webhook.Delay(j.Tries+1, rand.Float64()))
		if ctx.Err() != nil {
			at = s.now() // this node is stopping
		}
		if err := ignoreGone(s.store.Retry(keep, j.ID, at)); err != nil {
			s.report(ctx, "keeping a missed call failed", err, "job", j.ID)
		}
		return did{at: at}
	}
	if err := s.store.Done(keep, j.ID); err != nil {
		s.report(ctx, "forgetting a missed call failed", err, "job", j.ID)
	}
	return did{}
}

// sendAlert sends one alert if there still is somebody to send it to. done is false if it should be tried again.
func (s *Server) sendAlert(ctx context.Context, j store.Job) (done bool, err error) {
	var m missedCall
	if err := json.Unmarshal(j.Payload, &m); err != nil {
		return true, fmt.Errorf("reading the missed call %.80q: %w", j.ID, err)
	}
	now := s.now()
	how := s.app(m.App).MissedCall
	if how == nil || now.Sub(m.At) > alertGiveUp+time.Minute {
		return true, nil
	}
	d, err := s.store.Device(ctx, m.App, m.Device)
	if errors.Is(err, store.ErrNotFound) || err == nil && (d.User != m.Callee || d.AlertToken == "") {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	sender := s.cfg.Push(m.App, d.BundleID)
	if sender == nil {
		return true, nil
	}
	if err := m.seal(j.CallID, d); err != nil {
		return true, err
	}
	payload, small, err := m.payload(j.CallID, how)
	if err != nil {
		return true, err
	}
	s.noteAlert(ctx, j, d, v1.Stage_STAGE_ALERT_SENT, push.Environment(d.Environment).String())
	ctx, cancel := context.WithTimeout(ctx, alertTime)
	defer cancel()
	o := outcome{}
	o.receipt, o.err = s.guarded(ctx, sender, push.Push{
		Kind: push.Alert, ID: apnsID(j.ID), BundleID: d.BundleID, Token: d.AlertToken, Environment: push.Environment(d.Environment),
		Payload: payload, Small: small, Deadline: now.Add(alertTime), Expires: m.At.Add(how.Keep), CollapseID: m.collapse(j.CallID, how, d.SealKey),
	})
	keep, stop := context.WithTimeout(context.WithoutCancel(ctx), commitTime)
	defer stop()
	if o.err == nil {
		s.noteAlert(keep, j, d, v1.Stage_STAGE_ALERT_ACCEPTED, accepted(o.receipt))
	} else {
		s.noteAlert(keep, j, d, v1.Stage_STAGE_ALERT_FAILED, failure(o.err))
	}
	if err := s.learn(keep, d, d.AlertToken, o); err != nil {
		return false, err
	}
	return settled(o), nil
}

// noteAlert puts what became of an alert into the call's ledger. The call is over: nothing else of it changes.
func (s *Server) noteAlert(ctx context.Context, j store.Job, d store.Device, stage v1.Stage, detail string) {
	e := store.LedgerEntry{CallID: j.CallID, Stage: int32(stage), Device: d.ID, At: s.now(), Detail: cut(detail, maxDetail)}
	if err := s.store.AppendLedger(store.Later(ctx), []store.LedgerEntry{e}); err != nil {
		s.report(ctx, "writing the ledger failed", err, "call", j.CallID)
	}
}

// settled reports whether it makes no sense to send an alert again. The sender has tried for half a minute, and what
// ails APNs may pass.
func settled(o outcome) bool {
	why := (*push.Error)(nil)
	if o.err == nil || !errors.As(o.err, &why) {
		return o.err == nil
	}
	return why.Verdict != push.GiveUp || why.Status >= 400 && why.Status < 500 && why.Status != 429
}

// guarded sends a push; a sender that panics is one that failed.
func (s *Server) guarded(ctx context.Context, sender push.Sender, p push.Push) (r push.Receipt, err error) {
	defer func() {
		if what := recover(); what != nil {
			s.log.Error("a push sender panicked", "panic", what, "stack", stack())
			err = fmt.Errorf("the push sender panicked: %v", what)
		}
	}()
	return sender.Send(ctx, p)
}

// payload is the notification as Apple has it, and what the app needs to call back; and one with short names, for
// callers whose name fills the push.
func (m missedCall) payload(callID string, how *MissedCallAlert) (full, small []byte, err error) {
	if full, err = m.write(callID, how); err != nil {
		return nil, nil, err
	}
	m.Caller.Name, m.Caller.Handle = cut(m.Caller.Name, 40), cut(m.Caller.Handle, 40)
	small, err = m.write(callID, how)
	return full, small, err
}

func (m missedCall) write(callID string, how *MissedCallAlert) ([]byte, error) {
	who := orElse(m.Caller.Name, m.Caller.Handle, m.Caller.User)
	about := map[string]any{
		"call": callID, "caller": m.Caller.User, "caller_name": m.Caller.Name, "handle": m.Caller.Handle, "video": m.Video, "at": m.At.UnixMilli(),
	}
	alert := map[string]any{}
	switch {
	case how.BodyLocKey == "" && m.Sealed != nil:
		alert["body"] = how.Body
	case how.BodyLocKey == "":
		alert["title"], alert["body"] = who, how.Body
	default:
		if m.Sealed != nil {
			who = sealedName
		}
		alert["loc-key"], alert["loc-args"] = how.BodyLocKey, []string{who}
		if how.TitleLocKey != "" {
			alert["title-loc-key"], alert["title-loc-args"] = how.TitleLocKey, []string{who}
		}
	}
	aps := map[string]any{"alert": alert, "thread-id": "missed-calls"}
	if how.Sound != "" {
		aps["sound"] = how.Sound
	}
	if how.Category != "" {
		aps["category"] = how.Category
	}
	if m.Sealed != nil {
		aps["mutable-content"] = 1 // the app's notification service extension opens it
		about = map[string]any{"call": callID, "device": m.Device, "sealed": m.Sealed, "video": m.Video, "at": m.At.UnixMilli()}
	}
	return json.Marshal(map[string]any{"aps": aps, "missed_call": about})
}

// collapse is the apns-collapse-id: at most 64 bytes, whatever users are called. Of a sealed caller it is not to be told without the
// device's key.
func (m missedCall) collapse(callID string, how *MissedCallAlert, key string) string {
	if !how.CollapseByCaller {
		return callID
	}
	about := m.App + "\x00" + m.Caller.User
	if m.Sealed != nil {
		about += "\x00" + key
	}
	sum := sha256.Sum256([]byte(about))
	return "missed-" + hex.EncodeToString(sum[:16])
}
