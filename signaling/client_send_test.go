package signaling_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

func unavailable() error { return connect.NewError(connect.CodeUnavailable, errors.New("try later")) }

// send sends msg and returns where the answer will be.
func (w *world) send(msg proto.Message, opts signaling.SendOptions) *[]signaling.Result {
	var results []signaling.Result
	w.client.Send(msg, opts, func(r signaling.Result) {
		w.heard.callback(func() { results = append(results, r) }, nil)
	})
	return &results
}

// one checks that there is exactly one answer and returns it.
func one(t *testing.T, results *[]signaling.Result) signaling.Result {
	t.Helper()
	if len(*results) != 1 {
		t.Fatalf("%d answers, want 1", len(*results))
	}
	return (*results)[0]
}

func TestOrderPerCallThroughFailures(t *testing.T) {
	everyWire(t, func(t *testing.T, by wire) {
		inWorld(t, by, signaling.ClientConfig{}, func(w *world) {
			tries := 0
			w.server.answer = func(proto.Message) (err error) {
				w.server.locked(func() {
					if tries++; tries%3 != 0 {
						err = unavailable()
					}
				})
				return err
			}
			for i := range 20 {
				patient := signaling.SendOptions{Until: time.Now().Add(time.Hour)}
				w.client.Send(&v1.HoldRequest{CallId: "a", On: i%2 == 0, DeviceId: fmt.Sprint(i)}, patient, nil)
				w.client.Send(&v1.SendMediaRequest{Message: &v1.MediaMessage{CallId: "a", Data: fmt.Sprint(i)}}, patient, nil)
				if i%4 == 0 {
					w.net.cut()
				}
				w.after(10 * time.Millisecond)
			}
			w.after(10 * time.Minute)
			var holds, media []string
			for _, msg := range w.server.got {
				switch m := msg.(type) {
				case *v1.HoldRequest:
					holds = append(holds, m.DeviceId)
				case *v1.SendMediaRequest:
					media = append(media, m.Message.Data)
				}
			}
			var want []string
			for i := range 20 {
				want = append(want, fmt.Sprint(i))
			}
			if !slices.Equal(holds, want) || !slices.Equal(media, want) {
				t.Errorf("requests came as %v, media messages as %v", holds, media)
			}
		})
	})
}

// A group is left after it was started, whose first call has its id, however often that failed; and so after a join of no id.
func TestGroupIsLeftInOrder(t *testing.T) {
	inWorld(t, http1, signaling.ClientConfig{}, func(w *world) {
		tries := 0
		w.server.answer = func(msg proto.Message) (err error) {
			w.server.locked(func() {
				if tries++; tries%3 != 0 {
					err = unavailable()
				}
			})
			return err
		}
		patient := signaling.SendOptions{Until: time.Now().Add(time.Hour)}
		start := w.send(&v1.StartRequest{CallId: "g", Callees: []string{"bob", "carol"}}, patient)
		w.send(&v1.JoinGroupRequest{Group: "g"}, patient)
		w.send(&v1.LeaveGroupRequest{Group: "g"}, patient)
		w.after(10 * time.Minute)
		var got []string
		for _, msg := range w.server.got {
			got = append(got, string(msg.ProtoReflect().Descriptor().Name()))
		}
		if want := []string{"StartRequest", "JoinGroupRequest", "LeaveGroupRequest"}; !slices.Equal(got, want) {
			t.Errorf("they came as %v, want %v", got, want)
		}
		if _, is := one(t, start).Answer.(*v1.StartResponse); !is {
			t.Errorf("the whole answer is %T", one(t, start).Answer)
		}
	})
}

