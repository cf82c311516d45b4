package iossim

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/ringtrip/ringtrip/callkit"
)

// startIntent is the activity type of a call that the user wants.
const startIntent = "INStartCallIntent"

// goOn hands an app what the user wants it to go on with: by launch options if it does not run, else by
// continueUserActivity; to an app with scenes only by its scene delegate.
func (a *app) goOn(u callkit.UserActivity) {
	u = a.ph.dress(u)
	a.ph.front, a.ph.inRecents = a, false
	if a.proc == nil {
		a.launch(callkit.LaunchOptions{UserActivity: &u}, "user activity "+u.ActivityType)
		a.ph.log(ChanSystem, a.tag(), "userActivity %s", activityWords(u))
		return
	}
	if a.cfg.Scenes && !a.proc.scene {
		a.proc.launchActivity = &u
		a.launch(callkit.LaunchOptions{}, "user activity")
		return
	}
	a.launch(callkit.LaunchOptions{}, "user activity").continueActivity(u)
}

// dress gives an activity the looks of the phone's version of iOS.
func (ph *Phone) dress(u callkit.UserActivity) callkit.UserActivity {
	if u.ActivityType != startIntent || u.Intent == nil {
		return u
	}
	if ph.knobs.LegacyActivityTypes {
		u.ActivityType = "INStartAudioCallIntent"
		if u.Intent.CallCapability == callkit.VideoCall {
			u.ActivityType = "INStartVideoCallIntent"
		}
	}
	if ph.knobs.ActivityHandle && len(u.Intent.Contacts) > 0 {
		u.Handle = u.Intent.Contacts[0].Handle.Value
	}
	return u
}

// continueActivity calls the delegate that is there for it.
func (p *Process) continueActivity(u callkit.UserActivity) {
	if p.app.cfg.Scenes {
		p.toScene("sceneContinueUserActivity "+activityWords(u), func(d callkit.SceneDelegate) { d.SceneContinueUserActivity(u) })
		return
	}
	var d callkit.ApplicationDelegate
	p.post(item{
		wakes: true,
		skip: func() bool {
			d = p.delegate
			if d == nil {
				p.ph.log(ChanSystem, p.tag(), "log userActivity lost: the app has no application delegate")
			}
			return d == nil
		},
		log: p.say(ChanLife, "continueUserActivity %s", activityWords(u)),
		run: func() { d.ContinueUserActivity(u) },
	})
}

// toScene calls the scene delegate.
func (p *Process) toScene(text string, f func(callkit.SceneDelegate)) {
	var d callkit.SceneDelegate
	p.post(item{
		wakes: true,
		skip: func() bool {
			var ok bool
			if d, ok = p.delegate.(callkit.SceneDelegate); !ok {
				p.ph.log(ChanSystem, p.tag(), "log %s lost: the app declares scenes and its delegate is no scene delegate", firstWord(text))
			}
			return !ok
		},
		log: p.say(ChanLife, "%s", text),
		run: func() { f(d) },
	})
}

// connectScene follows the first time that the window of an app with scenes comes to the front.
func (p *Process) connectScene() {
	if !p.app.cfg.Scenes || p.scene {
		return
	}
	p.scene = true
	var activities []callkit.UserActivity
	text := "sceneWillConnect"
	if u := p.launchActivity; u != nil {
		activities = append(activities, *u)
		text += " " + activityWords(*u)
		p.launchActivity = nil
	}
	p.toScene(text, func(d callkit.SceneDelegate) { d.SceneWillConnect(activities) })
}

func activityWords(u callkit.UserActivity) string {
	s := u.ActivityType
	if u.Intent != nil && len(u.Intent.Contacts) > 0 {
		s += " handle=" + u.Intent.Contacts[0].Handle.Value
		if u.Intent.CallCapability == callkit.VideoCall {
			s += " callCapability=video"
		} else {
			s += " callCapability=audio"
		}
		if w := destinationWord(u.Intent.DestinationType); w != "" {
			s += " destination=" + w
		}
	}
	return s
}

