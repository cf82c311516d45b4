package server_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"connectrpc.com/connect"

	"github.com/anishathalye/porcupine"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// deed is one request of the race, and what the server said to it.
type deed struct{ who string } // "b0"… answers, "cancel", "decline b0"
type verdict struct {
	ok     bool
	winner string
	reason v1.EndReason
}

// once is a call as a sequential object: what the first deed that counts makes of it holds for all later ones.
var once = porcupine.Model{
	Init: func() any { return verdict{} },
	Step: func(state, input, output any) (bool, any) {
		st, in, out := state.(verdict), input.(deed), output.(verdict)
		if st == (verdict{}) {
			switch in.who {
			case "cancel":
				return out.ok && out.reason == v1.EndReason_END_REASON_CANCELLED, verdict{reason: v1.EndReason_END_REASON_CANCELLED}
			case "decline":
				return out.ok && out.reason == v1.EndReason_END_REASON_DECLINED, verdict{reason: v1.EndReason_END_REASON_DECLINED}
			}
			return out.ok && out.winner == in.who, verdict{winner: in.who}
		}
		switch {
		case st.reason != 0: // over
			return !out.ok, st
		case in.who == "cancel": // after the answer it hangs up
			return out.ok && out.reason == v1.EndReason_END_REASON_HUNGUP, verdict{reason: v1.EndReason_END_REASON_HUNGUP}
		}
		return !out.ok && out.winner == st.winner, st
	},
	Equal: func(a, b any) bool { return a == b },
}

// All devices answer at once, while the caller cancels and one more device declines: what everybody was told fits one
// order of events.
func TestRaces(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a := w.phone("alice", "a1", "")
		var bobs []*phone
		for i := range 4 {
			bobs = append(bobs, w.phone("bob", fmt.Sprintf("b%d", i), voip(10+i)))
		}
		winners := map[string]int{}
		for round := range 40 {
			id := a.call("bob").Id
			var mu sync.Mutex
			var log []porcupine.Operation
			clock := int64(0)
			now := func() int64 { clock++; return clock }
			var all sync.WaitGroup
			race := func(client int, who string, do func() (*v1.Call, error)) {
				all.Go(func() {
					mu.Lock()
					began := now()
					mu.Unlock()
					c, err := do()
					mu.Lock()
					defer mu.Unlock()
					v := verdict{ok: err == nil, winner: c.GetAnsweredBy(), reason: c.GetReason()}
					if err != nil {
						p := problemOf(err)
						if connect.CodeOf(err) != connect.CodeFailedPrecondition {
							t.Errorf("%s got %v", who, err)
						}
						v.winner = p.GetCall().GetAnsweredBy()
					}
					log = append(log, porcupine.Operation{ClientId: client, Input: deed{who}, Output: v, Call: began, Return: now()})
				})
			}
			for i, b := range bobs[:3] {
				race(i, b.device, func() (*v1.Call, error) { return b.answer(id) })
			}
			if round%2 == 0 {
				race(3, "cancel", func() (*v1.Call, error) { return a.cancel(id) })
			}
			if round%4 < 2 {
				race(4, "decline", func() (*v1.Call, error) { return bobs[3].decline(id, 0, false) })
			}
			all.Wait()
			if !porcupine.CheckOperations(once, log) {
				t.Fatalf("round %d: no order of events explains %+v", round, log)
			}
			got, err := a.get(id)
			if err != nil {
				t.Fatal(err)
			}
			winners[got.AnsweredBy]++
			if got.State == v1.CallState_CALL_STATE_ANSWERED {
				if _, err := a.end(id, 0); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Wait()
		}
		t.Logf("answered by %v", winners)
	})
}
