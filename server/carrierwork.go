package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/fork"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

const (
	carrierKind = "carrier:"      // and the app and the carrier: jobs that ask something of it
	seenKind    = "carrier.seen:" // and the app and the carrier: calls from outside that came, so that none comes twice
	// prepareTime bounds how long a call waits for its room before it rings.
	prepareTime = 3 * time.Second
	// workTime bounds one attempt of a job.
	workTime = 10 * time.Second
	// workers is how many jobs of a carrier are under way at once.
	workers = 16
	// endFor is for how long the end of a call is told to its carrier before it is given up.
	endFor = 24 * time.Hour
	// slowest is the longest pause between two attempts.
	slowest = 5 * time.Minute
)

func carrierJobKind(app, name string) string { return carrierKind + app + "/" + name }

func seenID(app, name, ref string) string { return seenKind + app + "/" + name + "/" + ref }

// refKey is the key of the call that came from outside by that name.
func refKey(name, ref string) string { return "carrier:" + name + "/" + ref }

// refUser stands among the users of a call that its carrier knows by a name of its own, so that it is found by that name
// while it lives. No user's id has a control character, see checkText.
func refUser(name, ref string) string { return "\x01carrier/" + name + "/" + ref }

// carrierJob is what is asked of a carrier: all that has to be known when the call itself is forgotten.
type carrierJob struct {
	Do   string       `json:"do"` // "end", "dial"
	Call carrier.Call `json:"call"`
	At   time.Time    `json:"at"`
	// Again tells what is asked again from what is being done: being done, it would else be forgotten with it.
	Again int `json:"again,omitempty"`
}

// carrierWork are the jobs that follow from a turn for the call's carrier.
func (t *turn) carrierWork() ([]store.Job, error) {
	if !t.atCarrier() {
		return nil, nil
	}
	var jobs []store.Job
	if t.seen != "" {
		jobs = append(jobs, store.Job{ID: t.seen, CallID: t.row.ID, Kind: seenKind + t.row.App + "/" + t.Carrier.Name, LeasedUntil: t.now})
	}
	do := ""
	switch {
	case t.Fork.State == fork.Ended && (t.over || t.endAgain) && (t.row.Rev > 0 || t.Carrier.Ref != ""):
		do = "end"
	case t.dial && t.Fork.State == fork.Ringing:
		do = "dial"
	}
	if do == "" {
		return jobs, nil
	}
	j, err := t.s.carrierJob(carrierJob{Do: do, Call: t.carrierCall(t.row.App, t.row.ID), Again: t.Carrier.Again}, t.Carrier.Name)
	return append(jobs, j), err
}

func (s *Server) carrierJob(j carrierJob, name string) (store.Job, error) {
	j.At = s.now()
	text, err := json.Marshal(j)
	if err != nil {
		return store.Job{}, fmt.Errorf("writing what is asked of the carrier of call %s: %w", j.Call.ID, err)
	}
	return store.Job{ID: j.Call.ID + ".c." + j.Do, CallID: j.Call.ID, Kind: carrierJobKind(j.Call.App, name), Payload: text, LeasedUntil: j.At}, nil
}

