package server

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/ringtrip/ringtrip/fork"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

// Who is in a group can only be read after the commit that changes it: of two changes at once, at least one sees the other
// then. So the events of a group can't be part of that commit. A job is: this node tells the group at once and forgets the
// job, and if it dies in between, another one does.

const (
	// groupKind is the kind of jobs that tell a group what became of a member.
	groupKind = "group"
	// newsLease is for how long the telling is left to the node that committed.
	newsLease = 2 * commitTime
	// newsWorkers is how many of those that nodes left are told at once.
	newsWorkers = 4
	// maxTold bounds the jobs that are done and not yet forgotten.
	maxTold = 256
)

// news is who changed in a group. Whoever tells it late tells what is true then.
type news struct {
	App   string `json:"app"`
	Group string `json:"group"`
	User  string `json:"user"`
}

// changesCallee reports whether the turn makes its callee another member of the group: one that rings, is in it, or is not.
func (t *turn) changesCallee() bool {
	return t.before.State != t.Fork.State || t.before.Winner != t.Fork.Winner
}

// groupJob is the job that goes with a turn which changes who is in the call's group; nil if it does not.
func (t *turn) groupJob() ([]store.Job, error) {
	t.news = ""
	who := t.Callee.User
	switch {
	case t.Group == "":
		return nil, nil
	case t.changesCallee():
	case t.Fork.Alone && !t.before.Alone:
		who = t.Caller.User
	default:
		return nil, nil
	}
	text, err := json.Marshal(news{App: t.row.App, Group: t.Group, User: who})
	if err != nil {
		return nil, fmt.Errorf("writing what a group is told of call %s: %w", t.row.ID, err)
	}
	t.news = fmt.Sprintf("%s.g%d", t.row.ID, t.row.Rev+1) // of this commit alone: the one before may still be told
	return []store.Job{{ID: t.news, CallID: t.row.ID, Kind: groupKind, Payload: text, LeasedUntil: t.now.Add(newsLease)}}, nil
}

// groupChanged tells those in the group what a commit of one of its calls made of that call's callee.
func (s *Server) groupChanged(ctx context.Context, t *turn) {
	if !t.changesCallee() {
		return
	}
	m, knows := s.member(t), ""
	if t.Fork.State == fork.Ringing {
		knows = t.CallerDevice.ID
	}
	s.tellNow(ctx, t, m, orElse(m.DeviceId, knows), t.news)
}

// callerLeft tells those in the group of t that its caller has left. jobs are those of all calls that it had there.
func (s *Server) callerLeft(ctx context.Context, t *turn, device string, jobs []string) {
	m := &v1.Member{User: party(t.Caller), State: v1.CallState_CALL_STATE_ENDED, Reason: v1.EndReason_END_REASON_HUNGUP}
	s.tellNow(ctx, t, m, device, jobs...)
}

// tellNow tells the group of t of a member, all but one device, and forgets the jobs that would do it later.
func (s *Server) tellNow(ctx context.Context, t *turn, m *v1.Member, but string, jobs ...string) {
	calls, err := s.callsOfGroup(ctx, t.row.App, t.Group)
	if err == nil {
		err = s.tellGroup(ctx, t.row.App, t.Group, calls, m, but)
	}
	if err != nil {
		s.log.Error("telling a group failed, and is tried again", "group", t.Group, "in", newsLease, "err", err)
		return
	}
	for _, id := range jobs {
		select {
		case s.newsTold <- id:
		default: // it is told again, which is harmless
		}
	}
}

// tellGroup tells the devices in a group, whose calls those are, about a member, all but one.
func (s *Server) tellGroup(ctx context.Context, app, group string, calls []*turn, m *v1.Member, but string) error {
	payload, err := proto.Marshal(&v1.EventsResponse{Event: &v1.EventsResponse_Group{Group: &v1.GroupChanged{Group: group, Member: m}}})
	if err != nil {
		return fmt.Errorf("writing an event of a group: %w", err)
	}
	var events []store.Event
	var nodes []string
	tell := func(c *turn, device string) {
		if device != but && !slices.ContainsFunc(events, func(e store.Event) bool { return e.Device == device }) {
			events = append(events, store.Event{App: app, Device: device, CallID: c.row.ID, Payload: payload, At: c.now})
			nodes = append(nodes, c.nodeOf(device))
		}
	}
	for _, c := range calls {
		if !c.Fork.Alone {
			tell(c, c.CallerDevice.ID)
		}
		if c.Fork.State == fork.Answered {
			tell(c, c.Legs[c.Fork.Winner].ID)
		}
	}
	if len(events) == 0 {
		return nil
	}
	seqs, err := s.store.PutEvents(ctx, events)
	if err != nil {
		return err
	}
	for i, e := range events {
		e.Seq = seqs[i]
		s.pass(e, nil, nodes[i])
	}
	return nil
}

// runNews forgets the jobs of what was told, and tells what nodes left that are gone, until ctx ends.
func (s *Server) runNews(ctx context.Context) {
	var late sync.WaitGroup
	defer late.Wait()
	late.Go(func() {
		r := &round{s: s, kind: groupKind, limit: func() int { return newsWorkers },
			lease: func() time.Duration { return newsLease }, do: s.tellLate}
		r.run(ctx)
	})
	for {
		select {
		case id := <-s.newsTold:
			s.forgetNews(ctx, id)
		case <-ctx.Done():
			for len(s.newsTold) > 0 { // nobody else takes from it
				s.forgetNews(ctx, <-s.newsTold)
			}
			return
		}
	}
}

// forgetNews forgets a job whose news was told, with those that wait beside it.
func (s *Server) forgetNews(ctx context.Context, id string) {
	ids := []string{id}
	for len(s.newsTold) > 0 {
		ids = append(ids, <-s.newsTold)
	}
	keep, cancel := context.WithTimeout(store.Later(context.WithoutCancel(ctx)), commitTime)
	defer cancel()
	if err := s.store.Done(keep, ids...); err != nil {
		s.report(ctx, "forgetting what a group was told failed: it is told again", err, "jobs", ids)
	}
}

// tellLate does a job that a node left: it tells the group what the member is now.
func (s *Server) tellLate(ctx context.Context, j store.Job) did {
	var n news
	if err := json.Unmarshal(j.Payload, &n); err != nil {
		s.log.Error("what a group is to be told cannot be read", "job", j.ID, "err", err)
		return did{done: j.Payload} // it would be wrong for ever
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTime)
	defer cancel()
	calls, err := s.callsOfGroup(ctx, n.App, n.Group)
	if err != nil {
		s.report(ctx, "telling a group failed", err, "job", j.ID) // its lease runs out
		return did{}
	}
	all, err := s.members(ctx, n.App, calls)
	i := slices.IndexFunc(all, func(m *v1.Member) bool { return m.User.UserId == n.User })
	if err == nil && i >= 0 { // else the group is over
		err = s.tellGroup(ctx, n.App, n.Group, calls, all[i], all[i].DeviceId)
	}
	if err != nil {
		s.report(ctx, "telling a group failed", err, "job", j.ID)
		return did{}
	}
	return did{done: j.Payload}
}
