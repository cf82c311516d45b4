package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// doctorCmd looks at a configuration and at what it leans on, before a phone does.
type doctorCmd struct {
	serveCmd
	TimeURL  string        `help:"Whose clock this machine's is held against: an HTTPS address that answers with a Date." default:"https://www.apple.com" placeholder:"URL"`
	Patience time.Duration `help:"How long each look at the network may take." default:"5s"`
	Offline  bool          `help:"Do not use the network."`
	JSON     bool          `help:"Print JSON, for machines."`
}

// Help is the long text of --help.
func (c *doctorCmd) Help() string {
	return "Give it serve's own flags, environment and --config. Each line says ok, warn, FAIL or skip, and what to do; the exit code is 1 if " +
		"anything failed. To APNs it sends one push to a device token that cannot exist, which no phone sees: the refusal shows whether key and team are taken. It opens the store as serve does, so a store of an older version is brought up to date."
}

// verdict is how a look at something ended.
type verdict string

const (
	fine    verdict = "ok"
	warning verdict = "warn"
	failure verdict = "FAIL"
	skipped verdict = "skip"
)

// finding is one line of the doctor's.
type finding struct {
	Verdict verdict `json:"verdict"`
	What    string  `json:"what"`
	Text    string  `json:"text"`
	Do      string  `json:"do,omitempty"`
}

// doctor collects findings.
type doctor struct {
	c        *doctorCmd
	findings []finding
}

func (d *doctor) say(v verdict, what, do, format string, args ...any) {
	d.findings = append(d.findings, finding{Verdict: v, What: what, Text: fmt.Sprintf(format, args...), Do: do})
}

// Run looks at everything and prints what it found.
func (c *doctorCmd) Run(ctx context.Context, o out) error {
	d := &doctor{c: c}
	d.apps(ctx)
	d.phones(ctx)
	d.certificate(ctx)
	d.clock(ctx)
	d.store(ctx)
	d.machine()
	if err := d.print(o); err != nil {
		return err
	}
	if slices.ContainsFunc(d.findings, func(f finding) bool { return f.Verdict == failure }) {
		return errFailed
	}
	return nil
}

func (d *doctor) print(o out) error {
	if d.c.JSON {
		enc := json.NewEncoder(o)
		enc.SetIndent("", "  ")
		return enc.Encode(d.findings)
	}
	for _, f := range d.findings {
		line := fmt.Sprintf("%-4s  %-22s %s", f.Verdict, f.What, f.Text)
		if f.Do != "" && f.Verdict != fine {
			line += "; to do: " + f.Do
		}
		if _, err := fmt.Fprintln(o, line); err != nil {
			return err
		}
	}
	return nil
}

// apps reads the configuration and everything that it names, app by app, so that one mistake does not hide the next.
func (d *doctor) apps(ctx context.Context) {
	list, err := d.c.apps()
	if err != nil {
		d.say(failure, "configuration", "see ringtrip config example", "%s", err)
		return
	}
	d.say(fine, "configuration", "", "%d app(s)", len(list))
	for _, a := range list {
		what := "app " + a.ID
		switch _, err := a.app(); {
		case a.ID == "":
			d.say(failure, what, "name it: its users' tokens have that word as iss", "an app has no id")
		case err != nil:
			d.say(failure, what, "put the file or variable right", "%s", err)
		case len(a.Keys) == 0:
			d.say(failure, what, "list a key in keys", "it has no key: nobody's token is taken")
		case a.RingTimeout != 0 && (a.RingTimeout < 5*time.Second || a.RingTimeout > 58*time.Second):
			d.say(failure, what, "choose 5s to 58s: the system itself stops ringing after 60 s", "it rings for %s", a.RingTimeout)
		case len(a.BundleIDs) == 0:
			d.say(warning, what, "list bundle-ids, so that a push for a foreign app can't be asked for", "%d key(s); any bundle id may register", len(a.Keys))
		default:
			d.say(fine, what, "", "%d key(s), bundle ids %s", len(a.Keys), strings.Join(a.BundleIDs, ", "))
		}
		for _, b := range a.BundleIDs {
			if strings.HasSuffix(b, ".voip") {
				d.say(failure, what, "give the app's bundle id alone", "the bundle id %s ends in .voip, which the topic gets by itself", b)
			}
		}
		if len(a.APNs) == 0 {
			d.say(warning, what+" apns", "give it a .p8 key (apns-key, or apns in the list of apps)", "no APNs key: phones that are not connected will not ring")
		}
		for _, p := range a.APNs {
			d.apns(ctx, a, p)
		}
		d.carriers(a)
	}
}

// phones looks at what phones need: the public address.
func (d *doctor) phones(context.Context) {
	switch u := d.c.PublicURL; {
	case u == "":
		d.say(warning, "public url", "set public-url to where phones reach this server", "none: a phone that a push wakes uses the address that is built into the app")
	case strings.HasPrefix(u, "https://"):
		d.say(fine, "public url", "", "%s", u)
	default:
		d.say(warning, "public url", "use https: iOS refuses plain HTTP (App Transport Security)", "%s is not https", u)
	}
}

const (
	skewWarn = 30 * time.Second
	skewFail = 4 * time.Minute // a provider token is used from 5 to 55 minutes of age, and APNs takes up to 60
)

// clock holds this machine's clock against another one.
func (d *doctor) clock(ctx context.Context) {
	if d.c.Offline {
		d.say(skipped, "clock", "", "offline")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, d.c.Patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodHead, d.c.TimeURL, nil)
	if err != nil {
		d.say(failure, "clock", "give --time-url an address as https://www.apple.com", "%s", err)
		return
	}
	begin := time.Now()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		d.say(warning, "clock", "see that NTP runs here", "not compared, %s cannot be reached: %s", d.c.TimeURL, err)
		return
	}
	answer.Body.Close()
	theirs, err := http.ParseTime(answer.Header.Get("Date"))
	if err != nil {
		d.say(warning, "clock", "give another --time-url", "not compared, %s says no date", d.c.TimeURL)
		return
	}
	half := time.Since(begin) / 2
	off := time.Since(theirs.Add(half)).Round(time.Second)
	switch text := fmt.Sprintf("%s off that of %s", off, d.c.TimeURL); {
	case off.Abs() >= skewFail:
		d.say(failure, "clock", "set it (NTP): APNs refuses provider tokens of another time, phones call every ring expired", "%s", text)
	case off.Abs() >= skewWarn:
		d.say(warning, "clock", "let NTP set it", "%s", text)
	default:
		d.say(fine, "clock", "", "%s", text)
	}
}
