package signaling_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

const pingEvery = 5 * time.Second

// server is a small PhoneService with one device. It keeps every event; a stream begins a little below the
// cursor if overlap says so, as a server may whose stream was lost in the middle of a batch.
type server struct {
	ringtripv1connect.UnimplementedPhoneServiceHandler

	mu      *sync.Mutex          // the world's
	events  []*v1.EventsResponse // events[i] has seq i+1
	changed chan struct{}        // closed and made anew by emit
	overlap uint64
	goAway  error                         // ends the streams that are open, and is the answer to new ones
	once    bool                          // goAway ends one stream, and the next is fine
	mute    bool                          // the streams say nothing, not even pings
	check   func(token string) error      // of every request; runs under the lock
	answer  func(msg proto.Message) error // of every request but Events; nil error: it is stored in got; may block
	got     []proto.Message
	tokens  []string
	opened  []*v1.EventsRequest
	hello   func(*v1.Hello)
}

func newServer(mu *sync.Mutex) *server { return &server{mu: mu, changed: make(chan struct{})} }

func (s *server) handler() http.Handler {
	_, h := ringtripv1connect.NewPhoneServiceHandler(s)
	return h
}

// locked runs do under the world's lock.
func (s *server) locked(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

// emit is for the test, which has the world's lock.
func (s *server) emit(n int) {
	for range n {
		seq := uint64(len(s.events) + 1)
		s.events = append(s.events, &v1.EventsResponse{Seq: seq, Event: &v1.EventsResponse_Call{
			Call: &v1.Call{Id: fmt.Sprint("call", seq), Rev: seq},
		}})
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *server) authorise(h http.Header) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := h.Get("Authorization")
	s.tokens = append(s.tokens, token)
	if s.check != nil {
		return s.check(token)
	}
	return nil
}

func (s *server) Events(ctx context.Context, req *connect.Request[v1.EventsRequest], stream *connect.ServerStream[v1.EventsResponse]) error {
	s.locked(func() { s.opened = append(s.opened, req.Msg) })
	if err := s.authorise(req.Header()); err != nil {
		return err
	}
	s.mu.Lock()
	if err := s.goAway; err != nil {
		s.mu.Unlock()
		return err
	}
	next := req.Msg.Cursor - min(req.Msg.Cursor, s.overlap)
	hello := &v1.Hello{Cursor: uint64(len(s.events))}
	if s.hello != nil {
		s.hello(hello)
	}
	s.mu.Unlock()
	if err := stream.Send(&v1.EventsResponse{Event: &v1.EventsResponse_Hello{Hello: hello}}); err != nil {
		return err
	}
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		s.mu.Lock()
		var batch []*v1.EventsResponse
		if next < uint64(len(s.events)) {
			batch = s.events[next:]
		}
		changed, mute, goAway := s.changed, s.mute, s.goAway
		if s.once {
			s.goAway = nil
		}
		s.mu.Unlock()
		if goAway != nil {
			return goAway
		}
		if mute {
			<-ctx.Done()
			return ctx.Err()
		}
		for _, e := range batch {
			if err := stream.Send(e); err != nil {
				return err
			}
			next = e.Seq
		}
		select {
		case <-changed:
		case <-ping.C:
			if err := stream.Send(&v1.EventsResponse{Event: &v1.EventsResponse_Ping{Ping: &v1.Ping{}}}); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// take is what every request comes to. It answers with a call that has the request's id.
func (s *server) take(h http.Header, msg proto.Message) (*v1.Call, error) {
	if err := s.authorise(h); err != nil {
		return nil, err
	}
	s.mu.Lock()
	answer := s.answer
	s.mu.Unlock()
	if answer != nil {
		if err := answer(msg); err != nil { // may block, so not under the lock
			return nil, err
		}
	}
	s.locked(func() { s.got = append(s.got, msg) })
	c := new(v1.Call)
	if m, ok := msg.(interface{ GetCallId() string }); ok {
		c.Id = m.GetCallId()
	}
	return c, nil
}

func (s *server) Start(_ context.Context, r *connect.Request[v1.StartRequest]) (*connect.Response[v1.StartResponse], error) {
	c, err := s.take(r.Header(), r.Msg)
	return connect.NewResponse(&v1.StartResponse{Call: c, NextCallId: "next"}), err
}

func (s *server) Ack(_ context.Context, r *connect.Request[v1.AckRequest]) (*connect.Response[v1.AckResponse], error) {
	c, err := s.take(r.Header(), r.Msg)
	return connect.NewResponse(&v1.AckResponse{Call: c}), err
}

func (s *server) Answer(_ context.Context, r *connect.Request[v1.AnswerRequest]) (*connect.Response[v1.AnswerResponse], error) {
	c, err := s.take(r.Header(), r.Msg)
	return connect.NewResponse(&v1.AnswerResponse{Call: c}), err
}

func (s *server) End(_ context.Context, r *connect.Request[v1.EndRequest]) (*connect.Response[v1.EndResponse], error) {
	c, err := s.take(r.Header(), r.Msg)
	return connect.NewResponse(&v1.EndResponse{Call: c}), err
}

func (s *server) Hold(_ context.Context, r *connect.Request[v1.HoldRequest]) (*connect.Response[v1.HoldResponse], error) {
	c, err := s.take(r.Header(), r.Msg)
	return connect.NewResponse(&v1.HoldResponse{Call: c}), err
}

func (s *server) SendMedia(_ context.Context, r *connect.Request[v1.SendMediaRequest]) (*connect.Response[v1.SendMediaResponse], error) {
	if err := s.authorise(r.Header()); err != nil {
		return nil, err
	}
	s.mu.Lock()
	answer := s.answer
	s.mu.Unlock()
	if answer != nil {
		if err := answer(r.Msg); err != nil {
			return nil, err
		}
	}
	s.locked(func() { s.got = append(s.got, r.Msg) })
	return connect.NewResponse(&v1.SendMediaResponse{}), nil
}

func (s *server) JoinGroup(_ context.Context, r *connect.Request[v1.JoinGroupRequest]) (*connect.Response[v1.JoinGroupResponse], error) {
	c, err := s.take(r.Header(), r.Msg)
	return connect.NewResponse(&v1.JoinGroupResponse{Call: c}), err
}

func (s *server) LeaveGroup(_ context.Context, r *connect.Request[v1.LeaveGroupRequest]) (*connect.Response[v1.LeaveGroupResponse], error) {
	_, err := s.take(r.Header(), r.Msg)
	return connect.NewResponse(&v1.LeaveGroupResponse{}), err
}

func (s *server) GetGroup(_ context.Context, r *connect.Request[v1.GetGroupRequest]) (*connect.Response[v1.GetGroupResponse], error) {
	_, err := s.take(r.Header(), r.Msg)
	return connect.NewResponse(&v1.GetGroupResponse{Group: r.Msg.Group}), err
}

func (s *server) ListLive(_ context.Context, r *connect.Request[v1.ListLiveRequest]) (*connect.Response[v1.ListLiveResponse], error) {
	_, err := s.take(r.Header(), r.Msg)
	return connect.NewResponse(&v1.ListLiveResponse{Calls: []*v1.LiveCall{{DeviceId: "d"}}}), err
}
