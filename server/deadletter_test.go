package server_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/server/webhook"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// What nobody takes for three days is a dead letter, which is listed, replayed, and taken then.
func TestDeadWebhooks(t *testing.T) {
	hooked(t, []string{"all"}, lazy, func(t *testing.T, w *world, b map[string]*backend) {
		synctest.Wait()
		ctx := context.Background()
		a := w.phone("alice", "a1", "")
		w.phone("bob", "b1", voip(2))
		time.Sleep(10 * time.Minute)
		b["all"].will(func(webhook.Event, int) (int, http.Header) { return 500, nil })
		id := a.call("bob").Id
		synctest.Wait()
		if _, err := a.cancel(id); err != nil {
			t.Fatal(err)
		}
		began := b["all"].tries()
		time.Sleep(60 * time.Hour)
		if n := b["all"].tries() - began; n < 10 || n > 20 {
			t.Errorf("%d attempts in 60 hours", n)
		}
		list, err := w.ops().ListWebhooks(ctx, connect.NewRequest(&v1.ListWebhooksRequest{}))
		if err != nil || len(list.Msg.Endpoints) != 1 || list.Msg.Endpoints[0].Waiting != 1 || list.Msg.Endpoints[0].Failing < 10 {
			t.Errorf("the endpoints are %v, %v", list, err)
		}
		time.Sleep(30 * time.Hour)
		dead := w.dead()
		var types []string
		for _, d := range dead {
			types = append(types, d.Type)
			if d.Status != 500 || d.Endpoint != "all" || !strings.Contains(d.Body, id) || d.Detail == "" {
				t.Errorf("a dead letter is %v", d)
			}
		}
		want := []string{"call.started", "leg.pushed", "leg.ended", "call.ended", "call.missed"}
		if !slices.Equal(types, want) {
			t.Fatalf("dead are %q, want %q", types, want)
		}
		b["all"].will(nil)
		if r, err := w.ops().TestWebhook(ctx, connect.NewRequest(&v1.TestWebhookRequest{Endpoint: "all"})); err != nil || !r.Msg.Taken || r.Msg.Status != 204 {
			t.Errorf("the test was %v, %v", r, err)
		}
		if r, err := w.ops().ReplayWebhooks(ctx, connect.NewRequest(&v1.ReplayWebhooksRequest{Ids: []string{dead[3].Id}})); err != nil || r.Msg.Replayed != 1 {
			t.Errorf("replaying one: %v, %v", r, err)
		}
		if r, err := w.ops().ReplayWebhooks(ctx, connect.NewRequest(&v1.ReplayWebhooksRequest{Endpoint: "all"})); err != nil || r.Msg.Replayed != 4 {
			t.Errorf("replaying the rest: %v, %v", r, err)
		}
		time.Sleep(time.Minute)
		if got := b["all"].said(id); len(got) != 5 {
			t.Errorf("after the replay it heard %q", got)
		}
		if left := w.jobs(); len(left) > 0 {
			t.Errorf("jobs are left: %v", left)
		}
		_, err = w.ops().ReplayWebhooks(ctx, connect.NewRequest(&v1.ReplayWebhooksRequest{Ids: []string{dead[0].Id}}))
		wantProblem(t, "replaying what is not dead", err, connect.CodeNotFound, "unknown_webhook")
		_, err = w.ops().ReplayWebhooks(ctx, connect.NewRequest(&v1.ReplayWebhooksRequest{}))
		wantProblem(t, "replaying nothing", err, connect.CodeInvalidArgument, "invalid_argument")
	})
}
