package server_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/server"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

func (p *phone) block(user string) error {
	_, err := p.api().Block(context.Background(), connect.NewRequest(&v1.BlockRequest{UserId: user}))
	return err
}

func (p *phone) unblock(user string) error {
	_, err := p.api().Unblock(context.Background(), connect.NewRequest(&v1.UnblockRequest{UserId: user}))
	return err
}

func (p *phone) blocked() []string {
	r, err := p.api().ListBlocked(context.Background(), connect.NewRequest(&v1.ListBlockedRequest{}))
	if err != nil {
		p.w.t.Fatal(err)
	}
	return r.Msg.UserIds
}

func (p *phone) history() []*v1.HistoryRecord {
	r, err := p.api().ListHistory(context.Background(), connect.NewRequest(&v1.ListHistoryRequest{}))
	if err != nil {
		p.w.t.Fatal(err)
	}
	return r.Msg.Records
}

// A blocked caller rings nobody, and is told what the app says.
func TestBlock(t *testing.T) {
	for told, want := range map[call.Reason]v1.EndReason{
		0: v1.EndReason_END_REASON_DECLINED, call.Unanswered: v1.EndReason_END_REASON_UNANSWERED, call.Blocked: v1.EndReason_END_REASON_BLOCKED,
	} {
		inBubble(t, app1(func(a *server.App) { a.BlockedAs = told }), func(t *testing.T, w *world) {
			a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(1))
			b.open(0, false)
			for range 2 { // it may be repeated
				if err := b.block("alice"); err != nil {
					t.Fatal(err)
				}
			}
			w.restart()
			sb := b.open(0, false)
			c := a.call("bob")
			if c.State != v1.CallState_CALL_STATE_ENDED || c.Reason != want || len(c.Legs) != 0 {
				t.Errorf("the caller is told %v, want %v", c, want)
			}
			if again := must(a.get(c.Id)); again.Reason != want {
				t.Errorf("asked again: %v", again)
			}
			w.wantPushes(t, "nobody")
			if n := len(sb.events); n != 0 {
				t.Errorf("bob's device hears %v", <-sb.events)
			}
			if h := a.history(); len(h) != 1 || h[0].Reason != want {
				t.Errorf("alice's history is %v", h)
			}
			if h := b.history(); len(h) != 1 || h[0].Reason != v1.EndReason_END_REASON_BLOCKED {
				t.Errorf("bob's history is %v", h)
			}
			// The other way is open, and so is this one when she is forgiven.
			if c := b.call("alice"); c.State != v1.CallState_CALL_STATE_RINGING {
				t.Errorf("bob calls: %v", c)
			}
			for range 2 {
				if err := b.unblock("alice"); err != nil {
					t.Fatal(err)
				}
			}
			if len(b.blocked()) != 0 {
				t.Errorf("blocked: %v", b.blocked())
			}
		})
	}
}

// A backend blocks in the name of a user; many devices change the list at once; there is an end to it.
func TestBlockList(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		b := w.phone("bob", "b1", voip(1))
		var all sync.WaitGroup
		var want []string
		for i := range 40 {
			id := fmt.Sprintf("user %02d", 39-i)
			want = append(want, id)
			all.Go(func() {
				if err := b.block(id); err != nil {
					t.Errorf("blocking %s: %v", id, err)
				}
			})
		}
		all.Wait()
		slices.Sort(want)
		if got := b.blocked(); !slices.Equal(got, want) {
			t.Errorf("blocked are %q, want %q", got, want)
		}
		wantProblem(t, "oneself", b.block("bob"), connect.CodeInvalidArgument, "invalid_argument")
		wantProblem(t, "nobody", b.block(""), connect.CodeInvalidArgument, "invalid_argument")
		wantProblem(t, "no text", b.unblock("a\x00b"), connect.CodeInvalidArgument, "invalid_argument")
		var err error
		for i := 0; err == nil && i < 2000; i++ {
			err = b.block(fmt.Sprintf("%0128d", i))
		}
		if slug := problemOf(err).GetCode(); !strings.HasPrefix(slug, "too_many_") {
			t.Errorf("the list may grow without end: %v", err)
		}
	})
}

