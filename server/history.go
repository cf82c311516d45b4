package server

import (
	"context"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/call"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

const (
	defaultPage = 50
	maxPage     = 200
)

// pageSize returns how many records a page has.
func pageSize(limit int32) (int, error) {
	switch {
	case limit == 0:
		return defaultPage, nil
	case limit < 0 || limit > maxPage:
		return 0, invalid("", "limit is %d and must be 1-%d", limit, maxPage)
	}
	return int(limit), nil
}

// ListHistory implements PhoneService: it lists the user's ended calls, newest first.
func (s *Server) ListHistory(ctx context.Context, req *connect.Request[v1.ListHistoryRequest]) (*connect.Response[v1.ListHistoryResponse], error) {
	v := viewerOf(ctx)
	n, err := pageSize(req.Msg.Limit)
	if err != nil {
		return nil, err
	}
	if err := checkText("before", req.Msg.Before, maxText); err != nil {
		return nil, err
	}
	records, next, err := s.store.HistoryOfUser(ctx, v.App, v.User, req.Msg.Before, n)
	if err != nil {
		return nil, s.failed("reading history", err)
	}
	out := &v1.ListHistoryResponse{NextPage: next}
	for _, r := range records {
		w := wireRecord(r)
		if r.Caller == v.User {
			w.Role, w.Other = v1.Role_ROLE_CALLER, w.Callee
			w.Reason = forCaller(call.Reason(r.Reason), s.app(v.App).BlockedAs)
		} else {
			w.Role, w.Other = v1.Role_ROLE_CALLEE, w.Caller
		}
		out.Records = append(out.Records, w)
	}
	return connect.NewResponse(out), nil
}

func wireRecord(r store.Record) *v1.HistoryRecord {
	return &v1.HistoryRecord{
		CallId: r.CallID, Video: r.Video, Reason: v1.EndReason(r.Reason), AnsweredBy: r.AnsweredBy, Group: r.Group,
		Caller:    &v1.Party{UserId: r.Caller, Name: r.CallerName, Handle: r.CallerHandle},
		Callee:    &v1.Party{UserId: r.Callee, Handle: orElse(phoneOf(r.Callee), r.Callee)},
		CreatedAt: stamp(r.CreatedAt), AnsweredAt: stamp(r.AnsweredAt), EndedAt: stamp(r.EndedAt),
	}
}
