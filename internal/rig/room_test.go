package rig

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/phone"
)

// meeting is four phones that meet in a room of a carrier.
type meeting struct {
	*testing.T
	lab   *Lab
	group string
}

func newMeeting(t *testing.T, carrier string) *meeting {
	t.Helper()
	cfg := LabConfig{Node: NodeConfig{Dir: t.TempDir(), Carrier: carrier, RingTimeout: 45 * time.Second}, Logger: slog.New(slog.DiscardHandler)}
	for _, user := range []string{"alice", "bob", "carol", "dave"} {
		cfg.Owners = append(cfg.Owners, Owner{User: user, Name: user, Phones: []PhoneSpec{{ID: user + "-1"}}})
	}
	m := &meeting{T: t, lab: openLab(t, cfg)}
	for _, d := range m.lab.Devices {
		m.await(d.ID+" can call", func() bool { return d.Engine().Snapshot().CanStart })
	}
	return m
}

// await waits until ok, and tells everything that there is to know if that never comes.
func (m *meeting) await(what string, ok func() bool) {
	m.Helper()
	if err := m.lab.Await(m.Context(), 20*time.Second, ok); err == nil {
		return
	}
	for id, d := range m.lab.Devices {
		if e := d.Engine(); e != nil {
			m.Logf("%s: %+v", id, e.Calls())
		}
	}
	m.Fatalf("never: %s; open at the carrier: %q, refused: %q, put out: %q", what, m.lab.Account.Emulator.Open(), m.lab.Account.Emulator.Refused(), m.putOut())
}

func (m *meeting) putOut() []string {
	return m.lab.Account.Emulator.(interface{ PutOut() []string }).PutOut()
}

// calls are those of a user's phone that live.
func (m *meeting) calls(user string) (live []phone.Call) {
	if e := m.lab.Devices[user+"-1"].Engine(); e != nil {
		for _, c := range e.Calls() {
			if c.State != call.Ended {
				live = append(live, c)
			}
		}
	}
	return live
}

func (m *meeting) press(user, button string) {
	m.Helper()
	if err := m.lab.Devices[user+"-1"].Act(button, Finger{}); err != nil {
		m.Fatalf("%s, %s: %v", user, button, err)
	}
}

// answers has a user's phone ring, and the user answer.
func (m *meeting) answers(user string) {
	m.Helper()
	m.await(user+"'s phone rings", func() bool { return m.lab.Devices[user+"-1"].Phone.Screen().Ringing() })
	m.press(user, "answer")
}

// talks waits until a user has sound in a call of the room.
func (m *meeting) talks(users ...string) {
	m.Helper()
	for _, user := range users {
		m.await(user+" talks", func() bool {
			for _, c := range m.calls(user) {
				if c.State == call.Connected && c.Transport == call.Up && c.AudioRunning && c.GroupCall == m.group {
					return true
				}
			}
			return false
		})
	}
}

// together waits until so many are in the room, and there is no other one.
func (m *meeting) together(n int) {
	m.Helper()
	m.await("there is one room, with the right number in it", func() bool {
		open := m.lab.Account.Emulator.Open()
		return len(open) == 1 && strings.HasSuffix(open[0], " with "+string(rune('0'+n))+" in it")
	})
	if out := m.putOut(); len(out) > 0 {
		m.Fatalf("put out: %q", out)
	}
}

// told is what a user's CallKit was told of the end of a call; empty: nothing, for the user ended it there.
func (m *meeting) told(user string, id callkit.UUID) string {
	for _, e := range m.lab.Entries() {
		if rest, ok := strings.CutPrefix(e.Text, "reportCall "+id.String()+" ended reason="); ok && e.Phone == user+"-1" {
			word, _, _ := strings.Cut(rest, " ")
			return word
		}
	}
	return ""
}

// over waits until a user's phone has no call.
func (m *meeting) over(user string) {
	m.Helper()
	m.await(user+" is out", func() bool { return len(m.calls(user)) == 0 && len(m.lab.Devices[user+"-1"].Phone.Calls()) == 0 })
}

// TestOneSeatARoom has Alice begin a group with Bob and Carol, and Bob call Dave into it by a second call of his own: at every
// carrier with rooms each of them is in the room once, nobody is put out, and each leaves alone.
func TestOneSeatARoom(t *testing.T) {
	for _, carrier := range []string{"livekit", "agora", "daily", "vonage-video"} {
		t.Run(carrier, func(t *testing.T) {
			t.Parallel()
			m := newMeeting(t, carrier)
			id, err := m.lab.Devices["alice-1"].Engine().StartGroup(phone.GroupRequest{Callees: []string{"bob", "carol"}, Name: "The team"})
			if err != nil {
				t.Fatal(err)
			}
			m.group = id.String()
			m.answers("bob")
			m.answers("carol")
			m.talks("alice", "bob", "carol")
			m.together(3)

			// Bob's phone holds his call for the one to Dave, and resumes it after that.
			bobs := m.calls("bob")[0].ID
			second, err := m.lab.Devices["bob-1"].Engine().Start(phone.StartRequest{Callee: "dave", Group: m.group})
			if err != nil {
				t.Fatal(err)
			}
			m.answers("dave")
			m.talks("alice", "bob", "carol", "dave")
			m.await("Bob's call to Dave is in front", func() bool {
				all := m.calls("bob")
				return len(all) == 2 && all[0].ID == bobs && all[0].Held && all[0].Transport == call.Up && all[1].ID == second && all[1].AudioRunning
			})
			m.together(4)
			m.press("dave", "end")
			m.over("dave")
			m.await("Bob goes on in his first call", func() bool {
				all := m.calls("bob")
				return len(all) == 1 && all[0].ID == bobs && all[0].AudioRunning
			})
			m.talks("alice", "bob", "carol")
			m.together(3)

			carols := m.calls("carol")[0].ID
			m.press("bob", "end")
			m.over("bob")
			m.talks("alice", "carol")
			m.together(2)
			m.press("alice", "end") // who began it leaves it as anybody does
			m.over("alice")
			m.talks("carol")
			m.together(1)
			m.press("carol", "end")
			m.over("carol")
			m.await("nothing is open at the carrier", func() bool { return len(m.lab.Account.Emulator.Open()) == 0 })
			if err := m.lab.Account.Emulator.Idle(t.Context()); err != nil {
				t.Error(err)
			}
			if got := m.told("bob", second); got != "remoteEnded" {
				t.Errorf("Bob's phone was told %q of the call that Dave hung up", got)
			}
			for user, id := range map[string]callkit.UUID{"alice": id, "bob": bobs, "carol": carols} {
				if got := m.told(user, id); got != "" {
					t.Errorf("%s hung up, and the phone was told %q", user, got)
				}
			}
			if refused, out := m.lab.Account.Emulator.Refused(), m.putOut(); len(refused)+len(out) > 0 {
				t.Errorf("refused: %q, put out: %q", refused, out)
			}
		})
	}
}
