package server

import (
	"context"

	"connectrpc.com/connect"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// Join implements PhoneService: it enters a group call.
func (s *Server) Join(ctx context.Context, req *connect.Request[v1.JoinRequest]) (*connect.Response[v1.JoinResponse], error) {
	if _, err := s.ownDevice(ctx, viewerOf(ctx), req.Msg.DeviceId); err != nil {
		return nil, err
	}
	return nil, unknownGroup(req.Msg.Group)
}

// GetGroup implements PhoneService: it tells who is in a group call.
func (s *Server) GetGroup(_ context.Context, req *connect.Request[v1.GetGroupRequest]) (*connect.Response[v1.GetGroupResponse], error) {
	return nil, unknownGroup(req.Msg.Group)
}

func unknownGroup(id string) error {
	return problem(connect.CodeNotFound, "unknown_group", "it may be over", nil, "there is no group call %.64q for you", id)
}