func (p *phone) quiet(q *v1.QuietHours) error {
	_, err := p.api().SetQuietHours(context.Background(), connect.NewRequest(&v1.SetQuietHoursRequest{QuietHours: q}))
	return err
}

// In quiet hours nothing rings, both see it in their history, and those who may call do. The bubble begins on Saturday,
// 1 January 2000, 00:00 UTC.
func TestQuietHours(t *testing.T) {
	inBubble(t, func(c *server.Config) { c.Tick = 20 * time.Second }, func(t *testing.T, w *world) {
		a, c, b := w.phone("alice", "a1", ""), w.phone("carol", "c1", ""), w.phone("bob", "b1", voip(1))
		night := &v1.QuietHours{On: true, TimeZone: "Europe/Berlin", Spans: []*v1.QuietSpan{{Days: []int32{5}, From: "22:00", To: "07:00"}}, ExceptCallers: []string{"carol"}}
		if err := b.quiet(night); err != nil {
			t.Fatal(err)
		}
		got := a.call("bob")
		if got.Reason != v1.EndReason_END_REASON_DO_NOT_DISTURB || got.State != v1.CallState_CALL_STATE_ENDED {
			t.Errorf("at 01:00 in Berlin, alice is told %v", got)
		}
		w.wantPushes(t, "nobody")
		for _, p := range []*phone{a, b} {
			if h := p.history(); len(h) != 1 || h[0].Reason != v1.EndReason_END_REASON_DO_NOT_DISTURB || h[0].CallId != got.Id {
				t.Errorf("%s's history: %v", p.user, h)
			}
		}
		id := c.call("bob").Id
		w.wantPushes(t, "for carol", voip(1))
		must(c.cancel(id))
		r, err := b.api().GetQuietHours(context.Background(), connect.NewRequest(&v1.GetQuietHoursRequest{}))
		if err != nil || !r.Msg.QuietNow || r.Msg.QuietHours.Spans[0].To != "07:00" || !slices.Equal(r.Msg.QuietHours.Spans[0].Days, []int32{5}) {
			t.Errorf("they are %v, %v", r, err)
		}
		night.On = false
		if err := b.quiet(night); err != nil {
			t.Fatal(err)
		}
		id = a.call("bob").Id
		w.wantPushes(t, "when they are off", voip(1))
		must(a.cancel(id))
		night.On = true
		if err := b.quiet(night); err != nil {
			t.Fatal(err)
		}
		time.Sleep(6*time.Hour + time.Second)
		a.token = token("alice")
		a.call("bob")
		w.wantPushes(t, "in the morning", voip(1))
	})
}

func TestBadQuietHours(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		b := w.phone("bob", "b1", voip(1))
		span := func(from, to string, days ...int32) *v1.QuietHours {
			return &v1.QuietHours{TimeZone: "UTC", Spans: []*v1.QuietSpan{{From: from, To: to, Days: days}}}
		}
		for _, q := range []*v1.QuietHours{
			{}, {TimeZone: "Mars/Olympus"}, {TimeZone: "Local"}, {TimeZone: "../../etc/passwd"}, {TimeZone: "UTC", Spans: make([]*v1.QuietSpan, 33)},
			{TimeZone: "UTC", ExceptCallers: make([]string, 101)}, {TimeZone: "UTC", ExceptCallers: []string{""}}, {TimeZone: "UTC", Spans: []*v1.QuietSpan{nil}},
			span("22:00", "22:00"), span("24:00", "07:00"), span("2:00", "07:00"), span("22:60", "07:00"), span("24:01", "07:00"), span("-1:00", "07:00"),
			span("22:00", "07:00", 0), span("22:00", "07:00", 8), span("22:00", "07:00", -1), span("٢٢:00", "07:00"),
		} {
			wantProblem(t, q.String(), b.quiet(q), connect.CodeInvalidArgument, "invalid_argument")
		}
		if err := b.quiet(span("00:00", "24:00", 1, 7)); err != nil {
			t.Error(err)
		}
		if err := b.quiet(nil); err != nil {
			t.Error(err)
		}
	})
}
