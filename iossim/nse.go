package iossim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// Notification is what the user sees of an alert push.
type Notification struct {
	App   string    `json:"app"` // bundle id
	Title string    `json:"title"`
	Body  string    `json:"body"`
	When  time.Time `json:"when"` // by the phone's clock
}

// maxNotifications is how many the phone keeps on its screen.
const maxNotifications = 20

// DeliverAlert is the push service handing over an alert push: a JSON object with "aps", whose "alert" is a text or
// has "title" and "body". With "mutable-content": 1 the app's notification service extension gets it first, and may
// show something else, nothing, or hand the app a call (Apple: Sending end-to-end encrypted VoIP calls). What is
// stored and late is as with [Phone.DeliverPush]. It returns a [*PushError] if APNs refuses the push.
func (ph *Phone) DeliverAlert(bundleID string, payload []byte, options ...PushOption) error {
	payload = bytes.Clone(payload)
	return ph.send("alertPush", bundleID, bundleID, len(payload), maxAlertPayload, options, func(pushInfo) {
		ph.alert(bundleID, payload)
	})
}

// alert is an alert push, as far as the phone reads it.
type alert struct {
	content callkit.NotificationContent
	mutable bool
}

// parseAlert reads what stands in "aps".
func parseAlert(payload []byte) (alert, error) {
	var p struct {
		Aps *struct {
			Alert   json.RawMessage `json:"alert"`
			Mutable int             `json:"mutable-content"`
		} `json:"aps"`
	}
	if err := json.Unmarshal(payload, &p); err != nil {
		return alert{}, fmt.Errorf("the payload is no JSON object: %w", err)
	}
	if p.Aps == nil || len(p.Aps.Alert) == 0 {
		return alert{}, fmt.Errorf("the payload has no aps.alert, so there is nothing to show")
	}
	a := alert{content: callkit.NotificationContent{UserInfo: payload}, mutable: p.Aps.Mutable == 1}
	if json.Unmarshal(p.Aps.Alert, &a.content.Body) == nil {
		return a, nil
	}
	var words struct{ Title, Body string }
	if err := json.Unmarshal(p.Aps.Alert, &words); err != nil {
		return alert{}, fmt.Errorf("aps.alert is neither a text nor an object with title and body: %w", err)
	}
	a.content.Title, a.content.Body = words.Title, words.Body
	return a, nil
}

func (ph *Phone) alert(bundleID string, payload []byte) {
	a := ph.find(bundleID)
	if a == nil {
		ph.log(ChanNet, nil, "alertPush %s: no such app", bundleID)
		return
	}
	push, err := parseAlert(payload)
	ph.log(ChanNet, a.tag(), "alertPush %d bytes mutable=%s", len(payload), bit(push.mutable))
	switch {
	case err != nil:
		ph.log(ChanSystem, a.tag(), "log alert push dropped: %v", err)
	case ph.off:
		ph.log(ChanSystem, a.tag(), "log alert push dropped: the phone is off")
	case push.mutable && a.cfg.NotificationService != nil:
		ph.serve(a, push)
	default:
		ph.notify(a, push.content)
	}
}

// serve has the app's notification service extension decide what is shown.
func (ph *Phone) serve(a *app, push alert) {
	var code callkit.NotificationService
	done := false
	var x *extension
	finish := func(c callkit.NotificationContent) {
		if done {
			return
		}
		done = true
		switch {
		case !c.IsZero():
			ph.notify(a, c)
		case a.cfg.FilteringEntitlement:
			ph.log(ChanSystem, a.tag(), "log notification filtered by the extension")
		default:
			ph.log(ChanSystem, a.tag(), "log the extension lacks the notification filtering entitlement: the push is shown as it came")
			ph.notify(a, push.content)
		}
	}
	id := fmt.Sprintf("%s-%d", a.cfg.BundleID, ph.nextPID+1)
	x = a.startExtension(notificationService, func(x *extension) {
		code = a.cfg.NotificationService()
		x.w.mu.Lock()
		defer x.w.mu.Unlock()
		request := callkit.NotificationRequest{Identifier: id, Content: push.content}
		request.Content.UserInfo = bytes.Clone(push.content.UserInfo)
		x.post(x.say("didReceiveNotificationRequest "+id), func() {
			code.DidReceive(x, request, func(c callkit.NotificationContent) {
				x.send("nse.contentHandler "+contentWords(c), func() {
					finish(c)
					x.end("the content handler was called")
				})
			})
		})
	}, func(x *extension) {
		if code != nil {
			x.post(x.say("serviceExtensionTimeWillExpire"), func() { code.ServiceExtensionTimeWillExpire() })
		}
	})
	x.onEnd = func(why string) {
		if !done {
			done = true
			ph.log(ChanSystem, a.tag(), "log the push is shown as it came: the extension did not call its handler (%s)", why)
			ph.notify(a, push.content)
		}
	}
}

