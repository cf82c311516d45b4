package iossim

import (
	"fmt"

	"github.com/ringtrip/ringtrip/callkit"
)

// mayTranslate says what stands against live translation of c: it came with iOS 26, needs the app's
// supportsAudioTranslation, and comes only after the call is connected (CXSetTranslatingCallAction).
func (c *call) mayTranslate() string {
	switch {
	case !c.ph.knobs.OS.AtLeast(26, 0):
		return "live translation came with iOS 26"
	case !c.app.config.SupportsAudioTranslation:
		return "the app's configuration lacks supportsAudioTranslation"
	case c.state != callConnected || c.ending:
		return "live translation begins only after the call is connected"
	}
	return ""
}

// Translate presses the button for live translation so that it is on, between the user's language and that of the
// far end, or off. Languages are BCP 47 tags, as "de".
func (ph *Phone) Translate(on bool, local, remote string) error {
	what := "translate off"
	if on {
		if local == "" || remote == "" {
			return fmt.Errorf("iossim: translate from %q to %q: both languages are needed, as de and en", remote, local)
		}
		what = "translate " + oneWord(local) + "→" + oneWord(remote)
	}
	return ph.button(what, "translate", func(c *call) {
		c.app.submit(&transaction{from: "user"}, &callkit.SetTranslatingCallAction{
			Base: callkit.Base{CallUUID: c.id}, IsTranslating: on, LocalLanguage: local, RemoteLanguage: remote,
		})
	})
}

// translate is the effect of a translation action.
func (c *call) translate(a *callkit.SetTranslatingCallAction, ok bool) {
	ph := c.ph
	if !ok {
		ph.log(ChanSystem, c.app.tag(), "log translation failed: it stays as it was")
		return
	}
	if !a.IsTranslating {
		c.translating = ""
		ph.log(ChanSystem, c.app.tag(), "translating %s off", c.id)
		return
	}
	c.translating = a.LocalLanguage + "→" + a.RemoteLanguage
	engine := "default"
	if a.Engine() == callkit.CustomTranslation {
		engine = "custom"
	} else if p := c.app.proc; p != nil && p.session.mode != callkit.VoiceChat && p.session.mode != callkit.VideoChat {
		// CXSetTranslatingCallAction: the system's engine needs Apple's voice processor for the call's sound.
		ph.log(ChanSystem, c.app.tag(), "log warning: the system's translation needs the voice processor; the session's mode is %s", p.session.mode)
	}
	ph.log(ChanSystem, c.app.tag(), "translating %s %s engine=%s", c.id, c.translating, engine)
}
