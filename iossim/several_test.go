package iossim

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

var u3 = callkit.UUID{15: 3}

// callApp is a goodApp that performs every action, unless the test has another answer to it.
type callApp struct {
	goodApp
	config func(*callkit.ProviderConfiguration)
	settle func(callkit.Action) bool // reports whether it took the action over
	taken  []callkit.Action
}

func (a *callApp) perform(x callkit.Action) {
	if a.settle == nil || !a.settle(x) {
		x.Fulfill()
		return
	}
	a.taken = append(a.taken, x)
}

func (a *callApp) PerformStartCallAction(_ callkit.Provider, x *callkit.StartCallAction) {
	a.perform(x)
}
func (a *callApp) PerformAnswerCallAction(_ callkit.Provider, x *callkit.AnswerCallAction) {
	a.perform(x)
}
func (a *callApp) PerformEndCallAction(_ callkit.Provider, x *callkit.EndCallAction) { a.perform(x) }
func (a *callApp) PerformSetHeldCallAction(_ callkit.Provider, x *callkit.SetHeldCallAction) {
	a.perform(x)
}
func (a *callApp) PerformSetMutedCallAction(_ callkit.Provider, x *callkit.SetMutedCallAction) {
	a.perform(x)
}
func (a *callApp) PerformSetGroupCallAction(_ callkit.Provider, x *callkit.SetGroupCallAction) {
	a.perform(x)
}
func (a *callApp) PerformSetTranslatingCallAction(_ callkit.Provider, x *callkit.SetTranslatingCallAction) {
	a.perform(x)
}
func (a *callApp) DidActivateAudioSession(callkit.Provider, callkit.AudioSession)   {}
func (a *callApp) DidDeactivateAudioSession(callkit.Provider, callkit.AudioSession) {}
func (a *callApp) AudioInterruption(callkit.InterruptionType)                       {}
func (a *callApp) AudioRouteChange(callkit.RouteChangeReason, callkit.AudioPort)    {}

// scene is a phone with an app, and another one for calls across apps.
type scene struct {
	*testing.T
	w     *World
	ph    *Phone
	app   *callApp
	other *callApp
	mark  int
}

// setScene makes one, with knobs as "name=value".
func setScene(t *testing.T, knobs ...string) *scene {
	t.Helper()
	s := &scene{T: t, w: NewWorld(Config{}), app: &callApp{}, other: &callApp{}}
	t.Cleanup(s.w.Close)
	var err error
	s.ph, err = s.w.NewPhone(PhoneConfig{Name: "alice"})
	must(t, err)
	for _, k := range knobs {
		name, value, _ := strings.Cut(k, "=")
		must(t, s.ph.SetKnob(name, value))
	}
	for i, a := range []*callApp{s.app, s.other} {
		a.onLaunch = func() {
			a.provider.SetDelegate(a, nil)
			a.sys.AudioSession().SetObserver(a)
			if a.config != nil {
				c := a.provider.Configuration()
				a.config(&c)
				a.provider.SetConfiguration(c)
			}
		}
		must(t, s.ph.Install(AppConfig{BundleID: []string{bundle, otherBundle}[i], Name: []string{"One", "Two"}[i], New: func() callkit.App { return a }}))
	}
	s.pass(0)
	return s
}

// pass lets time go and checks what must always hold.
func (s *scene) pass(d time.Duration) {
	s.Helper()
	s.w.Run(d)
	if err := s.w.Check(); err != nil {
		s.Fatalf("%v\n%s", err, s.w.Log())
	}
}

// do has the user or the world act, a second each.
func (s *scene) do(acts ...func() error) {
	s.Helper()
	for _, act := range acts {
		if err := act(); err != nil {
			s.Fatalf("%v\n%s", err, s.w.Log())
		}
		s.pass(time.Second)
	}
}

func always(f func()) func() error { return func() error { f(); return nil } }

func (s *scene) ring(ids ...callkit.UUID) {
	s.Helper()
	for _, id := range ids {
		s.do(always(func() { s.ph.DeliverPush(bundle, pushOf(id)) }))
	}
}

