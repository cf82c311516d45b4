package iossim

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/ringtrip/ringtrip/callkit"
)

// AppConfig describes an app to install.
type AppConfig struct {
	BundleID string
	Name     string // under the icon and in the call screen
	// NoVoIPBackgroundMode leaves "voip" out of UIBackgroundModes: the app gets no VoIP pushes and may not
	// make calls.
	NoVoIPBackgroundMode bool
	// AudioBackgroundMode has "audio" in UIBackgroundModes: the app may play on in the background.
	AudioBackgroundMode bool
	// NoMicrophoneUsageDescription leaves NSMicrophoneUsageDescription out of Info.plist: the app is killed when
	// it touches the microphone.
	NoMicrophoneUsageDescription bool
	// Microphone is what the user has said about the microphone. Zero is granted.
	Microphone callkit.RecordPermission
	// NotificationService makes the code of the app's notification service extension, once for each alert push
	// with mutable-content. Nil: it has none.
	NotificationService func() callkit.NotificationService
	// FilteringEntitlement is com.apple.developer.usernotifications.filtering, which Apple grants on request: the
	// notification service extension may show nothing, and hand the app a VoIP push.
	FilteringEntitlement bool
	// CallDirectory makes the code of the app's call directory extension, whose identifier is the bundle id
	// followed by ".directory". Nil: it has none. The user enables it, see [Phone.EnableCallDirectory].
	CallDirectory func() callkit.CallDirectoryProvider
	// IntentsExtension makes the code of the app's Intents extension, which Siri asks. Nil: it has none.
	IntentsExtension func() callkit.StartCallHandler
	// CallingAppEntitlement is com.apple.developer.calling-app: the user may make it the default calling app
	// (iOS 18.2).
	CallingAppEntitlement bool
	// URLSchemes are those of the app's CFBundleURLTypes, as "example".
	URLSchemes []string
	// Scenes says that the app declares scenes: user activities go to [callkit.SceneDelegate] instead of the
	// application delegate and the launch options.
	Scenes bool
	// Colour is a hint for who draws the icon, as "#30b158".
	Colour string
	// New makes the app's code for a new process. The value may also be a [ProcessWatcher] or a
	// [NetworkWatcher].
	New func() callkit.App
}

// app is an installed app and what the system knows of it beyond its process.
type app struct {
	ph      *Phone
	cfg     AppConfig
	proc    *Process // nil: not running
	config  callkit.ProviderConfiguration
	strikes int
	token   []byte
	tokens  int            // how many tokens were made
	pushes  []*push        // received and not yet handed to the app
	waiting []*transaction // for a process with a provider
	actions []*action      // neither settled nor void
	badge   string
	swiped  bool // the user swiped it away

	microphone callkit.RecordPermission
	asking     bool // the dialog about the microphone is open
	asked      []func(granted bool)
	crashes    []*crashPoint

	extensions []*extension // that run
	directory  directory
	builtin    bool // the Phone app: the system itself performs its actions
}

// Install puts an app on the phone.
func (ph *Phone) Install(c AppConfig) error {
	switch {
	case c.BundleID == "":
		return errors.New("iossim: Install: the app has no BundleID")
	case c.New == nil:
		return fmt.Errorf("iossim: Install %s: New is nil, so no process could be made", c.BundleID)
	}
	ph.w.mu.Lock()
	defer ph.w.mu.Unlock()
	ph.w.tick()
	if ph.find(c.BundleID) != nil {
		return fmt.Errorf("iossim: Install %s: it is installed already; Uninstall it first", c.BundleID)
	}
	if c.Name == "" {
		c.Name = c.BundleID
	}
	if c.Microphone == 0 {
		c.Microphone = callkit.RecordGranted
	}
	ph.apps = append(ph.apps, &app{ph: ph, cfg: c, config: callkit.DefaultConfiguration(), microphone: c.Microphone})
	ph.log(ChanSystem, nil, "install %s", c.BundleID)
	ph.after(0, func() {})
	return nil
}

// Uninstall removes an app, its process, its calls, its strikes and its token.
func (ph *Phone) Uninstall(bundleID string) error {
	return ph.onApp("uninstall", bundleID, func(a *app) {
		ph.remove(a, "uninstalled")
		ph.apps = slices.DeleteFunc(ph.apps, func(b *app) bool { return b == a })
	})
}