// What only asks gets the server's whole answer.
func TestQuestions(t *testing.T) {
	inWorld(t, http1, signaling.ClientConfig{}, func(w *world) {
		group, live := w.send(&v1.GetGroupRequest{Group: "g"}, signaling.SendOptions{}), w.send(&v1.ListLiveRequest{}, signaling.SendOptions{})
		w.after(time.Minute)
		if a, is := one(t, group).Answer.(*v1.GetGroupResponse); !is || a.Group != "g" {
			t.Errorf("a group is answered with %v", one(t, group))
		}
		if a, is := one(t, live).Answer.(*v1.ListLiveResponse); !is || len(a.Calls) != 1 {
			t.Errorf("live calls are answered with %v", one(t, live))
		}
	})
}

func TestStuckCallDoesNotHoldUpOthers(t *testing.T) {
	inWorld(t, http1, signaling.ClientConfig{}, func(w *world) {
		w.server.answer = func(msg proto.Message) error {
			if m, ok := msg.(*v1.HoldRequest); ok && m.CallId == "stuck" {
				return unavailable()
			}
			return nil
		}
		w.client.Send(&v1.HoldRequest{CallId: "stuck"}, signaling.SendOptions{}, nil)
		behind := w.send(&v1.EndRequest{CallId: "stuck"}, signaling.SendOptions{Until: time.Now().Add(time.Hour)})
		other := w.send(&v1.EndRequest{CallId: "free"}, signaling.SendOptions{})
		w.after(0)
		if r := one(t, other); r.Err != nil || r.Call.GetId() != "free" {
			t.Errorf("the other call's answer is %v", r)
		}
		if len(*behind) != 0 {
			t.Error("a request overtook one of the same call")
		}
		w.after(30 * time.Second) // when the stuck one is given up
		if r := one(t, behind); r.Err != nil {
			t.Errorf("the call's next answer is %v", r)
		}
	})
}

func TestAnswerDoesNotWaitForMedia(t *testing.T) {
	inWorld(t, http1, signaling.ClientConfig{}, func(w *world) {
		w.server.answer = func(msg proto.Message) error {
			if _, ok := msg.(*v1.SendMediaRequest); ok {
				return unavailable()
			}
			return nil
		}
		w.client.Send(&v1.SendMediaRequest{Message: &v1.MediaMessage{CallId: "c"}}, signaling.SendOptions{}, nil)
		r := w.send(&v1.AnswerRequest{CallId: "c"}, signaling.SendOptions{})
		w.after(0)
		if r := one(t, r); r.Err != nil {
			t.Error(r.Err)
		}
	})
}

func TestUntil(t *testing.T) {
	for _, test := range []struct {
		name   string
		broken func(*world)
	}{
		{"unavailable", func(w *world) { w.server.answer = func(proto.Message) error { return unavailable() } }},
		{"resource exhausted", func(w *world) {
			w.server.answer = func(proto.Message) error { return connect.NewError(connect.CodeResourceExhausted, errors.New("full")) }
		}},
		{"deadline exceeded", func(w *world) {
			w.server.answer = func(proto.Message) error { return connect.NewError(connect.CodeDeadlineExceeded, errors.New("slow")) }
		}},
		{"hangs", func(w *world) { w.server.answer = func(proto.Message) error { time.Sleep(time.Hour); return nil } }},
		{"refused", func(w *world) { w.stop() }},
		{"frozen", func(w *world) { w.net.freeze() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			everyWire(t, func(t *testing.T, by wire) {
				inWorld(t, by, signaling.ClientConfig{}, func(w *world) {
					test.broken(w)
					r := w.send(&v1.AnswerRequest{CallId: "c"}, signaling.SendOptions{Until: time.Now().Add(20 * time.Second)})
					w.after(12 * time.Second)
					if len(*r) != 0 {
						t.Fatalf("given up early: %v", *r)
					}
					w.after(13 * time.Second) // one try may have begun just before
					if one(t, r).Err == nil {
						t.Error("no error")
					}
				})
			})
		})
	}
}

