package wire_test

import (
	"encoding/json"
	"io/fs"
	"testing"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/callkit/callkittest"
	"github.com/ringtrip/ringtrip/callkit/wire"
)

// overJSON has a message cross the border as bytes.
func overJSON(t testing.TB, to func(wire.Message) wire.Message) wire.Send {
	cross := func(m wire.Message) (out wire.Message) {
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatalf("%+v: %v", m, err)
		}
		if err := json.Unmarshal(b, &out); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		return out
	}
	return func(m wire.Message) wire.Message { return cross(to(cross(m))) }
}

// abroad is an app that lives on the other side of the border.
type abroad struct {
	t    testing.TB
	home callkit.App
}

// DidFinishLaunching is part of [callkit.App].
func (a abroad) DidFinishLaunching(sys callkit.System, o callkit.LaunchOptions) {
	var host *wire.Host
	bridge := wire.NewBridge(overJSON(a.t, func(m wire.Message) wire.Message { return host.Do(m) }))
	host = wire.NewHost(sys, overJSON(a.t, func(m wire.Message) wire.Message {
		if m.Op == wire.Launched {
			a.home.DidFinishLaunching(wire.Simulated{Bridge: bridge}, wire.Options(m))
			return wire.Message{}
		}
		return bridge.Event(m)
	}))
	host.Launch(o)
}

// TestScenariosOverTheBorder plays every scenario with the scripted app behind a bridge and a host, and wants the
// very log that it leaves without them.
func TestScenariosOverTheBorder(t *testing.T) {
	builtin := callkittest.Builtin()
	names, err := fs.Glob(builtin, "*.txt")
	if err != nil {
		t.Fatal(err)
	}
	played := 0
	for _, name := range names {
		play := func(o callkittest.Options) callkittest.Report {
			f, err := builtin.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = f.Close() }()
			r, err := callkittest.Run(f, name, o)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		here := play(callkittest.Options{Seed: 1})
		there := play(callkittest.Options{Seed: 1, Stage: func(c callkittest.StageConfig) (callkittest.Stage, error) {
			home := c.App
			c.App = func() callkit.App { return abroad{t, home()} }
			return callkittest.Simulator(c)
		}})
		for i, want := range here.Results {
			got := there.Results[i]
			played++
			if got.Log != want.Log {
				t.Errorf("%s %s: the log is another over the border; here:\n%s\nthere:\n%s%s", name, want.Name(), want.Log, got.Log, got.Detail())
			}
		}
	}
	if played < 50 {
		t.Errorf("only %d scenarios were played", played)
	}
}