// prepare lets the carrier make what the new call needs, before anybody hears of it.
func (s *Server) prepare(ctx context.Context, t *turn) error {
	if t.Carrier == nil || t.ring.N == 0 || t.Carrier.Ref != "" {
		return nil
	}
	by := s.carrier(t.row.App, t.Carrier.Name)
	maker, ok := by.(carrier.Preparer)
	if !ok {
		return nil
	}
	if t.Group != "" { // the room is there if somebody of the group is
		others, err := s.callsOfGroup(ctx, t.row.App, t.Group)
		if err != nil {
			return err
		}
		for _, other := range others {
			if other.atCarrier() && other.Carrier.Name == t.Carrier.Name && other.Carrier.Ref != "" {
				t.Carrier.Ref = other.Carrier.Ref
				t.row.Users = append(slices.Clip(t.row.Users), refUser(t.Carrier.Name, t.Carrier.Ref))
				return nil
			}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, prepareTime)
	defer cancel()
	begin := time.Now()
	c := t.carrierCall(t.row.App, t.row.ID)
	c.State = carrier.Ringing
	ref, err := maker.Prepare(ctx, c)
	if err == nil && len(ref) > maxRef {
		err = fmt.Errorf("its name for the call has %d bytes", len(ref))
	}
	s.carrierDid(CarrierDeed{App: t.row.App, Carrier: t.Carrier.Name, Deed: "prepare", Took: time.Since(begin), Err: err})
	if err != nil {
		s.log.Error("a carrier did not prepare a call, which is not made", "call", t.row.ID, "carrier", t.Carrier.Name, "err", err)
		return problem(connect.CodeUnavailable, "carrier_unavailable", "try again; the server's log says more", nil, "%s did not prepare the call", t.Carrier.Name)
	}
	t.Carrier.Ref = ref
	if ref != "" {
		t.row.Users = append(slices.Clip(t.row.Users), refUser(t.Carrier.Name, ref))
	}
	t.prepared = true
	t.noteCarrier("", "prepared")
	return nil
}

// abandon ends at the carrier what was prepared for a call that did not come to be.
func (s *Server) abandon(ctx context.Context, t *turn, in *invitation) {
	if !t.prepared || in.id != "" { // a call of the same id, which somebody else made meanwhile, has the same room
		return
	}
	c := t.carrierCall(t.row.App, t.row.ID)
	c.State = carrier.Ended
	j, err := s.carrierJob(carrierJob{Do: "end", Call: c}, t.Carrier.Name)
	if err == nil {
		err = s.store.PutJobs(context.WithoutCancel(ctx), []store.Job{j})
	}
	if err != nil {
		s.log.Warn("what a carrier prepared for a call that was not made may be left there", "call", t.row.ID, "err", err)
		return
	}
	s.told([]store.Job{j})
}

// contractors do the jobs for carriers, one for each.
type contractors struct {
	s    *Server
	mu   sync.Mutex
	all  map[string]*contractor // by kind of job
	apps *map[string]App        // that all was made of
}

type contractor struct {
	bell chan struct{}
	stop context.CancelFunc
}

// wake rings for whoever does the job.
func (c *contractors) wake(j store.Job) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if one := c.all[j.Kind]; one != nil {
		select {
		case one.bell <- struct{}{}:
		default:
		}
	}
}