func TestRequestSurvives(t *testing.T) {
	for _, test := range []struct {
		name   string
		broken func(*world)
		healed func(*world)
	}{
		{"restart", func(w *world) { w.stop() }, func(w *world) { w.stop = w.net.serve(w.t, w.server.handler()) }},
		{"freeze", func(w *world) { w.net.freeze() }, func(w *world) { w.net.melt() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			everyWire(t, func(t *testing.T, by wire) {
				inWorld(t, by, signaling.ClientConfig{}, func(w *world) {
					w.client.Open()
					w.after(time.Second)
					test.broken(w)
					r := w.send(&v1.AnswerRequest{CallId: "c"}, signaling.SendOptions{})
					w.after(10 * time.Second)
					test.healed(w)
					w.after(8 * time.Second)
					if r := one(t, r); r.Err != nil || r.Call.GetId() != "c" {
						t.Errorf("the answer is %v", r)
					}
				})
			})
		})
	}
}

// When the stream is back, requests need not wait for their backoff.
func TestHelloEndsTheWaiting(t *testing.T) {
	cfg := signaling.ClientConfig{RetryMax: time.Hour, BackoffMax: time.Second}
	inWorld(t, http1, cfg, func(w *world) {
		w.client.Open()
		w.stop()
		r := w.send(&v1.AnswerRequest{CallId: "c"}, signaling.SendOptions{Until: time.Now().Add(24 * time.Hour)})
		w.after(2 * time.Hour)
		w.stop = w.net.serve(t, w.server.handler())
		w.after(time.Second)
		if r := one(t, r); r.Err != nil {
			t.Error(r.Err)
		}
	})
}

// A push says that the server can be reached: what waited for that goes on at once.
func TestOpenEndsTheWaiting(t *testing.T) {
	cfg := signaling.ClientConfig{RetryMax: time.Hour, BackoffMax: time.Hour}
	inWorld(t, http1, cfg, func(w *world) {
		w.client.Open()
		w.stop()
		r := w.send(&v1.AnswerRequest{CallId: "c"}, signaling.SendOptions{Until: time.Now().Add(48 * time.Hour)})
		w.after(20 * time.Hour) // by now it waits for an hour each time
		w.stop = w.net.serve(t, w.server.handler())
		w.client.Open()
		w.after(time.Second)
		if r := one(t, r); r.Err != nil {
			t.Error(r.Err)
		}
	})
}

func TestFinalAnswers(t *testing.T) {
	tries := 0
	inWorld(t, http2, signaling.ClientConfig{}, func(w *world) {
		w.server.answer = func(proto.Message) error {
			w.server.locked(func() { tries++ })
			err := connect.NewError(connect.CodeFailedPrecondition, errors.New("answered elsewhere"))
			detail, detailErr := connect.NewErrorDetail(&v1.CallProblem{Code: "answered_elsewhere", Call: &v1.Call{Id: "c", AnsweredBy: "ipad"}})
			if detailErr != nil {
				t.Error(detailErr)
			}
			err.AddDetail(detail)
			return err
		}
		r := w.send(&v1.AnswerRequest{CallId: "c"}, signaling.SendOptions{})
		w.after(time.Minute)
		got := one(t, r)
		if connect.CodeOf(got.Err) != connect.CodeFailedPrecondition || got.Problem != "answered_elsewhere" || got.Call.GetAnsweredBy() != "ipad" || tries != 1 {
			t.Errorf("after %d tries: %+v", tries, got)
		}
		for _, code := range []connect.Code{connect.CodeInternal, connect.CodeUnknown, connect.CodeNotFound, connect.CodePermissionDenied, connect.CodeCanceled} {
			tries = 0
			w.server.answer = func(proto.Message) error {
				w.server.locked(func() { tries++ })
				return connect.NewError(code, errors.New("no"))
			}
			r := w.send(&v1.AnswerRequest{CallId: "c"}, signaling.SendOptions{})
			w.after(time.Minute)
			if got := one(t, r); connect.CodeOf(got.Err) != code || tries != 1 {
				t.Errorf("%v after %d tries: %+v", code, tries, got)
			}
		}
	})
}

