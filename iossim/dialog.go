package iossim

import "fmt"

// maxDialogs is how many alerts wait to be dismissed; a developer who looks away does not need more of the same.
const maxDialogs = 5

// Dismiss closes the alert on top, see [Screen].Dialogs, with OK: to the question about the microphone that is yes
// ([Phone.AllowMicrophone] can say no).
func (ph *Phone) Dismiss() error {
	return ph.press("dismiss", func() string {
		if len(ph.dialogs) == 0 && ph.asks() == nil {
			return "there is no alert"
		}
		return ""
	}, func() {
		if n := len(ph.dialogs); n > 0 {
			ph.dialogs = ph.dialogs[:n-1]
			return
		}
		ph.asks().answerMicrophone(true)
	})
}

// dialog shows an alert, as iOS 26 does to developers only: in development and TestFlight builds.
func (ph *Phone) dialog(a *app, format string, args ...any) {
	if !ph.knobs.DevelopmentBuild || !ph.has(featureDialogs) {
		return
	}
	text := fmt.Sprintf(format, args...)
	if n := len(ph.dialogs); n == maxDialogs || n > 0 && ph.dialogs[n-1] == text {
		return
	}
	ph.log(ChanSystem, a.tag(), "dialog %q", text)
	ph.dialogs = append(ph.dialogs, text)
}
