package iossim

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/ringtrip/ringtrip/callkit"
)

// Siri is the user asking Siri for a call: "call", "redial" or "callback" whom, a contact's name, the name of a person
// that the app donated, or a handle; "answer" and "hangup" press the buttons of the call there is. The app is the one
// named, else the first with an Intents extension, else the first that has donated a call to that person, else the
// first there is.
//
// An Intents extension is asked, and decides. From a locked phone an app without one can't be reached before the
// phone was unlocked, nor can one that answers [callkit.StartCallContinueInApp] (forums 808173).
func (ph *Phone) Siri(verb, whom string, video bool, bundleID ...string) error {
	what := strings.TrimSpace("siri " + verb + " " + whom)
	switch verb {
	case "answer":
		return ph.Answer()
	case "hangup":
		return ph.End()
	case "call", "redial", "callback":
	default:
		return fmt.Errorf("iossim: Siri does not understand %.40q (want call, redial, callback, answer or hangup)", verb)
	}
	return ph.press(what, func() string {
		switch {
		case whom == "":
			return "Siri was not told whom to call"
		case ph.siriApp(whom, bundleID) == nil:
			return "no app for it is installed"
		}
		return ""
	}, func() { ph.siri(ph.siriApp(whom, bundleID), verb, whom, video) })
}

// siriApp is the app that is asked.
func (ph *Phone) siriApp(whom string, named []string) *app {
	if len(named) > 0 {
		return ph.find(named[0])
	}
	for _, a := range ph.apps {
		if a.cfg.IntentsExtension != nil {
			return a
		}
	}
	for _, d := range ph.donations {
		for _, p := range d.it.Intent.Contacts {
			if strings.EqualFold(p.DisplayName, whom) || ph.sameHandle(p.Handle.Value, whom) {
				return d.app
			}
		}
	}
	if len(ph.apps) > 0 {
		return ph.apps[0]
	}
	return nil
}

// person is whom Siri understood.
func (ph *Phone) person(a *app, whom string) callkit.Person {
	for _, d := range ph.donations {
		for _, p := range d.it.Intent.Contacts {
			if d.app == a && strings.EqualFold(p.DisplayName, whom) {
				return p
			}
		}
	}
	value := whom
	if h := ph.named(whom); h != "" {
		value = h
	}
	h := callkit.Handle{Type: callkit.Generic, Value: value}
	switch {
	case strings.Contains(value, "@"):
		h.Type = callkit.EmailAddress
	case phoneNumber(value, ph.locale) != "":
		h.Type = callkit.PhoneNumber
	}
	return callkit.Person{Handle: h, DisplayName: ph.displayName("", h)}
}

func (ph *Phone) siri(a *app, verb, whom string, video bool) {
	p := ph.person(a, whom)
	u := startCall(p.Handle, p.DisplayName, video)
	switch verb {
	case "redial":
		u.Intent.DestinationType = callkit.RedialDestination
	case "callback":
		u.Intent.DestinationType = callkit.CallBackDestination
		i := slices.IndexFunc(ph.recents, func(r Recent) bool { return r.App == a.cfg.BundleID && ph.sameHandle(r.Handle.Value, p.Handle.Value) })
		if i >= 0 {
			u.Intent.CallRecordToCallBack = ph.recents[i].record()
		}
	default:
		u.Intent.DestinationType = callkit.NormalDestination
	}
	open := func() { ph.openWith("Unlock to continue in "+a.cfg.Name, func() { a.goOn(u) }) }
	switch {
	case a.cfg.IntentsExtension != nil:
		ph.askIntents(a, u, open)
	case ph.locked && ph.knobs.SiriWithoutExtension == "refuse":
		ph.log(ChanSystem, a.tag(), "siri refuses: the phone is locked and the app has no Intents extension")
	default:
		open()
	}
}

// askIntents has the app's Intents extension resolve, confirm and handle the intent.
func (ph *Phone) askIntents(a *app, u callkit.UserActivity, open func()) {
	intent := *u.Intent
	answered := false
	answer := func(x *extension, code callkit.StartCallCode) {
		answered = true
		switch code {
		case callkit.StartCallContinueInApp, callkit.StartCallFailureRequiringAppLaunch, callkit.StartCallRequiringInAppAuthentication:
			*u.Intent = intent
			open()
		case callkit.StartCallUnspecified, callkit.StartCallReady, callkit.StartCallUserConfirmationRequired, callkit.StartCallFailure,
			callkit.StartCallServiceNotAvailable, callkit.StartCallContactNotSupportedByApp, callkit.StartCallAirplaneModeEnabled,
			callkit.StartCallUnableToHandOff, callkit.StartCallAppConfigurationRequired, callkit.StartCallInProgress, callkit.StartCallRinging:
			ph.log(ChanSystem, a.tag(), "siri does not call: the Intents extension answers %d", code)
		default:
			ph.log(ChanSystem, a.tag(), "siri does not call: the Intents extension answers %d, which is no code", code)
		}
		x.end("the intent is handled")
	}
	x := a.startExtension(intentsExtension, func(x *extension) {
		code := a.cfg.IntentsExtension()
		handle := func() {
			x.post(x.say("handleStartCall"), func() {
				code.HandleStartCall(x, intent, once(func(c callkit.StartCallCode) {
					x.send(fmt.Sprintf("intents.handleStartCall %d", c), func() { answer(x, c) })
				}))
			})
		}
		confirm := func() {
			asked, ok := code.(callkit.StartCallConfirmer)
			if !ok {
				handle()
				return
			}
			x.post(x.say("confirmStartCall"), func() {
				asked.ConfirmStartCall(x, intent, once(func(c callkit.StartCallCode) {
					x.send(fmt.Sprintf("intents.confirmStartCall %d", c), func() {
						if c == callkit.StartCallReady {
							handle()
							return
						}
						answer(x, c)
					})
				}))
			})
		}
		x.w.mu.Lock()
		defer x.w.mu.Unlock()
		asked, ok := code.(callkit.StartCallContactResolver)
		if !ok {
			confirm()
			return
		}
		x.post(x.say("resolveContacts"), func() {
			asked.ResolveContacts(x, intent, once(func(found []callkit.Person) {
				found = slices.Clone(found)
				x.send(fmt.Sprintf("intents.resolveContacts %d", len(found)), func() {
					if len(found) == 0 {
						answer(x, callkit.StartCallContactNotSupportedByApp)
						return
					}
					intent.Contacts = found
					confirm()
				})
			}))
		})
	}, func(*extension) {})
	x.onEnd = func(why string) {
		if !answered {
			ph.log(ChanSystem, a.tag(), "siri does not call: the Intents extension did not answer (%s)", why)
		}
	}
}

// once passes on the first call of a completion handler.
func once[T any](f func(T)) func(T) {
	var first sync.Once
	return func(v T) { first.Do(func() { f(v) }) }
}