func TestBestEffortIsTriedOnce(t *testing.T) {
	tries := 0
	inWorld(t, http1, signaling.ClientConfig{}, func(w *world) {
		w.server.answer = func(proto.Message) error {
			w.server.locked(func() { tries++ })
			return unavailable()
		}
		r := w.send(&v1.AckRequest{CallId: "c"}, signaling.SendOptions{BestEffort: true})
		late := w.send(&v1.AckRequest{CallId: "c"}, signaling.SendOptions{BestEffort: true, Until: time.Now().Add(-1)})
		w.after(time.Minute)
		if one(t, r).Err == nil || one(t, late).Err == nil || tries != 1 {
			t.Errorf("%d tries", tries)
		}
		// It holds up what is behind it for a moment only.
		w.server.answer = func(msg proto.Message) error {
			if _, ok := msg.(*v1.AckRequest); ok {
				time.Sleep(time.Minute)
			}
			return nil
		}
		w.send(&v1.AckRequest{CallId: "c"}, signaling.SendOptions{BestEffort: true})
		answer := w.send(&v1.AnswerRequest{CallId: "c"}, signaling.SendOptions{})
		w.after(2 * time.Second)
		if r := one(t, answer); r.Err != nil {
			t.Error(r.Err)
		}
	})
}

func TestActionToken(t *testing.T) {
	inWorld(t, http1, signaling.ClientConfig{}, func(w *world) {
		tries := 0
		w.server.check = func(token string) error {
			if tries++; token != "Bearer action" {
				return connect.NewError(connect.CodeUnauthenticated, errors.New("no"))
			}
			return nil
		}
		good := w.send(&v1.AnswerRequest{CallId: "c"}, signaling.SendOptions{Token: "action"})
		bad := w.send(&v1.AnswerRequest{CallId: "c"}, signaling.SendOptions{Token: "other"})
		none := w.send(&v1.AnswerRequest{CallId: "c"}, signaling.SendOptions{})
		w.after(time.Minute)
		if err := one(t, good).Err; err != nil {
			t.Error(err)
		}
		for _, r := range []*[]signaling.Result{bad, none} {
			if connect.CodeOf(one(t, r).Err) != connect.CodeUnauthenticated {
				t.Errorf("Err = %v", (*r)[0].Err)
			}
		}
		if tries != 4 || w.tokens != 2 {
			t.Errorf("%d tries and %d tokens, want 1 + 1 + 2 tries: only the user's token is worth renewing", tries, w.tokens)
		}
	})
}

func TestStart(t *testing.T) {
	inWorld(t, http1, signaling.ClientConfig{}, func(w *world) {
		var keys []string
		w.server.answer = func(msg proto.Message) (err error) {
			w.server.locked(func() {
				keys = append(keys, msg.(*v1.StartRequest).IdempotencyKey)
				if len(keys) == 1 {
					err = unavailable()
				}
			})
			return err
		}
		req := &v1.StartRequest{Callee: "bob"}
		first := w.send(req, signaling.SendOptions{})
		w.after(time.Minute)
		second := w.send(req, signaling.SendOptions{})
		w.after(time.Minute)
		if one(t, first).Err != nil || one(t, second).NextCallID != "next" {
			t.Errorf("answers %v, %v", *first, *second)
		}
		if len(keys) != 3 || keys[0] == "" || keys[0] != keys[1] || keys[1] == keys[2] {
			t.Errorf("idempotency keys %q: the same for every try of a start, another for the next", keys)
		}
		if req.IdempotencyKey != "" {
			t.Error("the caller's message was changed")
		}
	})
}

func TestUnknownRequest(t *testing.T) {
	inWorld(t, http1, signaling.ClientConfig{}, func(w *world) {
		r := w.send(&v1.Ping{}, signaling.SendOptions{})
		w.after(0)
		if connect.CodeOf(one(t, r).Err) != connect.CodeUnimplemented {
			t.Errorf("Err = %v", (*r)[0].Err)
		}
	})
}
