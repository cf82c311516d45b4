package callkittest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// acts does lines as they would stand under when.
func (r *run) acts(lines ...string) error {
	for _, text := range lines {
		words, _ := cut(text)
		l := Line{Text: text, Words: words[1:]}
		l.Channel, l.App, _ = strings.Cut(words[0], "@")
		if len(words) < 2 {
			return fmt.Errorf("%s: say what happens", text)
		}
		if words[0] == "wait" {
			d, err := time.ParseDuration(words[1])
			if err != nil {
				return err
			}
			l.Wait = d
		}
		if err := r.when(l); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	return nil
}

// when does a line that the scenario makes happen, and lets everything follow that follows at once.
func (r *run) when(l Line) error {
	switch l.Channel {
	case "wait":
		r.stage.Wait(l.Wait)
		return nil
	case "A":
		a := r.actor(l.App)
		if a == nil {
			return errors.New("the app does not run and has not run")
		}
		a.do([]Line{l})
	default:
		r.told(l)
		if err := r.stage.Do(l.Channel, withUUIDs(l.Words)); err != nil {
			return err
		}
	}
	r.stage.Wait(0)
	return nil
}

// withUUIDs writes UUIDs for u1 and the like, as a stage wants them; except in a push, which has names.
func withUUIDs(words []string) []string {
	words = slices.Clone(words)
	if words[0] != "voipPush" && words[0] != "alertPush" {
		for i, w := range words {
			if id, err := parseName(w); err == nil {
				words[i] = id.String()
			}
		}
	}
	return words
}

// given brings about a state of the world that the scenario starts from.
func (r *run) given(l Line) error {
	text := strings.Join(l.Words, " ")
	switch text {
	case "first launch", "app not running", "token registered", "phone unlocked", "idle":
		return nil
	case "app in foreground":
		return r.acts("U open", "wait 1s")
	case "app in background":
		return r.acts("U open", "wait 1s", "U home")
	case "app suspended":
		return r.acts("U open", "wait 1s", "U home", "wait 40s")
	case "phone locked":
		return r.acts("U lock")
	case "other app on a call":
		return r.acts("U open other", "wait 1s", "A@other request Start u99 handle=somebody", "wait 1s",
			"A@other reportOutgoing u99 connected", "U home", "wait 1s")
	}
	channel, _, _ := strings.Cut(l.Words[0], "@")
	switch channel {
	case "config", "no": // before the stage was there
		return nil
	case "focus", "block", "clock":
		return r.acts("SYS " + text)
	case "strikes":
		return r.strikes(l.Words[1:])
	case "app":
		if len(l.Words) >= 3 && (l.Words[1] == "setup" || l.Words[1] == "has") {
			return nil
		}
	case "group":
		return r.group(l.Words[1:])
	case "U", "N", "SYS", "A", "wait":
		return r.acts(text)
	}
	if _, err := parseName(l.Words[0]); err == nil && len(l.Words) > 1 {
		return r.call(l.Words[0], l.Words[1], strings.Join(l.Words[2:], " "))
	}
	return errors.New("given: nobody knows how to bring that about")
}

// call brings a call into a state; more is what its push says.
func (r *run) call(name, state, more string) error {
	push := "N voipPush " + name + " " + more
	start := "A request Start " + name + " " + more
	switch state {
	case "ringing":
		return r.acts(push, "wait 1s")
	case "connected":
		return r.acts(push, "wait 1s", "U answer", "wait 1s")
	case "ended":
		return r.acts(push, "wait 1s", "U answer", "wait 1s", "U end", "wait 1s")
	case "dialing":
		return r.acts("U open", "wait 1s", start, "wait 1s")
	case "outgoing":
		return r.acts("U open", "wait 1s", start, "wait 1s", "A reportOutgoing "+name+" connected", "wait 1s")
	case "held":
		return r.acts(push, "wait 1s", "U answer", "wait 1s", "U hold on", "wait 1s")
	}
	return fmt.Errorf("given: a call can be ringing, connected, ended, dialing, outgoing, held; not %q", state)
}

// group brings calls into one group, all connected.
func (r *run) group(names []string) error {
	if len(names) < 2 {
		return errors.New("as in: group u1 u2")
	}
	for i, name := range names {
		if err := r.acts("N voipPush "+name+" name="+name, "wait 1s", "U answer", "wait 1s"); err != nil {
			return err
		}
		if i > 0 {
			if err := r.acts("U merge", "wait 1s"); err != nil {
				return err
			}
		}
	}
	return nil
}

// strikes has the app fail to report so many pushes.
func (r *run) strikes(words []string) error {
	n, err := strconv.Atoi(strings.Join(words, ""))
	if err != nil || n < 1 || n > 20 {
		return errors.New("as in: strikes 4")
	}
	r.setIgnores(true)
	for range n {
		if err := r.acts("N voipPush u98", "wait 10s"); err != nil {
			return err
		}
	}
	r.setIgnores(false)
	return nil
}

func (r *run) setIgnores(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ignores = on
}

// configure changes the provider's configuration.
func (r *run) configure(words []string) error {
	for _, w := range words {
		k, v, _ := strings.Cut(w, "=")
		n, err := strconv.Atoi(v)
		if err != nil && k != "handleTypes" {
			return fmt.Errorf("%.40q is no number (want as: config maximumCallGroups=1)", w)
		}
		switch k {
		case "maximumCallGroups":
			r.config.MaximumCallGroups = n
		case "maximumCallsPerCallGroup":
			r.config.MaximumCallsPerCallGroup = n
		case "includesCallsInRecents":
			r.config.IncludesCallsInRecents = n == 1
		case "supportsAudioTranslation":
			r.config.SupportsAudioTranslation = n == 1
		case "supportsVideo":
			r.config.SupportsVideo = n == 1
		case "handleTypes":
			r.config.SupportedHandleTypes = nil
			for t := range strings.SplitSeq(v, ",") {
				kind := map[string]callkit.HandleType{"generic": callkit.Generic, "phone": callkit.PhoneNumber, "email": callkit.EmailAddress}[t]
				if kind != 0 {
					r.config.SupportedHandleTypes = append(r.config.SupportedHandleTypes, kind)
				}
			}
		default:
			return fmt.Errorf("a configuration has no %.40q", k)
		}
	}
	return nil
}
