package server

import (
	"context"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

const (
	// pace is how long a round collects before it asks the store for another commit: a commit costs the same for one job and
	// for many. The first after a rest goes at once.
	pace = 5 * time.Millisecond
	// manyJobs is how many jobs are enough for a commit, and the most that one carries: calls wait behind it.
	manyJobs = 64
	// maxAhead bounds how many jobs are claimed before there is somebody to do them, so that commits are shared when doing
	// is quick.
	maxAhead = 192
	// maxUnkept bounds the jobs that are done and not yet kept as done: so many a crash may have done twice.
	maxUnkept = 512
	// While requests come, a round does no more than gently jobs a stride: hundreds at once would stand before each step of a
	// request in the queue for a processor.
	gently = 2
	stride = time.Millisecond
	// lately is how long after a request a round still goes gently.
	lately = 100 * time.Millisecond
	// maxHeld is for how long rings may hold a round up.
	maxHeld = time.Second
)

// did is what came of a job.
type did struct {
	job  store.Job
	done []byte    // what is to be taken off its front; nil: nothing
	back bool      // the node is stopping: somebody else may have it at once
	at   time.Time // when it has to be looked at again; zero: not by this round
	took time.Duration
}

// round is a loop that claims jobs of a kind and does them, a bounded number at once. What is claimed and what is done goes
// to the store many at a time, and never before a ring: see [store.Later].
type round struct {
	s     *Server
	kind  string
	bell  chan struct{}
	limit func() int
	lease func() time.Duration
	// do does a job, or the first of what is in it.
	do func(context.Context, store.Job) did
	// deaf says that the bell is not listened to just now; nil: it always is.
	deaf func() bool
	// steady says that jobs may be claimed ahead; nil: never.
	steady func() bool
}

// shift is a round at work. All of it belongs to one goroutine.
type shift struct {
	*round
	ctx   context.Context // of what is done
	store context.Context // of what is kept, and it may wait

	more, rang bool      // there may be something to claim; the bell rang since the last claim began
	again      time.Time // when there may be
	queue      []store.Job
	busy       int
	took       time.Duration // what one job takes, on average
	unkept     []did

	done              chan did
	claimed           chan claimed
	kept              chan kept
	claiming, keeping bool
	lastClaim         time.Time
	lastKeep          time.Time
	moment            time.Time // when gentle began to count
	started           int       // since then
	held              time.Time // since when rings hold it up; zero: they don't
}

type claimed struct {
	jobs  []store.Job
	asked int
	err   error
}

type kept struct {
	did []did
	now []store.Stepped
	err error
}

func (r *round) run(ctx context.Context) {
	s := &shift{round: r, ctx: ctx, store: store.Later(context.WithoutCancel(ctx)), more: true,
		done: make(chan did), claimed: make(chan claimed), kept: make(chan kept)}
	for ctx.Err() == nil || s.busy > 0 || s.claiming || s.keeping || len(s.queue) > 0 || len(s.unkept) > 0 {
		s.step()
	}
}

// step starts what can be started, and waits for something to happen.
func (s *shift) step() {
	stopping := s.ctx.Err() != nil
	if stopping || s.s.Draining() {
		s.handBack()
	}
	soon := time.Hour
	for len(s.queue) > 0 && s.busy < s.limit() && len(s.unkept) < maxUnkept {
		if soon = s.gentle(); soon < time.Hour {
			break
		}
		j := s.queue[0]
		s.queue = s.queue[1:]
		if j.LeasedUntil.Sub(s.s.now()) < s.lease()/2 { // it waited for so long that another node might get it meanwhile
			s.finished(did{job: j, at: j.LeasedUntil})
			continue
		}
		s.start(j)
	}
	wait := s.s.cfg.Tick * mailTick
	if !s.again.IsZero() {
		wait = min(wait, max(s.again.Sub(s.s.now()), 0))
	}
	wait = min(wait, soon, s.keep(stopping), s.claim(stopping))
	timer := time.NewTimer(wait)
	defer timer.Stop()
	stop := s.ctx.Done()
	if stopping {
		stop = nil
	}
	select {
	case <-stop:
	case <-s.bell:
		s.rang = true
		s.more = s.more || s.deaf == nil || !s.deaf()
	case d := <-s.done:
		s.busy--
		s.finished(d)
	case c := <-s.claimed:
		s.take(c)
	case k := <-s.kept:
		s.settle(k)
	case now := <-timer.C:
		if at := s.again; !at.IsZero() && !s.s.now().Before(at) || now.Sub(s.lastClaim) >= s.s.cfg.Tick*mailTick {
			s.more, s.again = true, time.Time{}
		}
	}
}

// gentle returns how long to wait before another job is started; an hour: it may be started now.
func (s *shift) gentle() time.Duration {
	now := time.Now()
	if now.Sub(time.Unix(0, s.s.asked.Load())) > lately {
		return time.Hour
	}
	if now.Sub(s.moment) >= stride {
		s.moment, s.started = now, 0
	}
	if s.started >= gently {
		return stride - now.Sub(s.moment)
	}
	s.started++
	return time.Hour
}

// start does a job on a goroutine of its own.
func (s *shift) start(j store.Job) {
	s.busy++
	began := time.Now()
	go func() {
		d := s.do(s.ctx, j)
		d.job, d.took = j, time.Since(began)
		s.done <- d
	}()
}

// finished takes one that is done down to be kept as done.
func (s *shift) finished(d did) {
	if !d.at.IsZero() && (s.again.IsZero() || d.at.Before(s.again)) {
		s.again = d.at
	}
	if d.done == nil && !d.back {
		s.s.work.add(-1)
		return
	}
	if d.done != nil {
		if s.took == 0 {
			s.took = d.took
		}
		s.took += (d.took - s.took) / 8
	}
	s.unkept = append(s.unkept, d)
}

// handBack gives up what was claimed and not begun. What was tried before would lose count of it: its lease runs out.
func (s *shift) handBack() {
	for _, j := range s.queue {
		s.finished(did{job: j, back: j.Tries == 0})
	}
	s.queue = nil
}

// ahead is how many jobs may be claimed beyond those that can be done at once: what takes a second.
func (s *shift) ahead() int {
	if s.steady == nil || !s.steady() || s.took == 0 {
		return 0
	}
	return min(maxAhead, s.limit()*int(time.Second/max(s.took, time.Millisecond)))
}

// claim asks for jobs if that is worth a commit. It returns when to look again.
func (s *shift) claim(stopping bool) time.Duration {
	room := s.limit() + s.ahead() - s.busy - len(s.queue)
	if !s.more || s.claiming || stopping || s.s.Draining() || room <= 0 || len(s.unkept) >= maxUnkept {
		return time.Hour
	}
	n := min(room, manyJobs)
	if wait := pace - time.Since(s.lastClaim); wait > 0 && n < min(manyJobs, (s.limit()+s.ahead())/2) {
		return wait
	}
	if s.ringsFirst() {
		return pace
	}
	s.claiming, s.rang, s.lastClaim = true, false, time.Now()
	go func() {
		jobs, err := s.s.store.Claim(store.Later(s.ctx), s.kind, s.s.now(), n, s.lease())
		s.claimed <- claimed{jobs, n, err}
	}()
	return time.Hour
}

func (s *shift) take(c claimed) {
	s.claiming = false
	if c.err != nil {
		s.s.report(s.ctx, "claiming jobs failed", c.err, "kind", s.kind)
	}
	s.s.work.add(len(c.jobs))
	s.queue = append(s.queue, c.jobs...)
	s.more = c.err == nil && (len(c.jobs) == c.asked || s.rang && (s.deaf == nil || !s.deaf()))
}

// keep stores what was done if that is worth a commit. It returns when to look again.
func (s *shift) keep(stopping bool) time.Duration {
	if len(s.unkept) == 0 || s.keeping {
		return time.Hour
	}
	if !stopping {
		if wait := pace - time.Since(s.lastKeep); wait > 0 && len(s.unkept) < manyJobs {
			return wait
		}
		if s.ringsFirst() {
			return pace
		}
	}
	n := min(len(s.unkept), manyJobs)
	batch := s.unkept[:n:n]
	s.unkept = s.unkept[n:]
	now := s.s.now()
	steps := make([]store.Step, n)
	for i, d := range batch {
		steps[i] = store.Step{ID: d.job.ID, Done: d.done, At: now}
		if !d.back && !stopping {
			steps[i].At = now.Add(s.lease())
		}
	}
	s.keeping, s.lastKeep = true, time.Now()
	go func() {
		ctx, cancel := context.WithTimeout(s.store, commitTime)
		defer cancel()
		k := kept{did: batch}
		k.now, k.err = s.s.store.AdvanceAll(ctx, steps)
		s.kept <- k
	}()
	return time.Hour
}

// settle goes on with what is left of jobs.
func (s *shift) settle(k kept) {
	s.keeping = false
	if k.err != nil {
		s.s.report(s.ctx, "keeping what was done failed: it is done again", k.err, "kind", s.kind) // the leases run out
	}
	for i := range k.did {
		// An error of one says that another node has taken it over, for this one was too slow.
		if k.err == nil && k.now[i].Err == nil && len(k.now[i].Job.Payload) > 0 && !k.did[i].back && s.ctx.Err() == nil {
			s.queue = append(s.queue, k.now[i].Job)
			continue
		}
		s.s.work.add(-1)
	}
}

// ringsFirst reports whether pushes wait for somebody to send them: then this round waits, for a while.
func (s *shift) ringsFirst() bool {
	if len(s.s.pushes) == 0 {
		s.held = time.Time{}
		return false
	}
	if s.held.IsZero() {
		s.held = time.Now()
	}
	return time.Since(s.held) < maxHeld
}
