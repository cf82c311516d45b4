package phone

import (
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// unlockPatience is how long the answer of a video call waits for the user to unlock an iPhone with iOS 16, below the
// minute after which the system takes the answer for failed.
const unlockPatience = 30 * time.Second

// fulfilAnswer fulfils the answer of a call that is ready. A video call needs the app's window: on iOS 16 the user who
// answers on the lock screen lands on the home screen if the answer is fulfilled before the phone is unlocked
// (react-native-callkeep#355, nextcloud/talk-ios PR913), so there it waits for the app to become active. The lock must
// be held.
func (p *Phone) fulfilAnswer(l *line, a callkit.Action) {
	if _, ok := a.(*callkit.AnswerCallAction); !ok || !l.video || !strings.HasPrefix(p.cfg.OSVersion+".", "16.") {
		p.settle(a, true)
		return
	}
	state := callkit.Active
	p.outside(func() { state = p.app.State() })
	if state == callkit.Active {
		p.settle(a, true)
		return
	}
	l.unlocking = a
	p.after(unlockPatience, func() { p.unlocked(l) })
}

// unlocked fulfils the answer that waited for the app's window, if one does. An action whose call is over meanwhile is
// void, and fulfilling it does nothing. The lock must be held.
func (p *Phone) unlocked(l *line) {
	a := l.unlocking
	l.unlocking = nil
	p.settle(a, true)
}
