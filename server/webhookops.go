package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	"github.com/ringtrip/ringtrip/server/webhook"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

// mostWaiting bounds how far letters on their way are counted.
const mostWaiting = 1000

// ListWebhooks implements OpsService: it lists the app's webhook endpoints and how they are.
func (s *Server) ListWebhooks(ctx context.Context, _ *connect.Request[v1.ListWebhooksRequest]) (*connect.Response[v1.ListWebhooksResponse], error) {
	v := viewerOf(ctx)
	out := &v1.ListWebhooksResponse{}
	for _, e := range s.app(v.App).Webhooks {
		kind := kindOf(v.App, e.ID)
		waiting, err := s.store.JobsOfKind(ctx, kind, "", mostWaiting)
		if err != nil {
			return nil, s.failed("counting webhooks", err)
		}
		w := &v1.WebhookEndpoint{Id: e.ID, Url: e.URL, Types: e.Types, Waiting: int32(len(waiting))}
		if p, err := s.mail.postmanOf(v.App, e.ID); err == nil {
			w.Failing = p.failing.Load()
		}
		j, err := s.store.Job(ctx, disabledID(kind))
		switch {
		case err == nil:
			var why disablement
			if err := json.Unmarshal(j.Payload, &why); err != nil {
				return nil, s.failed("reading why an endpoint is disabled", err)
			}
			w.DisabledAt, w.DisabledWhy = stamp(why.At), why.Why
		case !errors.Is(err, store.ErrNotFound):
			return nil, s.failed("reading which endpoints are disabled", err)
		}
		out.Endpoints = append(out.Endpoints, w)
	}
	return connect.NewResponse(out), nil
}

// endpointOf returns an endpoint of the app, or the wire's problem.
func (s *Server) endpointOf(app, id string) (webhook.Endpoint, error) {
	for _, e := range s.app(app).Webhooks {
		if e.ID == id {
			return e, nil
		}
	}
	return webhook.Endpoint{}, problem(connect.CodeNotFound, "unknown_endpoint", "ListWebhooks says which there are", nil, "the app %q has no webhook endpoint %.40q", app, id)
}

// TestWebhook implements OpsService: it sends an event of the type webhook.test to an endpoint, once and now.
func (s *Server) TestWebhook(ctx context.Context, req *connect.Request[v1.TestWebhookRequest]) (*connect.Response[v1.TestWebhookResponse], error) {
	v := viewerOf(ctx)
	to, err := s.endpointOf(v.App, req.Msg.Endpoint)
	if err != nil {
		return nil, err
	}
	e := webhook.Event{ID: uuid.NewString() + "_t", Type: webhook.Test, Version: webhook.Version, Timestamp: s.now().UTC(), App: v.App}
	text, err := json.Marshal(e)
	if err != nil {
		return nil, s.failed("writing a webhook", err)
	}
	r := s.cfg.Webhooks.Deliver(ctx, to, e.ID, text)
	if r.Taken() {
		s.mail.revive(kindOf(v.App, to.ID))
	}
	return connect.NewResponse(&v1.TestWebhookResponse{Taken: r.Taken(), Status: int32(r.Status), Detail: r.Detail, TookMs: r.Took.Milliseconds()}), nil
}

// EnableWebhook implements OpsService: it tells an endpoint of events again that had answered 410. Other nodes follow
// within a few ticks.
func (s *Server) EnableWebhook(ctx context.Context, req *connect.Request[v1.EnableWebhookRequest]) (*connect.Response[v1.EnableWebhookResponse], error) {
	v := viewerOf(ctx)
	if _, err := s.endpointOf(v.App, req.Msg.Endpoint); err != nil {
		return nil, err
	}
	kind := kindOf(v.App, req.Msg.Endpoint)
	_, err := s.store.Job(ctx, disabledID(kind))
	if errors.Is(err, store.ErrNotFound) {
		return connect.NewResponse(&v1.EnableWebhookResponse{}), nil
	}
	if err == nil {
		err = s.store.Done(ctx, disabledID(kind))
	}
	if err != nil {
		return nil, s.failed("enabling the endpoint", err)
	}
	s.mail.enable(kind)
	s.mail.revive(kind)
	return connect.NewResponse(&v1.EnableWebhookResponse{WasDisabled: true}), nil
}

