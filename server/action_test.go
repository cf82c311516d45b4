package server_test

import (
	"testing"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// After the call's end an action token changes nothing any more; it is told how the call ended. Until then a repeated
// answer is the same answer.
func TestActionTokenAfterTheEnd(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
		id := a.call("bob").Id
		b.token = must(signaling.ParsePush((<-w.apns.sent).Payload)).Token
		first, err := b.answer(id)
		if err != nil {
			t.Fatal(err)
		}
		again, err := b.answer(id)
		if err != nil || again.State != v1.CallState_CALL_STATE_ANSWERED || !again.AnsweredAt.AsTime().Equal(first.AnsweredAt.AsTime()) {
			t.Errorf("the answer repeated: %v, %v", again, err)
		}
		if _, err := a.end(id, 0); err != nil {
			t.Fatal(err)
		}
		for name, err := range map[string]error{
			"answer": errOf(b.answer(id)), "decline": errOf(b.decline(id, 0, false)), "media": b.send(id, "", v1.MediaKind_MEDIA_KIND_OFFER, "v=0"),
		} {
			if connect.CodeOf(err) != connect.CodeFailedPrecondition {
				t.Errorf("%s after the end: %v", name, err)
			}
		}
		if c, err := b.get(id); err != nil || c.State != v1.CallState_CALL_STATE_ENDED {
			t.Errorf("it is told %v, %v", c, err)
		}
	})
}
