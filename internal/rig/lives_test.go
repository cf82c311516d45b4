package rig

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestRandomLives plays random lives: phones, server, and a push service and network that go wrong, with kills of
// both sides. Whatever happens, in the end there is no ghost ring, at most one answer a call, every action settled,
// every call ended everywhere for one reason, and history equals ledger. `-rapid.checks=N` plays more of them.
func TestRandomLives(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); f != nil && f.Value.String() == f.DefValue {
		if err := flag.Set("rapid.checks", lives); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = flag.Set("rapid.checks", f.DefValue) }()
	}
	played, tally := 0, map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		script := rapid.SliceOfN(rapid.Custom(drawMove), 3, 25).Draw(rt, "script")
		if rapid.IntRange(0, 2).Draw(rt, "busy") == 0 {
			script = append(slices.Clone(busy), script...)
		}
		faults := rapid.SliceOfN(rapid.Custom(drawFault), 0, 8).Draw(rt, "pushes")
		seed := rapid.Uint64Range(0, 1000).Draw(rt, "network")
		played++
		if wrong := live(t, seed, script, faults, tally); wrong != "" {
			rt.Fatalf("this life went wrong:\n%s\nscript:\n%s\npushes: %+v", wrong, scriptText(script), faults)
		}
	})
	t.Logf("%d lives; calls by reason: %v", played, tally)
}

// busy is how a life begins that is about several calls on one phone: carol calls bob, who talks to alice.
var busy = []move{
	{What: "call", Device: 0, Other: 1}, {After: 3 * time.Second, What: "answer", Device: 1},
	{After: time.Second, What: "call", Device: 3, Other: 1}, {After: 2 * time.Second, What: "wait", Device: 1},
}

func scriptText(script []move) string {
	var b strings.Builder
	for _, m := range script {
		fmt.Fprintf(&b, "  %v\n", m)
	}
	return b.String()
}

func drawMove(rt *rapid.T) move {
	return move{
		After: time.Duration(rapid.SampledFrom([]int{0, 1, 10, 40, 80, 200, 700, 2000, 9000}).Draw(rt, "ms")) * time.Millisecond,
		What:  rapid.SampledFrom(moves).Draw(rt, "what"), Device: rapid.IntRange(0, len(lifeDevices)-1).Draw(rt, "device"),
		Other: rapid.IntRange(0, len(lifeUsers)-1).Draw(rt, "other"), On: rapid.Bool().Draw(rt, "on"),
	}
}

func drawFault(rt *rapid.T) PushFault {
	return PushFault{
		Fail: rapid.IntRange(0, 9).Draw(rt, "fail") == 9, Lost: rapid.IntRange(0, 5).Draw(rt, "lost") == 5,
		Twice: rapid.IntRange(0, 3).Draw(rt, "twice") == 3,
		Delay: time.Duration(rapid.SampledFrom([]int{0, 100, 1000, 5000, 20000, 60000}).Draw(rt, "delay")) * time.Millisecond,
	}
}