func contentWords(c callkit.NotificationContent) string {
	if c.IsZero() {
		return "empty"
	}
	return fmt.Sprintf("title=%q body=%q", c.Title, c.Body)
}

// notify shows a notification.
func (ph *Phone) notify(a *app, c callkit.NotificationContent) {
	if ph.find(a.cfg.BundleID) == nil {
		return
	}
	ph.log(ChanSystem, a.tag(), "notification title=%q body=%q", c.Title, c.Body)
	n := Notification{App: a.cfg.BundleID, Title: c.Title, Body: c.Body, When: ph.now()}
	ph.notifications = slices.Insert(ph.notifications, 0, n)
	if len(ph.notifications) > maxNotifications {
		ph.notifications = ph.notifications[:maxNotifications]
	}
}

// TapNotification opens the app of notification i, the newest being 0; on a locked phone after it was unlocked.
func (ph *Phone) TapNotification(i int) error {
	return ph.press(fmt.Sprintf("tap notification %d", i), func() string {
		switch {
		case i < 0 || i >= len(ph.notifications):
			return fmt.Sprintf("there are %d notifications", len(ph.notifications))
		case ph.find(ph.notifications[i].App) == nil:
			return "the app of this notification is not installed any more"
		case ph.coveredByRing():
			return "an incoming call covers the screen"
		}
		return ""
	}, func() {
		a := ph.find(ph.notifications[i].App)
		ph.notifications = slices.Delete(ph.notifications, i, i+1)
		ph.openWith("Unlock to open "+a.cfg.Name, func() { ph.bring(a) })
	})
}

// openWith does what needs an unlocked phone, now or after the user has unlocked it.
func (ph *Phone) openWith(prompt string, do func()) {
	if ph.locked {
		ph.prompt(prompt, do)
		return
	}
	do()
}

// ReportNewIncomingVoIPPushPayload is part of [callkit.VoIPPushReporter].
func (x *extension) ReportNewIncomingVoIPPushPayload(payload []byte, completion func(error)) {
	payload = bytes.Clone(payload)
	x.send(fmt.Sprintf("nse.reportNewIncomingVoIPPushPayload %d bytes", len(payload)), func() {
		if !x.ph.has(featureVoIPPayload) {
			x.ph.log(ChanSystem, x.app.tag(), "exception %s", unrecognized(selectorVoIPPayload))
			x.end("crash: " + unrecognized(selectorVoIPPayload))
			return
		}
		var err error
		switch {
		case x.kind != notificationService:
			err = errNotNSE
		case !x.app.cfg.FilteringEntitlement:
			err = nseError(callkit.NotificationServiceMissingFilteringEntitlement, "the extension lacks com.apple.developer.usernotifications.filtering")
		case !isObject(payload):
			err = nseError(callkit.NotificationServiceUnknown, "the payload is no JSON object")
		}
		x.post(x.say("reportCompletion "+short(err)), func() {
			if completion != nil {
				completion(err)
			}
		})
		if err == nil {
			x.ph.receive(x.app.cfg.BundleID, payload, pushInfo{sent: x.w.now})
		}
	})
}

// ReportNewIncomingVoIPPushPayload is part of [callkit.VoIPPushReporter]: the app itself is no notification service
// extension, so this fails.
func (p *Process) ReportNewIncomingVoIPPushPayload(payload []byte, completion func(error)) {
	p.send(fmt.Sprintf("reportNewIncomingVoIPPushPayload %d bytes", len(payload)), func() {
		if !p.ph.has(featureVoIPPayload) {
			p.raise(selectorVoIPPayload)
			return
		}
		p.completeError(completion, errNotNSE)
	})
}

const selectorVoIPPayload = "+[CXProvider reportNewIncomingVoIPPushPayload:completion:]"

var errNotNSE = nseError(callkit.NotificationServiceInvalidClientProcess, "the process is no notification service extension")

func nseError(code int, text string) error {
	return &callkit.Error{Domain: callkit.NotificationServiceErrorDomain, Code: code, Text: text}
}

func isObject(b []byte) bool {
	var o map[string]json.RawMessage
	return json.Unmarshal(b, &o) == nil && o != nil
}

// unrecognized is what Objective-C says about a method that this version of iOS has not.
func unrecognized(selector string) string {
	return "NSInvalidArgumentException '" + selector + ": unrecognized selector sent to class'"
}

// raise is the app calling what its iOS has not: an uncaught exception.
func (p *Process) raise(selector string) {
	p.ph.log(ChanSystem, p.tag(), "exception %s", unrecognized(selector))
	p.app.kill("crash: " + unrecognized(selector))
}

// completeError calls a completion handler on a private queue.
func (p *Process) completeError(completion func(error), err error) {
	p.post(item{
		log: p.say(ChanController, "completion %s", short(err)),
		run: func() {
			if completion != nil {
				completion(err)
			}
		},
	})
}