// ListDeadWebhooks implements OpsService: it lists events that an endpoint did not take, by id, which for those of calls
// is by time.
func (s *Server) ListDeadWebhooks(ctx context.Context, req *connect.Request[v1.ListDeadWebhooksRequest]) (*connect.Response[v1.ListDeadWebhooksResponse], error) {
	v := viewerOf(ctx)
	n, err := pageSize(req.Msg.Limit)
	if err != nil {
		return nil, err
	}
	out := &v1.ListDeadWebhooksResponse{}
	_, err = s.eachDead(ctx, v.App, req.Msg.Endpoint, req.Msg.After, func(j store.Job, d deadLetter) (bool, error) {
		if len(out.Webhooks) == n {
			out.NextPage = out.Webhooks[n-1].Id
			return false, nil
		}
		w := &v1.DeadWebhook{Id: j.ID, Endpoint: d.Endpoint, EventId: j.CallID, DeadAt: stamp(d.At), Status: int32(d.Status), Detail: d.Detail, Body: string(d.Event)}
		if e, err := webhook.ParseEvent(d.Event); err == nil {
			w.Type, w.HappenedAt = string(e.Type), stamp(e.Timestamp)
		}
		out.Webhooks = append(out.Webhooks, w)
		return true, nil
	})
	if err != nil {
		return nil, s.failed("reading dead webhooks", err)
	}
	return connect.NewResponse(out), nil
}

// eachDead calls f with the dead letters of an app (and endpoint) until it returns false, and returns how many there were.
func (s *Server) eachDead(ctx context.Context, app, endpoint, after string, f func(store.Job, deadLetter) (bool, error)) (int, error) {
	for total := 0; ; {
		jobs, err := s.store.JobsOfKind(ctx, deadKind+app, after, maxPage)
		if err != nil {
			return total, err
		}
		for _, j := range jobs {
			after = j.ID
			d, err := readDeadLetter(j)
			if err != nil {
				s.log.Error("a dead letter cannot be read", "err", err)
				continue
			}
			if endpoint != "" && d.Endpoint != endpoint {
				continue
			}
			total++
			if more, err := f(j, d); !more || err != nil {
				return total, err
			}
		}
		if len(jobs) < maxPage {
			return total, nil
		}
	}
}

// ReplayWebhooks implements OpsService: it puts dead events on their way again.
func (s *Server) ReplayWebhooks(ctx context.Context, req *connect.Request[v1.ReplayWebhooksRequest]) (*connect.Response[v1.ReplayWebhooksResponse], error) {
	v, m := viewerOf(ctx), req.Msg
	switch {
	case len(m.Ids) == 0 && m.Endpoint == "":
		return nil, invalid("give ids, or an endpoint to replay all that it did not take", "there is nothing to replay")
	case len(m.Ids) > 0 && m.Endpoint != "":
		return nil, invalid("", "ids and an endpoint can't be given together")
	case len(m.Ids) > maxPage:
		return nil, invalid("ask again for the rest", "there are %d ids, more than %d", len(m.Ids), maxPage)
	case m.Endpoint != "":
		if _, err := s.endpointOf(v.App, m.Endpoint); err != nil {
			return nil, err
		}
		n, err := s.eachDead(ctx, v.App, m.Endpoint, "", func(j store.Job, _ deadLetter) (bool, error) { return true, s.replay(ctx, v.App, j) })
		if err != nil {
			return nil, s.failed(fmt.Sprintf("replaying webhooks (%d went)", n), err)
		}
		return connect.NewResponse(&v1.ReplayWebhooksResponse{Replayed: int32(n)}), nil
	}
	out := &v1.ReplayWebhooksResponse{}
	for _, id := range m.Ids {
		j, err := s.store.Job(ctx, id)
		if errors.Is(err, store.ErrNotFound) || err == nil && j.Kind != deadKind+v.App {
			return nil, problem(connect.CodeNotFound, "unknown_webhook", "ListDeadWebhooks says which there are", nil,
				"there is no dead webhook %.120q (%d were replayed before it)", id, out.Replayed)
		}
		if err == nil {
			err = s.replay(ctx, v.App, j)
		}
		if err != nil {
			return nil, s.failed("replaying a webhook", err)
		}
		out.Replayed++
	}
	return connect.NewResponse(out), nil
}
