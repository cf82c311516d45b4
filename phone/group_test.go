package phone

import (
	"errors"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// part is the server's word on one call of a group that we began, which is number 200.
func (r *rig) part(n byte, callee string, state v1.CallState) *v1.Call {
	c := by(r.ours(n, state), "room")
	c.Group, c.MediaRoom, c.Callee.UserId = id(200).String(), id(200).String(), callee
	if state == v1.CallState_CALL_STATE_ANSWERED {
		c.AnsweredBy, c.AnsweredAt = callee+"-1", timestamppb.New(r.now())
	}
	return c
}

func (r *rig) partOver(n byte, callee string, why call.Reason, answered bool) *v1.Call {
	c := r.part(n, callee, v1.CallState_CALL_STATE_ENDED)
	c.Reason, c.EndedAt = v1.EndReason(why), timestamppb.New(r.now())
	if answered {
		c.AnsweredAt = timestamppb.New(r.now().Add(-time.Second))
	}
	return c
}

const (
	ringing  = v1.CallState_CALL_STATE_RINGING
	answered = v1.CallState_CALL_STATE_ANSWERED
)

// startedWith is the server's answer to the start of a group.
func startedWith(all ...*v1.Started) signaling.Result {
	res := &v1.StartResponse{Calls: all, NextCallId: id(201).String()}
	for _, s := range all {
		if s.Call != nil && res.Call == nil {
			res.Call = s.Call
		}
	}
	return signaling.Result{Answer: res, Call: res.Call, NextCallID: res.NextCallId}
}

// gatherAll begins a group with bob (200), carol (101) and dave (102), who ring, with the log empty.
func (r *rig) gatherAll() {
	r.t.Helper()
	r.hello()
	got, err := r.p.StartGroup(GroupRequest{Callees: []string{"bob", "carol", "dave"}, Name: "The team"})
	if err != nil || got != id(200) {
		r.t.Fatal(got, err)
	}
	r.s.run()
	r.want("request start c200", "category PlayAndRecord VoiceChat", "send start bob carol dave", "fulfill start c200", "connecting c200", "updated c200 holding=true")
	r.activate(true)
	r.reply("StartRequest", startedWith(&v1.Started{Callee: "bob", Call: r.part(200, "bob", ringing)},
		&v1.Started{Callee: "carol", Call: r.part(101, "carol", ringing)}, &v1.Started{Callee: "dave", Call: r.part(102, "dave", ringing)}))
	r.wantState(200, call.Dialing, call.NotEnded)
	if n := len(r.p.Calls()); n != 1 {
		r.t.Fatalf("there are %d calls, want one", n)
	}
	r.s.take()
}

// A group that was begun here is one call for the system and one session in the carrier's room, whoever comes and goes.
func TestGroupIsOneCall(t *testing.T) {
	r, f := newCarried(t)
	r.gatherAll()
	if len(f.all) != 1 || f.all[0].cfg.Group != id(200).String() {
		t.Fatalf("sessions: %+v", f.all)
	}
	f.all[0].cfg.Notify(media.Event{Kind: media.Connected})
	r.s.run()
	c := r.part(101, "carol", ringing)
	c.Ringing = true
	r.tell(c)
	r.wantState(200, call.Alerting, call.NotEnded)
	r.tell(r.partOver(200, "bob", call.Declined, false)) // the first of them, whose id is the group's
	r.wantState(200, call.Alerting, call.NotEnded)
	r.tell(r.part(101, "carol", answered))
	r.wantState(200, call.Connected, call.NotEnded)
	r.want("connected c200")
	if got := r.p.Calls()[0]; got.GroupCall != id(200).String() || got.Name != "The team" || !got.AudioRunning {
		t.Errorf("the app is shown %+v", got)
	}

	r.hold(200, true)
	r.want("fulfill hold c200", "send hold true")
	r.tell(r.part(102, "dave", answered)) // he comes while we are on hold, and is told so
	r.want("send hold true")
	held := r.part(102, "dave", answered)
	held.Held, held.RemoteHeld = true, true
	r.tell(held)
	if r.p.Calls()[0].RemoteHeld {
		t.Error("one of two holds, and the group is shown as held")
	}
	r.hold(200, false)
	r.want("fulfill hold c200", "send hold false", "send hold false")

	r.tell(r.partOver(101, "carol", call.HungUp, true))
	r.wantState(200, call.Connected, call.NotEnded)
	if got, err := r.p.Start(StartRequest{Callee: "eve", Group: id(200).String()}); got != id(200) || err != nil {
		t.Fatal(got, err)
	}
	r.s.run()
	r.want("send start eve into the group")
	r.reply("StartRequest", startedWith(&v1.Started{Callee: "eve", Call: r.part(103, "eve", ringing)}))
	r.tell(r.partOver(102, "dave", call.HungUp, true))
	r.wantState(200, call.Connected, call.NotEnded) // eve still rings
	r.tell(r.partOver(103, "eve", call.Unanswered, false))
	r.wantState(200, call.Ended, call.HungUp) // as the last of those who were in it
	r.want("ended c200 2")
	if len(f.all) != 1 || !f.all[0].closed || r.relayed() {
		t.Errorf("sessions: %+v", f.all)
	}
	if calls := r.p.Calls(); len(calls) != 1 {
		t.Errorf("calls: %+v", calls)
	}
}

// Those whom this phone called have left, and somebody who joined is still there: the call goes on, by one that joins.
func TestGroupGoesOnWithOthers(t *testing.T) {
	for name, lets := range map[string]bool{"the server lets it in": true, "the group is over": false} {
		t.Run(name, func(t *testing.T) {
			r, f := newCarried(t)
			r.gatherAll()
			f.all[0].cfg.Notify(media.Event{Kind: media.Connected})
			r.tell(r.part(101, "carol", answered))
			for user, n := range map[string]byte{"carol": 101, "eve": 150, "dave": 102, "bob": 200} {
				state := answered
				if n == 102 || n == 200 {
					state = v1.CallState_CALL_STATE_ENDED
				}
				r.conn.Handler.(signaling.GroupHandler).Group(&v1.GroupChanged{Group: id(200).String(), Member: &v1.Member{
					User: &v1.Party{UserId: user}, State: state, CallId: id(n).String(),
				}})
			}
			r.tell(r.partOver(200, "bob", call.Declined, false))
			r.tell(r.partOver(102, "dave", call.Unanswered, false))
			r.s.take()
			r.tell(r.partOver(101, "carol", call.HungUp, true))
			r.want("send join")
			r.wantState(200, call.Connected, call.NotEnded)
			if !lets {
				r.reply("JoinGroupRequest", signaling.Result{Err: errors.New("no"), Problem: "group_over"})
				r.wantState(200, call.Ended, call.HungUp)
				r.want("ended c200 2")
				return
			}
			own := r.part(160, "dev", answered)
			own.Role, own.CallerDevice, own.AnsweredBy = v1.Role_ROLE_CALLEE, "", "dev"
			r.tell(own) // the stream is quicker than the answer
			r.reply("JoinGroupRequest", signaling.Result{Call: own, NextCallID: id(201).String()})
			r.hello(own)
			r.wantState(200, call.Connected, call.NotEnded)
			if got := r.p.Calls(); len(got) != 1 || !got[0].Outgoing || len(f.all) != 1 {
				t.Errorf("calls: %+v, %d sessions", got, len(f.all))
			}
			r.s.take()
			r.end(200)
			r.want("send leave", "fulfill end c200")
		})
	}
}

// Calls that are taken from this phone, or that it leaves, are no reason to stay with the others.
func TestGroupIsTaken(t *testing.T) {
	for _, why := range []call.Reason{call.ServerEnded, call.AnsweredElsewhere, call.HungUp} {
		r, _ := newCarried(t)
		r.gatherAll()
		r.tell(r.part(101, "carol", answered))
		r.conn.Handler.(signaling.GroupHandler).Group(&v1.GroupChanged{Group: id(200).String(), Member: &v1.Member{User: &v1.Party{UserId: "eve"}, State: answered, CallId: id(150).String()}})
		r.s.run()
		if why == call.HungUp {
			if err := r.p.LeaveGroup(id(200).String()); err != nil {
				t.Fatal(err)
			}
		}
		r.tell(r.partOver(200, "bob", call.Cancelled, false))
		r.tell(r.partOver(102, "dave", call.Cancelled, false))
		r.tell(r.partOver(101, "carol", why, true))
		r.wantState(200, call.Ended, why)
		if r.conn.count("JoinGroupRequest") != 0 {
			t.Errorf("%v: it stays", why)
		}
	}
}

// Who hangs up leaves: one request, and the others go on.
func TestGroupIsLeft(t *testing.T) {
	for name, answers := range map[string]bool{"while it rings": false, "while somebody is in it": true} {
		t.Run(name, func(t *testing.T) {
			r, f := newCarried(t)
			r.gatherAll()
			f.all[0].cfg.Notify(media.Event{Kind: media.Connected})
			r.s.run()
			why := call.Cancelled
			if answers {
				r.tell(r.part(102, "dave", answered))
				why = call.HungUp
				r.s.take()
			}
			r.end(200)
			r.want("send leave", "fulfill end c200")
			r.wantState(200, call.Ended, why)
			q := r.conn.last("LeaveGroupRequest").msg.(*v1.LeaveGroupRequest)
			if q.Group != id(200).String() || q.DeviceId != "dev" {
				t.Errorf("it left %v", q)
			}
			// The request is lost. The next Hello says that they are still there: it leaves again, once.
			r.reply("LeaveGroupRequest", signaling.Result{Err: errors.New("the network is gone")})
			state := ringing
			if answers {
				state = answered
			}
			r.s.take()
			r.hello(r.part(101, "carol", ringing), r.part(102, "dave", state))
			r.want("send leave")
			r.reply("LeaveGroupRequest", signaling.Result{})
			r.tell(r.partOver(102, "dave", call.HungUp, answers))
			r.hello()
			r.want()
		})
	}
}

// Nobody is reachable: the call waits for the server's whole answer, and ends with it.
func TestGroupOfNobody(t *testing.T) {
	var told []*v1.GroupChanged
	f := &sfu{}
	r := newRig(t, false, func(c *Config, _ *rig) {
		c.Media, c.OnGroup = f, func(g *v1.GroupChanged) { told = append(told, g) }
	})
	r.hello()
	if _, err := r.p.StartGroup(GroupRequest{Callees: []string{"bob", "nobody"}}); err != nil {
		t.Fatal(err)
	}
	r.s.run()
	over := r.partOver(200, "bob", call.Unreachable, false)
	r.tell(over)
	r.wantState(200, call.Dialing, call.NotEnded) // the next one may ring
	if got := r.p.Calls()[0]; got.Name != "bob, nobody" || got.Handle != (callkit.Handle{Type: callkit.Generic, Value: "group:bob,nobody"}) {
		t.Errorf("it is shown as %+v", got)
	}
	r.reply("StartRequest", startedWith(&v1.Started{Callee: "bob", Call: over}, &v1.Started{Callee: "nobody", Problem: "unknown_callee"}))
	r.wantState(200, call.Ended, call.Unreachable)
	if len(told) != 1 || told[0].Member.User.UserId != "nobody" || told[0].Member.State != v1.CallState_CALL_STATE_ENDED {
		t.Errorf("the app was told %v", told)
	}
}

// Without a carrier's room there is no sound for all: it is taken back.
func TestGroupWithoutARoom(t *testing.T) {
	for name, carrier := range map[string]string{"between devices": "", "at a carrier that joins two ends": "twilio"} {
		t.Run(name, func(t *testing.T) { groupWithoutARoom(t, carrier) })
	}
}

func groupWithoutARoom(t *testing.T, carrier string) {
	r, _ := newCarried(t)
	r.hello()
	if _, err := r.p.StartGroup(GroupRequest{Callees: []string{"bob", "carol"}}); err != nil {
		t.Fatal(err)
	}
	r.s.run()
	bare := func(n byte, callee string) *v1.Started {
		c := r.part(n, callee, ringing)
		c.Carrier, c.MediaRoom = carrier, ""
		return &v1.Started{Callee: callee, Call: c}
	}
	r.s.take()
	r.reply("StartRequest", startedWith(bare(200, "bob"), bare(101, "carol")))
	r.want("send leave", "ended c200 1")
	r.wantState(200, call.Ended, call.MediaFailed)
}

// The server refuses, or is never reached: then it hears of the end when it can be.
func TestGroupRefused(t *testing.T) {
	for _, one := range []struct {
		res  signaling.Result
		why  call.Reason
		says []string
	}{
		{signaling.Result{Err: errors.New("no"), Problem: "unknown_callee"}, call.ServerEnded, []string{"ended c200 2"}},
		{signaling.Result{Err: errors.New("the network is gone")}, call.Unreachable, []string{"send leave", "ended c200 1"}},
	} {
		r, _ := newCarried(t)
		r.hello()
		if _, err := r.p.StartGroup(GroupRequest{Callees: []string{"bob", "carol"}}); err != nil {
			t.Fatal(err)
		}
		r.s.run()
		r.s.take()
		r.reply("StartRequest", one.res)
		r.wantState(200, call.Ended, one.why)
		r.want(one.says...)
	}
}

// A Hello that knows some of the calls no more has them asked after, one by one; the others go on.
func TestGroupAfterANetworkLoss(t *testing.T) {
	r, _ := newCarried(t)
	r.gatherAll()
	r.tell(r.part(101, "carol", answered))
	r.s.take()
	r.hello(r.part(101, "carol", answered))
	r.want("send ack", "send ack") // bob's and dave's
	for _, q := range r.conn.sent[len(r.conn.sent)-2:] {
		if n := q.msg.(*v1.AckRequest).CallId; n != id(200).String() && n != id(102).String() {
			t.Errorf("it asks after %s", n)
		}
		q.answer(signaling.Result{Err: errors.New("unknown"), Problem: "unknown_call"})
	}
	r.s.run()
	r.wantState(200, call.Connecting, call.NotEnded)
	r.hello()
	r.reply("AckRequest", signaling.Result{Err: errors.New("unknown"), Problem: "unknown_call"})
	r.wantState(200, call.Ended, call.ServerEnded)
}

// The app dies in a group that it began: its next process leaves, with a journal and without.
func TestGroupAfterACrash(t *testing.T) {
	for name, journal := range map[string]*MemoryJournal{"with a journal": {}, "without": nil} {
		t.Run(name, func(t *testing.T) {
			f := &sfu{}
			set := func(c *Config, _ *rig) {
				c.Media = f
				if journal != nil {
					c.Journal = journal
				}
			}
			r := newRig(t, false, set)
			r.gatherAll()
			r.tell(r.part(101, "carol", answered))
			r.p.Close()
			r.s.take()
			r.boot(set)
			r.hello(r.part(101, "carol", answered), r.part(102, "dave", ringing))
			if n := r.conn.count("LeaveGroupRequest"); n != 1 || r.conn.count("EndRequest")+r.conn.count("CancelRequest") != 0 {
				t.Errorf("it left %d times: %v", n, r.s.take())
			}
			r.wantState(200, call.Ended, call.Crashed)
		})
	}
}

func TestGroupAsks(t *testing.T) {
	r, _ := newCarried(t)
	r.hello()
	for _, callees := range [][]string{nil, {"bob"}, {"bob", ""}, {"bob", "bob"}, slices.Repeat([]string{"x"}, 9)} {
		if _, err := r.p.StartGroup(GroupRequest{Callees: callees}); !errors.Is(err, ErrCallees) {
			t.Errorf("%q: %v", callees, err)
		}
	}
	r.gatherAll()
	r.tell(r.part(101, "carol", answered))
	if err := r.p.OfferMove(id(200), "other"); !errors.Is(err, ErrGroup) {
		t.Errorf("moved: %v", err)
	}
	if err := r.p.LeaveGroup(id(200).String()); err != nil || r.conn.count("LeaveGroupRequest") != 1 {
		t.Errorf("left: %v", err)
	}
	var failed error
	_, err := r.p.Start(StartRequest{Callee: "eve", Group: id(200).String(), Failed: func(err error) { failed = err }})
	r.s.run()
	r.reply("StartRequest", signaling.Result{Err: errors.New("no"), Problem: "already_in_group"})
	if err != nil || failed == nil {
		t.Errorf("eve was called in: %v, %v", err, failed)
	}
	r.wantState(200, call.Connecting, call.NotEnded)
	if got := calleesOf(groupHandle([]string{"a,b", "c d:", "group:"})); !slices.Equal(got, []string{"a,b", "c d:", "group:"}) {
		t.Errorf("a handle says %q", got)
	}
	for _, h := range []string{"", "bob", "group:", "group:bob", "group:bob,", "group:bob,bob", "group:%zz,b", "group:1,2,3,4,5,6,7,8,9"} {
		if got := calleesOf(h); got != nil {
			t.Errorf("%q says %q", h, got)
		}
	}
}

// A tap on the group in Recents calls all of them again.
func TestGroupFromRecents(t *testing.T) {
	r, _ := newCarried(t)
	r.hello()
	r.p.ContinueUserActivity(callkit.UserActivity{ActivityType: "INStartCallIntent", Intent: &callkit.StartCallIntent{
		Contacts: []callkit.Person{{Handle: callkit.Handle{Type: callkit.Generic, Value: "group:bob,carol"}}},
	}})
	r.s.run()
	if q := r.conn.last("StartRequest"); q == nil || !slices.Equal(q.msg.(*v1.StartRequest).Callees, []string{"bob", "carol"}) || q.msg.(*v1.StartRequest).Callee != "" {
		t.Fatalf("it asked for %v", q)
	}
	if got := r.p.Calls()[0]; got.Name != "bob, carol" {
		t.Errorf("it is shown as %+v", got)
	}
}

// What only asks is answered on the main queue: the credentials of a group are those of one of its calls that live.
func TestQuestions(t *testing.T) {
	r, _ := newCarried(t)
	r.gatherAll()
	r.tell(r.partOver(200, "bob", call.Declined, false))
	r.tell(r.part(101, "carol", answered))
	var got Credentials
	var refused error
	if err := r.p.Credentials(id(200), func(c Credentials, err error) { got, refused = c, err }); err != nil {
		t.Fatal(err)
	}
	if q := r.conn.last("GetCredentialsRequest").msg.(*v1.GetCredentialsRequest); q.CallId != id(101).String() || q.DeviceId != "dev" {
		t.Errorf("it asked for %v", q)
	}
	until := r.now().Add(time.Hour)
	r.reply("GetCredentialsRequest", signaling.Result{Answer: &v1.GetCredentialsResponse{Carrier: "room", MediaCredentials: []byte("{}"), MediaUntil: timestamppb.New(until)}})
	if got.Carrier != "room" || string(got.Data) != "{}" || !got.Until.Equal(until) || refused != nil {
		t.Errorf("the answer is %+v, %v", got, refused)
	}
	if err := r.p.Credentials(id(77), nil); !errors.Is(err, ErrNoCall) {
		t.Errorf("credentials of no call: %v", err)
	}
	var members []*v1.Member
	if err := r.p.Members(id(200).String(), func(m []*v1.Member, err error) { members, refused = m, err }); err != nil {
		t.Fatal(err)
	}
	r.reply("GetGroupRequest", signaling.Result{Answer: &v1.GetGroupResponse{Members: []*v1.Member{{CallId: "x"}}}})
	if len(members) != 1 || refused != nil {
		t.Errorf("members are %v, %v", members, refused)
	}
	var live []*v1.LiveCall
	if err := r.p.LiveCalls(func(all []*v1.LiveCall, err error) { live, refused = all, err }); err != nil {
		t.Fatal(err)
	}
	why := errors.New("no")
	r.reply("ListLiveRequest", signaling.Result{Err: why, Problem: "limited"})
	if as := (*Refusal)(nil); live != nil || !errors.As(refused, &as) || as.Problem != "limited" || !errors.Is(refused, why) {
		t.Errorf("live calls are %v, %v", live, refused)
	}
	if err := r.p.Members("", nil); !errors.Is(err, ErrNoCall) {
		t.Errorf("members of no group: %v", err)
	}
	r.p.Close()
	for _, err := range []error{r.p.Members("x", nil), r.p.LiveCalls(nil), r.p.Credentials(id(200), nil)} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
}

// Who was called into a group calls somebody more: that is no call of its own here, and whoever hangs up leaves by one request.
func TestGroupInvite(t *testing.T) {
	r, f := newCarried(t)
	r.push(r.payload(1), true)
	mine := func(state v1.CallState) *v1.Call {
		c := by(r.truth(1, state), "bob")
		c.Group = id(90).String()
		return c
	}
	r.reply("AckRequest", signaling.Result{Call: mine(ringing)})
	r.answer(1)
	r.reply("AnswerRequest", signaling.Result{Call: mine(answered)})
	f.all[0].cfg.Notify(media.Event{Kind: media.Connected})
	r.s.run()
	r.wantState(1, call.Connected, call.NotEnded)
	r.s.take()
	var told []error
	if err := r.p.Invite(id(90).String(), "eve", func(err error) { told = append(told, err) }); err != nil {
		t.Fatal(err)
	}
	r.want("send start eve into the group")
	guest := r.part(103, "eve", ringing)
	guest.Group = id(90).String()
	r.reply("StartRequest", startedWith(&v1.Started{Callee: "eve", Call: guest}))
	r.tell(guest)
	r.hello(mine(answered), guest)
	if n := len(r.p.Calls()); n != 1 || len(told) != 1 || told[0] != nil {
		t.Errorf("there are %d calls, and the app was told %v", n, told)
	}
	r.want()
	r.end(1)
	r.want("send leave", "fulfill end c1")
	for callee, want := range map[string]error{"": ErrNoCallee, "eve": ErrNoCall} {
		if err := r.p.Invite(id(90).String(), callee, nil); !errors.Is(err, want) {
			t.Errorf("%q was called into a group that was left: %v", callee, err)
		}
	}
}