// remove takes away what the phone has of an app, except its place.
func (ph *Phone) remove(a *app, why string) {
	a.kill(why)
	a.endExtensions(why)
	a.voidActions(func(*action) bool { return true })
	a.waiting = nil
	for _, c := range ph.callsOf(a) {
		ph.endCall(c, endSystem, ph.now())
	}
	if ph.front == a {
		ph.front = nil
	}
	if ph.callingApp == a {
		ph.callingApp = nil
	}
	if ph.dialer == a {
		ph.dialer = nil
	}
	ph.forgetDonations(a)
	ph.notifications = slices.DeleteFunc(ph.notifications, func(n Notification) bool { return n.App == a.cfg.BundleID })
	ph.stored = slices.DeleteFunc(ph.stored, func(s storedPush) bool { return s.bundleID == a.cfg.BundleID }) // its token is void
}

// Reinstall deletes an app and installs it again. Its strikes are gone, which is what users find to help against
// blocked pushes (forums 764376, 768136); so are its token, its calls, what it donated and its call directory.
func (ph *Phone) Reinstall(bundleID string) error {
	return ph.onApp("reinstall", bundleID, func(a *app) {
		ph.remove(a, "reinstalled")
		fresh := &app{ph: ph, cfg: a.cfg, config: callkit.DefaultConfiguration(), tokens: a.tokens, microphone: a.cfg.Microphone}
		ph.apps[slices.Index(ph.apps, a)] = fresh
	})
}

// UpdateApp puts a new version of an app in place of the old one: its process dies, its calls stay on the phone, and
// token and strikes stay too. next makes the code of the new version; nil is the same code.
func (ph *Phone) UpdateApp(bundleID string, next func() callkit.App) error {
	return ph.onApp("update", bundleID, func(a *app) {
		a.kill("updated")
		a.endExtensions("updated")
		if next != nil {
			a.cfg.New = next
		}
	})
}

// onApp queues something that happens to an installed app, if it still is installed by then.
func (ph *Phone) onApp(what, bundleID string, do func(*app)) error {
	ph.w.mu.Lock()
	defer ph.w.mu.Unlock()
	ph.w.tick()
	if ph.find(bundleID) == nil {
		return ph.noApp(bundleID)
	}
	ph.after(0, func() {
		if a := ph.find(bundleID); a != nil {
			ph.log(ChanSystem, nil, "%s %s", what, bundleID)
			do(a)
		}
	})
	return nil
}

// RotateToken makes APNs give an installed app a new VoIP token, as after a restore from a backup.
func (ph *Phone) RotateToken(bundleID string) {
	ph.act("rotate token of "+bundleID, func() {
		a := ph.find(bundleID)
		if a == nil {
			return
		}
		a.token = nil
		if p := a.proc; p != nil {
			for _, r := range p.registries {
				if r.wantsVoIP() {
					p.issueToken(r)
				}
			}
		}
	})
}

// SetBadge sets the text on an app's icon, as its code would; empty removes it.
func (ph *Phone) SetBadge(bundleID, text string) {
	ph.act(fmt.Sprintf("badge of %s %q", bundleID, text), func() {
		if a := ph.find(bundleID); a != nil {
			a.badge = text
		}
	})
}

// Process returns the running process of an app, or nil.
func (ph *Phone) Process(bundleID string) *Process {
	ph.w.mu.Lock()
	defer ph.w.mu.Unlock()
	if a := ph.find(bundleID); a != nil {
		return a.proc
	}
	return nil
}

// Strikes is how often an app did not report a push since it was installed.
func (ph *Phone) Strikes(bundleID string) int {
	ph.w.mu.Lock()
	defer ph.w.mu.Unlock()
	if a := ph.find(bundleID); a != nil {
		return a.strikes
	}
	return 0
}

// makeToken runs on the loop and may leave the lock.
func (a *app) makeToken() []byte {
	a.tokens++
	if src := a.ph.tokenSource; src != nil {
		var token []byte
		a.ph.w.outside(func() { token = src(a.cfg.BundleID) })
		return token
	}
	var seed [8]byte
	binary.BigEndian.PutUint64(seed[:], a.ph.w.seed)
	sum := sha256.Sum256(fmt.Appendf(seed[:], "%s %s %d", a.ph.name, a.cfg.BundleID, a.tokens))
	return sum[:]
}

func (ph *Phone) noApp(bundleID string) error {
	return fmt.Errorf("iossim: no app %.60q is installed on %s", bundleID, ph.name)
}