func destinationWord(d callkit.DestinationType) string {
	switch d {
	case callkit.UnknownDestination, callkit.NormalDestination:
		return ""
	case callkit.EmergencyDestination:
		return "emergency"
	case callkit.VoicemailDestination:
		return "voicemail"
	case callkit.RedialDestination:
		return "redial"
	case callkit.CallBackDestination:
		return "callBack"
	}
	return fmt.Sprintf("destination(%d)", int(d))
}

func firstWord(s string) string {
	w, _, _ := strings.Cut(s, " ")
	return w
}

// record is an entry of Recents as an intent has it.
func (r Recent) record() *callkit.CallRecord {
	kind, media := callkit.ReceivedRecord, callkit.AudioCall
	switch {
	case r.Outgoing:
		kind = callkit.OutgoingRecord
	case r.Missed:
		kind = callkit.MissedRecord
	}
	if r.Video {
		media = callkit.VideoCall
	}
	return &callkit.CallRecord{DateCreated: r.When, Caller: callkit.Person{Handle: r.Handle, DisplayName: r.Name},
		RecordType: kind, CallCapability: media, CallDuration: r.Duration}
}

// donation is an INInteraction that an app gave the system.
type donation struct {
	app *app
	it  callkit.Interaction
}

// Suggestion is what the system offers for a donated interaction, as in Siri Suggestions and the share sheet.
type Suggestion struct {
	App         string              `json:"app"` // bundle id
	Interaction callkit.Interaction `json:"interaction"`
}

var _ callkit.InteractionDonor = (*Process)(nil)

// DonateInteraction is part of [callkit.InteractionDonor].
func (p *Process) DonateInteraction(i callkit.Interaction, completion func(error)) {
	i.Intent.Contacts = slices.Clone(i.Intent.Contacts)
	p.send(fmt.Sprintf("donateInteraction %s %s", orNone(oneWord(i.Identifier)), activityWords(callkit.UserActivity{ActivityType: startIntent, Intent: &i.Intent})), func() {
		ph := p.ph
		if i.Identifier != "" { // the same interaction again
			ph.donations = slices.DeleteFunc(ph.donations, func(d donation) bool { return d.app == p.app && d.it.Identifier == i.Identifier })
		}
		ph.donations = slices.Insert(ph.donations, 0, donation{p.app, i})
		if len(ph.donations) > 100 {
			ph.donations = ph.donations[:100]
		}
		p.completeError(completion, nil)
	})
}

// DeleteInteractions is part of [callkit.InteractionDonor].
func (p *Process) DeleteInteractions(identifiers []string, completion func(error)) {
	identifiers = slices.Clone(identifiers)
	p.deleteDonations("deleteInteractions "+oneWord(strings.Join(identifiers, ",")), completion, func(i callkit.Interaction) bool {
		return slices.Contains(identifiers, i.Identifier)
	})
}

// DeleteInteractionGroup is part of [callkit.InteractionDonor].
func (p *Process) DeleteInteractionGroup(group string, completion func(error)) {
	p.deleteDonations("deleteInteractionGroup "+oneWord(group), completion, func(i callkit.Interaction) bool { return i.GroupIdentifier == group })
}

func (p *Process) deleteDonations(text string, completion func(error), which func(callkit.Interaction) bool) {
	p.send(text, func() {
		p.ph.donations = slices.DeleteFunc(p.ph.donations, func(d donation) bool { return d.app == p.app && which(d.it) })
		p.completeError(completion, nil)
	})
}

func (ph *Phone) forgetDonations(a *app) {
	ph.donations = slices.DeleteFunc(ph.donations, func(d donation) bool { return d.app == a })
}

// Suggestions are what apps donated, newest first.
func (ph *Phone) Suggestions() []Suggestion {
	ph.w.mu.Lock()
	defer ph.w.mu.Unlock()
	list := make([]Suggestion, 0, len(ph.donations))
	for _, d := range ph.donations {
		list = append(list, Suggestion{d.app.cfg.BundleID, d.it})
	}
	return list
}