func (s *scene) ringOther(id callkit.UUID) {
	s.Helper()
	s.do(always(func() { s.ph.DeliverPush(otherBundle, pushOf(id)) }))
}

// talk makes calls of the first app that are all answered, the former ones held.
func (s *scene) talk(ids ...callkit.UUID) {
	s.Helper()
	for _, id := range ids {
		s.ring(id)
		s.do(s.ph.Answer)
	}
	s.heard()
}

func (s *scene) ask(a *callApp, acts ...callkit.Action) {
	s.Helper()
	a.controller.RequestTransaction(acts, nil)
	s.pass(time.Second)
}

var uuidWords = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// shortIDs has u1 for the calls of the tests and cell for others.
func shortIDs(text string) string {
	return uuidWords.ReplaceAllStringFunc(text, func(id string) string {
		u, err := callkit.ParseUUID(id)
		switch {
		case err != nil || u.IsZero():
			return "nil"
		case u[0] == 0:
			return fmt.Sprintf("u%d", u[15])
		}
		return "cell"
	})
}

// heard is what the apps heard since it was last called, in short, those of the second app with an @.
func (s *scene) heard() []string {
	all := s.w.Entries()
	var heard []string
	for _, e := range all[s.mark:] {
		text := shortIDs(e.Text)
		switch {
		case e.Channel == ChanProvider && strings.HasPrefix(text, "perform"):
			text = strings.TrimPrefix(text, "perform")
		case e.Channel == ChanProvider && strings.HasPrefix(text, "executeTransaction"), e.Channel == ChanProvider && text == "providerDidBegin":
			continue
		case e.Channel == ChanProvider, e.Channel == ChanLife && strings.HasPrefix(text, "interruption"):
		case e.Channel == ChanSystem && strings.HasPrefix(text, "log the Phone app performs "):
			text = "Phone:" + strings.TrimPrefix(text, "log the Phone app performs ")
		default:
			continue
		}
		if e.App == otherBundle {
			text += "@"
		}
		heard = append(heard, text)
	}
	s.mark = len(all)
	return heard
}

// want compares it app by app: between processes there is no order.
func (s *scene) want(lines ...string) {
	s.Helper()
	whose := func(line string) int {
		switch {
		case strings.HasPrefix(line, "Phone:"):
			return 2
		case strings.HasSuffix(line, "@"):
			return 1
		}
		return 0
	}
	byApp := func(a, b string) int { return whose(a) - whose(b) }
	got := s.heard()
	slices.SortStableFunc(got, byApp)
	slices.SortStableFunc(lines, byApp)
	if !slices.Equal(got, lines) {
		s.Errorf("the apps heard\n\t%s\nwant\n\t%s\n%s", strings.Join(got, "\n\t"), strings.Join(lines, "\n\t"), s.w.Log())
	}
}

// see checks what the screen shows: its kind, its call and the others.
func (s *scene) see(want string) Screen {
	s.Helper()
	v := s.ph.Screen()
	words := []string{string(v.Kind)}
	one := func(c ScreenCall) string {
		w := c.UUID
		for i, m := range c.Members {
			w += map[bool]string{true: "=", false: ","}[i == 0] + m.UUID
		}
		if c.Held {
			w += "/held"
		}
		if c.Audio {
			w += "/audio"
		}
		return w
	}
	if v.Call != nil {
		words = append(words, one(*v.Call))
	}
	for _, o := range v.Others {
		words = append(words, "+"+one(o))
	}
	if got := shortIDs(strings.Join(words, " ")); got != want {
		s.Errorf("the screen shows %s\nwant %s\n%s\n%s", got, want, v, s.w.Log())
	}
	return v
}

// buttons are those that can be pressed.
func (s *scene) buttons() string {
	v := s.ph.Screen()
	if v.Call == nil {
		return ""
	}
	var words []string
	for _, b := range v.Call.Buttons {
		if b.Enabled {
			words = append(words, b.ID)
		}
	}
	return strings.Join(words, " ")
}

func (s *scene) log(want string, times int) {
	s.Helper()
	if n := strings.Count(s.w.Log(), want); n != times {
		s.Errorf("%q is in the log %d times, want %d\n%s", want, n, times, s.w.Log())
	}
}
