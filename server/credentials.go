package server

import (
	"context"

	"connectrpc.com/connect"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// GetCredentials implements PhoneService: it makes a device's credentials for the media of a call anew.
func (s *Server) GetCredentials(ctx context.Context, req *connect.Request[v1.GetCredentialsRequest]) (*connect.Response[v1.GetCredentialsResponse], error) {
	c, err := s.act(ctx, req.Msg.CallId, req.Msg.DeviceId, func(t *turn, side int) error {
		if t.overFor(side) {
			return t.overProblem(side)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&v1.GetCredentialsResponse{Carrier: c.Carrier, MediaCredentials: c.MediaCredentials, MediaUntil: c.MediaUntil}), nil
}
