package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/call"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

const (
	maxBlocked    = 1000
	maxPriorities = 32
	lastGroup     = 7
)

// wishes are what a user wants of calls to him or her. They are stored as JSON; fields may be added, never given another
// meaning.
type wishes struct {
	Blocked []string       `json:"blocked,omitempty"` // user ids, sorted
	Quiet   *quietHours    `json:"quiet,omitempty"`
	Groups  map[string]int `json:"groups,omitempty"` // in which group a device rings, by its id
}

// refuse returns why a call of the caller must not ring now; NotEnded if it may.
func (w wishes) refuse(caller string, now time.Time) call.Reason {
	if _, blocked := slices.BinarySearch(w.Blocked, caller); blocked {
		return call.Blocked
	}
	if w.Quiet.at(now) && !slices.Contains(w.Quiet.Except, caller) {
		return call.DoNotDisturb
	}
	return call.NotEnded
}

// wishes reads what a user wants. Most users want nothing.
func (s *Server) wishes(ctx context.Context, app, user string) (wishes, error) {
	w, _, err := s.readWishes(ctx, app, user)
	return w, err
}

func (s *Server) readWishes(ctx context.Context, app, user string) (w wishes, rev uint64, err error) {
	row, err := s.store.User(ctx, app, user)
	if errors.Is(err, store.ErrNotFound) {
		return wishes{}, 0, nil
	}
	if err != nil {
		return wishes{}, 0, err
	}
	if err := json.Unmarshal(row.Wishes, &w); err != nil {
		return wishes{}, 0, fmt.Errorf("reading the wishes of user %s: %w", user, err)
	}
	return w, row.Rev, nil
}

// wish changes what the viewer wants. If another device was faster, change is asked again. Its error changes nothing.
func (s *Server) wish(ctx context.Context, change func(w *wishes) error) error {
	v := viewerOf(ctx)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTime)
	defer cancel()
	for try := 0; ; try++ {
		w, rev, err := s.readWishes(ctx, v.App, v.User)
		if err != nil {
			return s.failed("reading the wishes of a user", err)
		}
		if err := change(&w); err != nil {
			return err
		}
		text, err := json.Marshal(w)
		if err != nil {
			return s.failed("writing the wishes of a user", err)
		}
		_, err = s.store.PutUser(ctx, store.User{App: v.App, ID: v.User, Rev: rev, Wishes: text})
		switch {
		case err == nil:
			return nil
		case errors.Is(err, store.ErrTooBig):
			return problem(connect.CodeResourceExhausted, "too_many_wishes", "unblock somebody first", nil, "the block list and quiet hours of user %q are too long together", v.User)
		case !errors.Is(err, store.ErrConflict) || !pause(ctx, try):
			return s.failed("storing the wishes of a user", err)
		}
	}
}

// Block implements PhoneService: it refuses calls of another user from now on. A call that rings or talks goes on.
func (s *Server) Block(ctx context.Context, req *connect.Request[v1.BlockRequest]) (*connect.Response[v1.BlockResponse], error) {
	id := req.Msg.UserId
	if err := checkUser("user_id", id); err != nil {
		return nil, err
	}
	if id == viewerOf(ctx).User {
		return nil, invalid("", "user %q blocks itself", id)
	}
	err := s.wish(ctx, func(w *wishes) error {
		at, blocked := slices.BinarySearch(w.Blocked, id)
		if blocked {
			return nil
		}
		if len(w.Blocked) >= maxBlocked {
			return problem(connect.CodeResourceExhausted, "too_many_blocked", "unblock somebody first", nil, "user %q blocks %d users already", viewerOf(ctx).User, maxBlocked)
		}
		w.Blocked = slices.Insert(w.Blocked, at, id)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&v1.BlockResponse{}), nil
}

// Unblock implements PhoneService: it lets a user call again.
func (s *Server) Unblock(ctx context.Context, req *connect.Request[v1.UnblockRequest]) (*connect.Response[v1.UnblockResponse], error) {
	if err := checkUser("user_id", req.Msg.UserId); err != nil {
		return nil, err
	}
	err := s.wish(ctx, func(w *wishes) error {
		if at, blocked := slices.BinarySearch(w.Blocked, req.Msg.UserId); blocked {
			w.Blocked = slices.Delete(w.Blocked, at, at+1)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&v1.UnblockResponse{}), nil
}

// ListBlocked implements PhoneService: it lists whom the user blocks.
func (s *Server) ListBlocked(ctx context.Context, _ *connect.Request[v1.ListBlockedRequest]) (*connect.Response[v1.ListBlockedResponse], error) {
	v := viewerOf(ctx)
	w, err := s.wishes(ctx, v.App, v.User)
	if err != nil {
		return nil, s.failed("reading the wishes of a user", err)
	}
	return connect.NewResponse(&v1.ListBlockedResponse{UserIds: w.Blocked}), nil
}

// SetPriorities implements PhoneService: it says in which groups the user's devices ring.
func (s *Server) SetPriorities(ctx context.Context, req *connect.Request[v1.SetPrioritiesRequest]) (*connect.Response[v1.SetPrioritiesResponse], error) {
	if n := len(req.Msg.Priorities); n > maxPriorities {
		return nil, invalid("", "there are %d priorities, more than %d", n, maxPriorities)
	}
	groups := map[string]int{}
	for _, p := range req.Msg.Priorities {
		if err := checkDeviceID(p.GetDeviceId()); err != nil {
			return nil, err
		}
		if _, twice := groups[p.DeviceId]; twice {
			return nil, invalid("name each device once", "device %q has two priorities", p.DeviceId)
		}
		if p.Group < 0 || p.Group > lastGroup {
			return nil, invalid("0 rings first", "the group of device %q is %d and must be 0-%d", p.DeviceId, p.Group, lastGroup)
		}
		groups[p.DeviceId] = int(p.Group)
	}
	err := s.wish(ctx, func(w *wishes) error { w.Groups = groups; return nil })
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&v1.SetPrioritiesResponse{}), nil
}

// GetPriorities implements PhoneService.
func (s *Server) GetPriorities(ctx context.Context, _ *connect.Request[v1.GetPrioritiesRequest]) (*connect.Response[v1.GetPrioritiesResponse], error) {
	v := viewerOf(ctx)
	w, err := s.wishes(ctx, v.App, v.User)
	if err != nil {
		return nil, s.failed("reading the wishes of a user", err)
	}
	out := &v1.GetPrioritiesResponse{}
	for id, group := range w.Groups {
		out.Priorities = append(out.Priorities, &v1.DevicePriority{DeviceId: id, Group: int32(group)})
	}
	slices.SortFunc(out.Priorities, func(a, b *v1.DevicePriority) int {
		if a.Group != b.Group {
			return int(a.Group - b.Group)
		}
		return strings.Compare(a.DeviceId, b.DeviceId)
	})
	return connect.NewResponse(out), nil
}
