package phone

import (
	"errors"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/media/mediatest"
)

// A mixer is a media factory that writes down which sessions it is to mix.
type mixer struct {
	*mediatest.Fake
	groups map[string]string // call to group
}

func (m *mixer) Mix(s media.Session, group string) error {
	m.groups[s.(*mediatest.FakeSession).CallID()] = group
	return nil
}

func TestB38MergeByTheAppResumesFirst(t *testing.T) {
	for name, merge := range map[string]func(*town, *home, callkit.UUID, callkit.UUID){
		"by the app":    func(tn *town, bob *home, one, two callkit.UUID) { tn.must(bob.engine.Merge(one, two)) },
		"by the system": func(tn *town, bob *home, _, _ callkit.UUID) { tn.must(bob.phone.Merge()) },
	} {
		t.Run(name, func(t *testing.T) {
			var mix *mixer
			tn, _, bob, _, one, two := trio(t, nil, func(c *Config) {
				mix = &mixer{c.Media.(*mediatest.Fake), map[string]string{}}
				c.Media = mix
			})
			tn.must(bob.phone.HoldAndAccept())
			tn.run(time.Second)
			merge(tn, bob, one, two)
			tn.w.Run(2 * time.Second)
			a, b := bob.call(one), bob.call(two)
			if a.Held || b.Held || a.Group == 0 || a.Group != b.Group {
				t.Fatalf("merged: %+v and %+v", a, b)
			}
			if len(bob.speaking()) != 2 || bob.hearsIn(one) != "alice" || bob.hearsIn(two) != "carol" {
				t.Errorf("sound in %v", bob.speaking())
			}
			if g := mix.groups[one.String()]; g == "" || g != mix.groups[two.String()] {
				t.Errorf("media was told %v", mix.groups)
			}
			if got := bob.phone.Screen().Call; len(got.Members) != 2 {
				t.Errorf("the screen shows %+v", got)
			}

			tn.must(bob.engine.Split(two))
			tn.w.Run(2 * time.Second)
			if a, b = bob.call(one), bob.call(two); a.Group != 0 || b.Group != 0 || mix.groups[one.String()] != "" || mix.groups[two.String()] != "" {
				t.Errorf("split: %+v and %+v, media was told %v", a, b, mix.groups)
			}
			if len(bob.speaking()) > 1 {
				t.Errorf("sound in %v", bob.speaking())
			}
			tn.run(time.Second)
			bob.noViolations()
		})
	}
}

func TestMergeWithoutAMixer(t *testing.T) {
	tn, _, bob, _, one, two := trio(t, nil, nil)
	tn.must(bob.phone.HoldAndAccept())
	tn.run(time.Second)
	if err := bob.engine.Merge(one, two); !errors.Is(err, ErrCannotMix) {
		t.Errorf("merged: %v", err)
	}
	if err := bob.phone.Merge(); err == nil {
		t.Error("the system's screen has a merge button, though the app said that it can't group")
	}
	tn.run(time.Second)
	bob.wantCall(one, call.Connected, true, "")
	bob.wantCall(two, call.Connected, false, "carol")
}

// TestGroupActionFailsWithoutAMixer: a system that asks all the same is told no.
func TestGroupActionFailsWithoutAMixer(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.talk(1)
		r.ring(2)
		r.answer(2)
		r.s.take()
		r.perform(&callkit.SetGroupCallAction{Base: callkit.Base{CallUUID: id(1)}, GroupWith: id(2)})
		r.want("fail group c1")
		r.perform(&callkit.SetGroupCallAction{Base: callkit.Base{CallUUID: id(1)}, GroupWith: id(77)})
		r.want("fail group c1")
		r.perform(&callkit.SetGroupCallAction{Base: callkit.Base{CallUUID: id(78)}})
		r.want("fail group c78")
	})
}
