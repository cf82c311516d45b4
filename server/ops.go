package server

import (
	"context"
	"errors"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/fork"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

// GetLedger implements OpsService: it tells what happened to each leg of a call, and when.
func (s *Server) GetLedger(ctx context.Context, req *connect.Request[v1.GetLedgerRequest]) (*connect.Response[v1.GetLedgerResponse], error) {
	v := viewerOf(ctx)
	id, err := v.call(req.Msg.CallId)
	if err != nil {
		return nil, err
	}
	out := &v1.GetLedgerResponse{CallId: id}
	names, err := s.describe(ctx, v.App, out)
	if err != nil {
		return nil, s.failed("reading call "+id, err)
	}
	entries, err := s.store.LedgerOf(ctx, id)
	if err != nil {
		return nil, s.failed("reading the ledger of call "+id, err)
	}
	for _, e := range entries {
		name, ok := names[e.Device]
		if !ok && e.Device != "" {
			if d, err := s.store.Device(ctx, v.App, e.Device); err == nil {
				name = d.Name
			}
			names[e.Device] = name
		}
		out.Entries = append(out.Entries, &v1.LedgerEntry{
			Seq: e.Seq, Stage: v1.Stage(e.Stage), DeviceId: e.Device, DeviceName: name,
			At: stamp(e.At), DeviceAt: stamp(e.DeviceAt), Reason: v1.EndReason(e.Reason), Detail: e.Detail,
		})
	}
	return connect.NewResponse(out), nil
}

// describe fills in what is known of the call, from its row or from history, and returns its devices' names.
func (s *Server) describe(ctx context.Context, app string, out *v1.GetLedgerResponse) (map[string]string, error) {
	names := map[string]string{}
	row, err := s.store.Call(ctx, out.CallId)
	if errors.Is(err, store.ErrNotFound) {
		r, err := s.store.HistoryOfCall(ctx, out.CallId)
		if errors.Is(err, store.ErrNotFound) || err == nil && r.App != app {
			return nil, unknownCall(out.CallId)
		}
		w := wireRecord(r)
		out.State, out.Reason, out.Caller, out.Callee = v1.CallState_CALL_STATE_ENDED, w.Reason, w.Caller, w.Callee
		return names, err
	}
	if err != nil {
		return nil, err
	}
	if row.App != app {
		return nil, unknownCall(out.CallId)
	}
	t, err := s.turn(row)
	if err != nil {
		return nil, err
	}
	out.State, out.Reason = callState(t.Fork.State), v1.EndReason(t.Fork.Reason)
	out.Caller, out.Callee = party(t.Caller), party(t.Callee)
	names[t.CallerDevice.ID] = t.CallerDevice.Name
	for _, l := range t.Legs {
		names[l.ID] = l.Name
	}
	return names, nil
}

// ListCalls implements OpsService: it lists live calls and, after them, ended ones.
func (s *Server) ListCalls(ctx context.Context, req *connect.Request[v1.ListCallsRequest]) (*connect.Response[v1.ListCallsResponse], error) {
	v := viewerOf(ctx)
	n, err := pageSize(req.Msg.Limit)
	if err != nil {
		return nil, err
	}
	rows, err := s.store.LiveCalls(ctx, v.App, n)
	if err != nil {
		return nil, s.failed("reading live calls", err)
	}
	out := &v1.ListCallsResponse{}
	for _, row := range rows {
		t, err := s.turn(row)
		if err != nil {
			s.log.Error("a stored call cannot be read", "call", row.ID, "err", err)
			continue
		}
		w := wireRecord(*t.record())
		w.Reason = v1.EndReason_END_REASON_UNSPECIFIED
		out.Calls = append(out.Calls, w)
	}
	if n -= len(rows); n > 0 {
		ended, err := s.store.LatestHistory(ctx, v.App, n)
		if err != nil {
			return nil, s.failed("reading history", err)
		}
		for _, r := range ended {
			out.Calls = append(out.Calls, wireRecord(r))
		}
	}
	return connect.NewResponse(out), nil
}

// EndCall implements OpsService: it ends any call of the app with the reason server_ended.
func (s *Server) EndCall(ctx context.Context, req *connect.Request[v1.EndCallRequest]) (*connect.Response[v1.EndCallResponse], error) {
	v := viewerOf(ctx)
	id, err := v.call(req.Msg.CallId)
	if err != nil {
		return nil, err
	}
	_, err = s.change(ctx, id, func(t *turn) error {
		if t.row.App != v.App {
			return unknownCall(id)
		}
		if t.Fork.State == fork.Ended {
			return problem(connect.CodeFailedPrecondition, "already_ended", "", t.view(callerSide), "call %s is over (%s)", id, t.Fork.Reason)
		}
		t.step(fork.Event{Kind: fork.End})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&v1.EndCallResponse{}), nil
}