// run keeps a contractor for each carrier until ctx ends.
func (c *contractors) run(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	tick := time.NewTicker(c.s.cfg.Tick * mailTick)
	defer tick.Stop()
	for {
		c.match(ctx, &all)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (c *contractors) match(ctx context.Context, all *sync.WaitGroup) {
	c.mu.Lock()
	defer c.mu.Unlock()
	apps := c.s.apps.Load()
	if apps == c.apps {
		return
	}
	c.apps = apps
	wanted := map[string]bool{}
	for id, a := range *apps {
		for _, by := range a.Carriers {
			kind := carrierJobKind(id, by.Name())
			wanted[kind] = true
			if by.Traits().PeerToPeer || c.all[kind] != nil {
				continue
			}
			mine, stop := context.WithCancel(ctx)
			one := &contractor{bell: make(chan struct{}, 1), stop: stop}
			c.all[kind] = one
			app, name := id, by.Name()
			all.Go(func() {
				r := &round{s: c.s, kind: kind, bell: one.bell, limit: func() int { return workers },
					lease: func() time.Duration { return 2*workTime + 5*time.Second },
					do:    func(ctx context.Context, j store.Job) did { return c.s.workFor(ctx, app, name, j) }}
				r.run(mine)
			})
		}
	}
	for kind, one := range c.all {
		if !wanted[kind] {
			one.stop()
			delete(c.all, kind)
		}
	}
}

// workFor does one job for a carrier.
func (s *Server) workFor(ctx context.Context, app, name string, j store.Job) did {
	var what carrierJob
	if err := json.Unmarshal(j.Payload, &what); err != nil {
		s.log.Error("a job for a carrier cannot be read", "job", j.ID, "err", err)
		return did{done: j.Payload} // it would be wrong for ever
	}
	by := s.carrier(app, name)
	if by == nil {
		return did{at: s.now().Add(slowest)} // its settings are gone, and may come back
	}
	trying, cancel := context.WithTimeout(ctx, workTime)
	defer cancel()
	begin := time.Now()
	note, err := s.askFor(trying, by, what)
	if err != nil && ctx.Err() != nil {
		return did{back: true} // this node is stopping: the next one needs not wait for the lease
	}
	late := s.now().Sub(what.At) >= endFor
	if what.Do == "dial" {
		late = !s.now().Before(what.Call.Deadline)
	}
	s.carrierDid(CarrierDeed{App: app, Carrier: name, Deed: what.Do, Took: time.Since(begin), Err: err, GaveUp: err != nil && late})
	keep, cancelKeep := context.WithTimeout(context.WithoutCancel(ctx), commitTime)
	defer cancelKeep()
	switch {
	case err == nil:
	case late:
		s.log.Error("a carrier did not do what it was asked for, which is given up: look at the account, something may cost money there",
			"call", what.Call.ID, "carrier", name, "what", what.Do, "ref", what.Call.Ref, "refs", what.Call.Refs, "err", err)
		note = "did not " + what.Do + " the call, given up"
	default:
		at := s.now().Add(workDelay(j.Tries))
		s.log.Warn("a carrier did not do what it was asked for", "call", what.Call.ID, "carrier", name, "what", what.Do, "tries", j.Tries+1, "next", at, "err", err)
		if err := ignoreGone(s.store.Retry(keep, j.ID, at)); err != nil {
			s.report(ctx, "keeping a job for a carrier failed", err, "job", j.ID)
		}
		return did{at: at}
	}
	if note != "" {
		entry := store.LedgerEntry{CallID: what.Call.ID, Stage: int32(v1.Stage_STAGE_CARRIER), At: s.now(), Detail: name + ": " + note}
		if err := s.store.AppendLedger(keep, []store.LedgerEntry{entry}); err != nil {
			s.report(ctx, "writing the ledger failed", err, "call", what.Call.ID)
		}
	}
	return did{done: j.Payload}
}

// workDelay is how long to wait after that many failures: 0.5 s and then twice as long each time, up to [slowest].
func workDelay(failed int) time.Duration {
	d := 500 * time.Millisecond << min(failed, 16)
	return time.Duration(float64(min(d, slowest)) * (0.8 + 0.4*rand.Float64()))
}

// askFor asks the carrier, and returns what is worth a line in the ledger.
func (s *Server) askFor(ctx context.Context, by carrier.Carrier, j carrierJob) (note string, err error) {
	defer func() {
		if what := recover(); what != nil {
			s.log.Error("a carrier panicked", "carrier", by.Name(), "panic", what, "stack", stack())
			err = fmt.Errorf("the carrier panicked: %v", what)
		}
	}()
	switch j.Do {
	case "end":
		if j.Call.Group != "" && by.Traits().Rooms {
			others, err := s.callsOfGroup(ctx, j.Call.App, j.Call.Group)
			if err != nil {
				return "", err
			}
			if len(others) > 0 {
				return "", nil // the room is theirs; the last of them ends it
			}
		}
		if err := by.End(ctx, j.Call); err != nil {
			return "", err
		}
		return "told of the end", nil
	case "dial":
		return s.dial(ctx, by, j.Call)
	}
	return "", nil
}

// dial lets a carrier call a telephone, if the call still rings.
func (s *Server) dial(ctx context.Context, by carrier.Carrier, c carrier.Call) (string, error) {
	dialer, ok := by.(carrier.Dialer)
	if !ok {
		return "", nil
	}
	row, err := s.store.Call(ctx, c.ID)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if t, err := s.turn(row); err != nil || t.Fork.State != fork.Ringing {
		return "", err
	}
	ref, err := dialer.Dial(ctx, c)
	if err != nil {
		return "", err
	}
	_, err = s.change(ctx, c.ID, func(t *turn) error {
		if t.Carrier == nil || len(ref) > maxRef || t.Carrier.Ref == ref {
			return nil
		}
		t.Carrier.Ref, t.changed = ref, true
		t.row.Users = append(slices.Clip(t.row.Users), refUser(t.Carrier.Name, ref))
		t.endAgain = t.Fork.State == fork.Ended // it ended while the telephone was called
		t.noteCarrier(t.Callee.User, "calls the telephone")
		return nil
	})
	if connect.CodeOf(err) == connect.CodeNotFound && err != nil {
		return "", nil
	}
	return "", err
}

// isCarrierJob reports whether a contractor does it.
func isCarrierJob(kind string) bool { return strings.HasPrefix(kind, carrierKind) }