// TapSuggestion taps suggestion i, the newest being 0: its app is opened with the donated intent.
func (ph *Phone) TapSuggestion(i int) error {
	return ph.press(fmt.Sprintf("tap suggestion %d", i), func() string {
		if i < 0 || i >= len(ph.donations) {
			return fmt.Sprintf("there are %d suggestions", len(ph.donations))
		}
		if ph.coveredByRing() {
			return "an incoming call covers the screen"
		}
		return ph.notLocked()
	}, func() {
		d := ph.donations[i]
		intent := d.it.Intent
		d.app.goOn(callkit.UserActivity{ActivityType: startIntent, Intent: &intent})
	})
}

// SetDefaultCallingApp makes an app the one for telephone links, as the user does in Settings; "" is the Phone app
// again. It fails before iOS 18.2 and for an app without the calling-app entitlement (Apple: Preparing your app to
// be the default calling app).
func (ph *Phone) SetDefaultCallingApp(bundleID string) error {
	return ph.press("default calling app "+orNone(bundleID), func() string {
		a := ph.find(bundleID)
		switch {
		case !ph.has(featureCallingApp):
			return "iOS " + ph.knobs.OS.String() + " has no such setting (18.2)"
		case bundleID == "":
			return ""
		case a == nil:
			return "no app " + bundleID + " is installed"
		case !a.cfg.CallingAppEntitlement:
			return bundleID + " lacks com.apple.developer.calling-app"
		}
		return ph.notLocked()
	}, func() { ph.callingApp = ph.find(bundleID) })
}

// OpenURL is the user following a link. A telephone link (tel:) goes to the default calling app as a call that the
// user wants, or to the Phone app if there is none, or if the link says telephony:. Other links go to the app that
// has the scheme. It fails for what is no link and for a scheme that nobody has.
func (ph *Phone) OpenURL(link string) error {
	u, err := url.Parse(link)
	if err != nil || u.Scheme == "" {
		return fmt.Errorf("iossim: %.80q is no link (want as tel:+14085550123 or example://call)", link)
	}
	number := phoneNumber(strings.TrimPrefix(link[len(u.Scheme)+1:], "//"), ph.locale)
	target := func() *app {
		for _, a := range ph.apps {
			if slices.ContainsFunc(a.cfg.URLSchemes, func(s string) bool { return strings.EqualFold(s, u.Scheme) }) {
				return a
			}
		}
		return nil
	}
	return ph.press("open "+oneWord(link), func() string {
		switch u.Scheme {
		case "tel", "telprompt", "telephony":
			if number == "" {
				return "the link has no telephone number"
			}
			if !ph.locked && (ph.callingApp == nil || u.Scheme == "telephony") {
				return ph.noLine()
			}
		default:
			if target() == nil {
				return "no app has the scheme " + u.Scheme
			}
		}
		return ph.notLocked()
	}, func() {
		switch u.Scheme {
		case "tel", "telprompt", "telephony":
			ph.dialLink("+"+number, u.Scheme)
		default:
			a := target()
			ph.bring(a)
			a.openURL(link)
		}
	})
}

// dialLink is a telephone link that the user followed.
func (ph *Phone) dialLink(number, scheme string) {
	a := ph.callingApp
	if a == nil || scheme == "telephony" {
		ph.log(ChanSystem, nil, "phone app dials %s", number)
		if why := ph.noLine(); why != "" {
			ph.log(ChanSystem, ph.phoneApp(), "log not dialed: %s", why)
			return
		}
		ph.dial(number)
		return
	}
	h := callkit.Handle{Type: callkit.PhoneNumber, Value: number}
	a.goOn(startCall(h, ph.displayName("", h), false))
}

// openURL hands a link to the app's delegate.
func (a *app) openURL(link string) {
	p := a.proc
	var d callkit.URLDelegate
	p.post(item{
		wakes: true,
		skip: func() bool {
			var ok bool
			if d, ok = p.delegate.(callkit.URLDelegate); !ok {
				a.ph.log(ChanSystem, a.tag(), "log link lost: the app delegate does not open links")
			}
			return !ok
		},
		log: p.say(ChanLife, "openURL %s", oneWord(link)),
		run: func() { d.OpenURL(link) },
	})
}
