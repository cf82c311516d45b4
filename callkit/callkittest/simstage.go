package callkittest

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
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
				other, is := strings.CutPrefix(e.App, otherBundles)
				if !is || e.App == bundleID {
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
	has := func(t string) bool { return slices.Contains(c.Traits, t) }
	app := iossim.AppConfig{
		BundleID: bundleID, Name: "Example", New: c.App, NoVoIPBackgroundMode: has("noVoIPBackgroundMode"),
		AudioBackgroundMode: has("audioBackgroundMode"), NoMicrophoneUsageDescription: has("noMicrophoneText"),
		FilteringEntitlement: has("filteringEntitlement"), CallingAppEntitlement: has("callingAppEntitlement"), Scenes: has("scenes"),
	}
	if has("notificationService") {
		if app.NotificationService = c.Code.NotificationService; app.NotificationService == nil {
			app.NotificationService = func() callkit.NotificationService { return c.Extension() }
		}
	}
	if has("callDirectory") {
		if app.CallDirectory = c.Code.CallDirectory; app.CallDirectory == nil {
			app.CallDirectory = func() callkit.CallDirectoryProvider { return c.Extension() }
		}
	}
	if has("intentsExtension") {
		if app.IntentsExtension = c.Code.Intents; app.IntentsExtension == nil {
			app.IntentsExtension = func() callkit.StartCallHandler { return c.Extension() }
		}
	}
	return phone.Install(app)
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

// Now is the time in the world of the simulated iPhone.
func (s *simStage) Now() time.Time { return s.w.Now() }

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
	case "dialogs":
		return lookList(screen.Dialogs), nil
	case "notices":
		return lookList(screen.Notices), nil
	case "route":
		return fmt.Sprintf("%s of=%s", screen.Route, strings.Join(screen.Routes, ",")), nil
	case "others":
		var all []string
		for _, c := range screen.Others {
			all = append(all, lookCall(c))
		}
		return lookList(all), nil
	case "suggestions":
		var all []string
		for _, x := range s.phone.Suggestions() {
			all = append(all, fmt.Sprintf("%+v", x))
		}
		return lookList(all), nil
	case "audio":
		if screen.Call != nil && screen.Call.Audio {
			return "active", nil
		}
		return "inactive", nil
	}
	return "", fmt.Errorf("nothing to see is named %q; there are screen, others, app, strikes, calls, recents, audio, route, dialogs, notices, suggestions", what)
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
	add(s.Before, "beforeFirstUnlock")
	add(s.Airplane, "airplane")
	add(s.LowPower, "lowPower")
	if c := s.Call; c != nil {
		words = append(words, lookCall(*c))
	}
	return strings.Join(words, " ")
}

func lookCall(c iossim.ScreenCall) string {
	words := []string{c.UUID, fmt.Sprintf("caller=%q", c.Caller), fmt.Sprintf("status=%q", c.Status)}
	for _, f := range []struct {
		on   bool
		word string
	}{
		{!c.ConnectedAt.IsZero(), "timer"}, {c.Muted, "muted"}, {c.Held, "held"}, {c.Speaker, "speaker"}, {c.Cellular, "cellular"},
		{c.Translating != "", "translating=" + c.Translating}, {c.Mismatch != "", "mismatch"},
	} {
		if f.on {
			words = append(words, f.word)
		}
	}
	for _, m := range c.Members {
		words = append(words, "member="+m.UUID)
		for _, b := range m.Buttons {
			if b.Enabled {
				words = append(words, "member-button="+b.ID)
			}
		}
	}
	for _, b := range c.Buttons {
		if b.Enabled {
			words = append(words, "button="+b.ID)
		}
	}
	return strings.Join(words, " ")
}

func lookList(all []string) string {
	if len(all) == 0 {
		return "none"
	}
	return fmt.Sprintf("count=%d %s", len(all), strings.Join(all, "; "))
}

// Do is part of [Stage].
func (s *simStage) Do(channel string, words []string) error {
	if len(words) == 0 {
		return fmt.Errorf("%s does nothing", channel)
	}
	switch channel {
	case "U":
		return s.user(words[0], words[1:])
	case "N":
		return s.network(words[0], words[1:])
	case "SYS":
		return s.world(words[0], words[1:])
	}
	return fmt.Errorf("the stage does nothing in channel %s", channel)
}

// bundle is the bundle id of the app that is named, or of the app under test.
func bundle(args []string, i int) string {
	if i < len(args) && args[i] != "app" {
		return otherBundles + args[i]
	}
	return bundleID
}

func arg(args []string, i int) string {
	if i < len(args) {
		return args[i]
	}
	return ""
}

// Push delivers a VoIP push with a payload as it is, which need not be a scenario's.
func (s *simStage) Push(payload []byte) { s.phone.DeliverPush(bundleID, payload) }
