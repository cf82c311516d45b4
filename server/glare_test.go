package server_test

import (
	"context"
	"fmt"
	"math/bits"
	"testing"
	"testing/synctest"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/server"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

type starterKey struct{}

// turnstile is a store that lets the two starters of a glare do what matters only when it is their turn.
type turnstile struct {
	store.Store
	turns map[string]chan struct{} // by device; closed: go on
}

func (s *turnstile) wait(ctx context.Context) {
	if turn := s.turns[fmt.Sprint(ctx.Value(starterKey{}))]; turn != nil {
		<-turn
	}
}

func (s *turnstile) CallsOfUser(ctx context.Context, app, user string) ([]store.Call, error) {
	s.wait(ctx)
	return s.Store.CallsOfUser(ctx, app, user)
}

func (s *turnstile) Commit(ctx context.Context, t store.Transition) (store.Committed, error) {
	s.wait(ctx)
	return s.Store.Commit(ctx, t)
}

// Two users call each other at once. In whatever order their two starts read and write, in the end one call rings, it is
// the older one (of two of the same moment the one with the smaller id), and the other says which call goes on.
func TestGlareInEveryOrder(t *testing.T) {
	const each = 4 // turns of a start: look, commit, look again, end the other
	for order := range 1 << (2 * each) {
		if bits.OnesCount(uint(order)) != each {
			continue
		}
		gate := &turnstile{}
		set := func(c *server.Config) {
			gate.Store = c.Store
			c.Store = gate
			c.Interceptors = []connect.Interceptor{connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
				return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
					if m, ok := r.Any().(*v1.StartRequest); ok {
						ctx = context.WithValue(ctx, starterKey{}, m.DeviceId)
					}
					return next(ctx, r)
				}
			})}
		}
		inBubble(t, set, func(t *testing.T, w *world) {
			phones := []*phone{w.phone("alice", "a1", ""), w.phone("bob", "b1", "")}
			gate.turns = map[string]chan struct{}{"a1": make(chan struct{}), "b1": make(chan struct{})}
			calls := make([]*v1.Call, 2)
			done := make(chan int, 2)
			for i, p := range phones {
				go func() {
					var err error
					if calls[i], err = p.start(phones[1-i].user); err != nil {
						t.Errorf("%s: %v", p.user, err)
					}
					done <- i
				}()
			}
			for i := range 2 * each {
				synctest.Wait()
				select {
				case gate.turns[phones[order>>i&1].device] <- struct{}{}:
				default: // it has nothing to do any more
				}
			}
			for _, turn := range gate.turns {
				close(turn)
			}
			<-done
			<-done
			if t.Failed() {
				return
			}
			older := 0
			if a, b := calls[0].CreatedAt.AsTime(), calls[1].CreatedAt.AsTime(); b.Before(a) || a.Equal(b) && calls[1].Id < calls[0].Id {
				older = 1
			}
			won, lost := must(phones[older].get(calls[older].Id)), must(phones[1-older].get(calls[1-older].Id))
			if won.State != v1.CallState_CALL_STATE_RINGING || lost.Reason != v1.EndReason_END_REASON_REPLACED || lost.ReplacedBy != won.Id {
				t.Errorf("order %08b: the older call is %v, the other %v", order, won, lost)
			}
		})
		if t.Failed() {
			return
		}
	}
}
