package callkittest

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/iossim"
)

const (
	bundleID     = "com.example.app"
	otherBundles = "com.example." // and the other app's name
)

// simStage is the simulated iPhone as a stage.
type simStage struct {
	w     *iossim.World
	phone *iossim.Phone
	began time.Time
}

// Simulator makes the simulated iPhone as a stage.
func Simulator(c StageConfig) (Stage, error) {
	w := iossim.NewWorld(iossim.Config{Seed: c.Seed, Wall: c.Wall})
	s := &simStage{w: w, began: w.Now()}
	if err := s.setUp(c); err != nil {
		w.Close()
		return nil, err
	}
	return s, nil
}

func (s *simStage) setUp(c StageConfig) error {
	phone, err := s.w.NewPhone(iossim.PhoneConfig{Name: "phone", OS: c.OS})
	if err != nil {
		return err
	}
	s.phone = phone
	names := make([]string, 0, len(c.Knobs))
	for k := range c.Knobs {
		names = append(names, k)
	}
	sort.Strings(names)
	for _, k := range names {
		if err := phone.SetKnob(k, c.Knobs[k]); err != nil {
			return err
		}
	}
	if c.System != nil {
		s.w.OnLog(func(e iossim.Entry) {
			if e.Channel == iossim.ChanSystem {
				other, _ := strings.CutPrefix(e.App, otherBundles)
				if e.App == bundleID {
					other = ""
				}
				c.System(e.Text, other)
			}
		})
	}
	for _, o := range c.Others {
		name := strings.ToUpper(o.Name[:1]) + o.Name[1:]
		if err := phone.Install(iossim.AppConfig{BundleID: otherBundles + o.Name, Name: name, New: o.New}); err != nil {
			return err
		}
	}
	return phone.Install(iossim.AppConfig{
		BundleID: bundleID, Name: "Example", NoVoIPBackgroundMode: c.NoBackgroundMode, New: c.App,
	})
}

// Wait is part of [Stage].
func (s *simStage) Wait(d time.Duration) {
	if d <= 0 {
		s.w.Settle()
		return
	}
	s.w.Run(d)
}

// Log is part of [Stage].
func (s *simStage) Log() string { return s.w.Log() }

// OnLine is part of [Pictured].
func (s *simStage) OnLine(f func(time.Duration, string)) {
	s.w.OnLog(func(e iossim.Entry) { f(e.At, e.String()) })
}

// Picture is part of [Pictured].
func (s *simStage) Picture() any { return s.phone.Screen() }

// Elapsed is part of [Pictured].
func (s *simStage) Elapsed() time.Duration { return s.w.Now().Sub(s.began) }

// Close is part of [Stage].
func (s *simStage) Close() { s.w.Close() }

// Look is part of [Stage].
func (s *simStage) Look(what string) (string, error) {
	screen := s.phone.Screen()
	switch what {
	case "screen":
		return lookScreen(screen), nil
	case "app":
		for _, a := range screen.Apps {
			if a.BundleID == bundleID {
				return a.State, nil
			}
		}
		return "not installed", nil
	case "strikes":
		return strconv.Itoa(s.phone.Strikes(bundleID)), nil
	case "calls":
		var all []string
		for _, c := range s.phone.Calls() {
			all = append(all, c.UUID.String())
		}
		if len(all) == 0 {
			return "none", nil
		}
		return strings.Join(all, " "), nil
	case "recents":
		if len(screen.Recents) == 0 {
			return "none", nil
		}
		r := screen.Recents[0]
		return fmt.Sprintf("count=%d handle=%s missed=%v outgoing=%v duration=%v", len(screen.Recents), r.Handle.Value, r.Missed, r.Outgoing, r.Duration), nil
	case "audio":
		if screen.Call != nil && screen.Call.Audio {
			return "active", nil
		}
		return "inactive", nil
	}
	return "", fmt.Errorf("nothing to see is named %q; there are screen, app, strikes, calls, recents, audio", what)
}

func lookScreen(s iossim.Screen) string {
	words := []string{string(s.Kind)}
	add := func(on bool, word string) {
		if on {
			words = append(words, word)
		}
	}
	add(s.Locked, "locked")
	add(s.Front != "", "front="+s.Front)
	add(s.Prompt != "", fmt.Sprintf("prompt=%q", s.Prompt))
	if c := s.Call; c != nil {
		words = append(words, c.UUID, fmt.Sprintf("caller=%q", c.Caller), fmt.Sprintf("status=%q", c.Status))
		add(!c.ConnectedAt.IsZero(), "timer")
		add(c.Muted, "muted")
		add(c.Held, "held")
		add(c.Speaker, "speaker")
		for _, b := range c.Buttons {
			add(b.Enabled, "button="+b.ID)
		}
	}
	return strings.Join(words, " ")
}

// Do is part of [Stage].
func (s *simStage) Do(channel string, words []string) error {
	arg := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	on := arg(1) != "off"
	app := bundleID
	if arg(1) != "" {
		app = otherBundles + arg(1)
	}
	ph := s.phone
	switch channel + " " + arg(0) {
	case "U answer":
		return ph.Answer()
	case "U decline":
		return ph.Decline()
	case "U end":
		return ph.End()
	case "U mute":
		return ph.Mute(on)
	case "U hold":
		return ph.Hold(on)
	case "U keys":
		return ph.Keys(arg(1))
	case "U speaker":
		return ph.Speaker(on)
	case "U video":
		return ph.Video()
	case "U tap":
		i, err := strconv.Atoi(arg(1))
		if err != nil {
			return fmt.Errorf("as in: U tap 0")
		}
		return ph.TapRecent(i)
	case "U open":
		return ph.OpenApp(app)
	case "U swipe":
		return ph.SwipeApp(app)
	case "U lock":
		return ph.Lock()
	case "U unlock":
		return ph.Unlock()
	case "U home":
		return ph.Home()
	case "N voipPush":
		return s.push(words[1:])
	case "N network":
		ph.SetOnline(on)
		return nil
	case "N rotateToken":
		ph.RotateToken(app)
		return nil
	case "SYS appDies":
		ph.Kill(app, "dies")
		return nil
	case "SYS restart":
		ph.Restart()
		return nil
	case "SYS reinstall":
		return errors.New("the stage can't install an app anew")
	case "SYS restartCallService":
		ph.RestartCallService()
		return nil
	case "SYS focus":
		name := arg(1)
		if name == "off" {
			name = ""
		}
		var allowed []string
		for _, w := range words[min(2, len(words)):] {
			if h, ok := strings.CutPrefix(w, "allow="); ok {
				allowed = append(allowed, h)
			}
		}
		ph.SetFocus(name, allowed...)
		return nil
	case "SYS block":
		ph.BlockCaller(arg(1), true)
		return nil
	case "SYS clock":
		d, err := time.ParseDuration(arg(1))
		if err != nil {
			return fmt.Errorf("as in: SYS clock +1h")
		}
		ph.SetClock(d)
		return nil
	}
	return fmt.Errorf("the stage does not know how to do %s %s", channel, strings.Join(words, " "))
}

// push delivers a payload whose fields are the words: u1 name=Bob handle=bob video=1 sent=-30s.
func (s *simStage) push(words []string) error {
	app := bundleID
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool {
		name, ok := strings.CutPrefix(w, "app=")
		if ok {
			app = otherBundles + name
		}
		return ok
	})
	payload, sent, err := pushPayload(words)
	if err != nil {
		return err
	}
	s.phone.DeliverPush(app, payload, iossim.SentAt(s.w.Now().Add(sent)))
	return nil
}
