package verdict

import (
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// BundleID is the bundle id under which the app under test is installed on the kit's phones.
const BundleID = "app.under.test"

// Subject is an app under test, as far as the kit must know it. The kit makes one for each trial and keeps it
// as long as the app is installed: what an app keeps on disk from process to process belongs into it.
//
// A Subject may also be an [OtherPusher] and a [ChinaBuilder].
type Subject interface {
	// New makes the app's code for a new process, as main does. line is all that the process has besides the
	// phone: its server and its media. An app that is tried without them ignores it, and the verdict says what
	// could not be tried. The value may also have the app's own buttons: [Dialer], [HangUpper], [Muter],
	// [Resumer], [Merger], [Reloader], and be an [iossim.ProcessWatcher] or an [iossim.NetworkWatcher].
	New(line *Line) callkit.App
	// Push returns the payload, a JSON object, of the VoIP push that the app's server sends for an incoming call.
	Push(Call) []byte
}

// OtherPusher is a Subject whose server sends VoIP pushes for more than incoming calls: Apple says not to
// (Responding to VoIP Notifications from PushKit), and the kit shows what happens.
type OtherPusher interface {
	// OtherPushes returns those payloads by what they are for, as "cancel".
	OtherPushes(Call) map[string][]byte
}

// ChinaBuilder is a Subject with another build, or another mode, for the App Store of mainland China, where CallKit
// must not be active.
type ChinaBuilder interface {
	// NewForChina is New in that build.
	NewForChina(line *Line) callkit.App
}

// Call is what an app's server knows of an incoming call when it sends the push.
type Call struct {
	// ID names the call on the server. Apps that tell CallKit another UUID are fine, as long as the push and
	// the line lead to the same one.
	ID callkit.UUID
	// Handle and Name are the caller's; both are empty for a caller who hides them.
	Handle, Name string
	Video        bool
	// Sent is when the call came, Expires when its ring is over by the server's rules.
	Sent, Expires time.Time
}

// The app's own buttons, which the kit presses on the main queue while the app is in the foreground. id is the
// call's UUID in CallKit.
type (
	// Dialer has a button that calls somebody.
	Dialer interface{ Dial(handle string) }
	// HangUpper has a button that ends a call: declines, cancels or hangs up.
	HangUpper interface{ HangUp(id callkit.UUID) }
	// Muter has a mute button.
	Muter interface {
		SetMuted(id callkit.UUID, on bool)
	}
	// Resumer knows whether its screen shows a button for going on with a held call.
	Resumer interface {
		CanResume(id callkit.UUID) bool
	}
	// Merger has a button that makes one conference of two calls.
	Merger interface{ Merge(a, b callkit.UUID) }
	// Reloader starts its call code anew inside of its process, as a JavaScript bridge does, or a log-out.
	Reloader interface{ Reload() }
)
