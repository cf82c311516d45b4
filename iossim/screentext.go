package iossim

import (
	"fmt"
	"strings"
	"time"
)

// String draws the screen for a terminal.
func (s Screen) String() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, "| %s\n", fmt.Sprintf(format, args...)) }
	rule := "+" + strings.Repeat("-", 44) + "\n"
	b.WriteString(rule)
	bar := s.Time.Format("15:04") + "  " + s.Phone
	if s.Locked {
		bar += "  locked"
	}
	if s.Focus != "" {
		bar += "  " + s.Focus
	}
	switch {
	case s.Airplane:
		bar += "  airplane"
	case !s.Online:
		bar += "  offline"
	}
	if s.LowPower {
		bar += "  low power"
	}
	line("%s", bar)
	switch s.Kind {
	case ScreenOff:
		line("(off)")
	case ScreenLock:
		line("%s", s.Time.Format("Monday, 2 January"))
	case ScreenApp:
		line("[%s]", s.appName(s.Front))
	case ScreenRecents:
		line("Recents")
		for i, r := range s.Recents {
			line("%2d %s", i, r)
		}
	case ScreenHome, ScreenIncomingBanner:
		for _, a := range s.Apps {
			line("(%s)%s  %s", a.Name, badge(a.Badge), a.State)
		}
		if s.Missed > 0 {
			line("(Phone)%s", badge(fmt.Sprint(s.Missed)))
		}
	case ScreenIncomingFull, ScreenConnecting, ScreenInCall, ScreenCallWaiting, ScreenCallFailed:
		// The calls below are all there is.
	}
	if s.Call != nil {
		b.WriteString(s.Call.text(s.Time))
	}
	for _, o := range s.Others {
		line("  + %s (%s) %s", o.Caller, o.App, o.state(s.Time))
	}
	for _, n := range s.Notifications {
		line("* %s: %s %s", s.appName(n.App), n.Title, n.Body)
	}
	for _, d := range s.Dialogs {
		line("[ %s  (OK) ]", d)
	}
	if s.Prompt != "" {
		line("%s", s.Prompt)
	}
	for _, n := range s.Notices {
		line("! %s", n)
	}
	b.WriteString(rule)
	return b.String()
}

func (c ScreenCall) text(now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "|   %s\n", c.Caller)
	fmt.Fprintf(&b, "|   %s\n", c.state(now))
	if c.Digits != "" {
		fmt.Fprintf(&b, "|   %s\n", c.Digits)
	}
	if c.Translating != "" {
		fmt.Fprintf(&b, "|   translating %s\n", c.Translating)
	}
	if c.Mismatch != "" {
		fmt.Fprintf(&b, "|   (%s)\n", c.Mismatch)
	}
	for _, m := range c.Members {
		fmt.Fprintf(&b, "|   - %s %s\n", m.Caller, row(m.Buttons))
	}
	if len(c.Buttons) > 0 {
		fmt.Fprintf(&b, "|   %s\n", row(c.Buttons))
	}
	return b.String()
}

// state is the line under the caller: the status, or how long the call has lasted.
func (c ScreenCall) state(now time.Time) string {
	if c.Status != "" {
		return c.Status
	}
	d := max(0, now.Sub(c.ConnectedAt)).Truncate(time.Second)
	return fmt.Sprintf("%02d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

func row(buttons []Button) string {
	words := make([]string, 0, len(buttons))
	for _, x := range buttons {
		switch {
		case !x.Enabled:
			words = append(words, "("+x.Label+")")
		case x.On:
			words = append(words, "["+x.Label+" on]")
		default:
			words = append(words, "["+x.Label+"]")
		}
	}
	return strings.Join(words, " ")
}

// String is the entry as a line of Recents.
func (r Recent) String() string {
	mark := "<-"
	switch {
	case r.Outgoing:
		mark = "->"
	case r.Missed:
		mark = "!!"
	}
	s := fmt.Sprintf("%s %s (%s) %s", mark, r.Name, r.AppName, r.When.Format("15:04"))
	if r.Duration > 0 {
		s += " " + r.Duration.Truncate(time.Second).String()
	}
	return s
}

func (s Screen) appName(bundleID string) string {
	for _, a := range s.Apps {
		if a.BundleID == bundleID {
			return a.Name
		}
	}
	return bundleID
}

func badge(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}
