package callkittest

import (
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// Stage is one phone with one app on it, on which a scenario is played: the simulated iPhone, or anything
// else that implements [callkit.System] and can be told what its user and its network do.
type Stage interface {
	// Do carries out a line of channel U, N or SYS, as "U answer". It fails if the stage does not know the
	// words, or if the screen does not offer what the user is to do.
	Do(channel string, words []string) error
	// Wait lets time pass, and returns when nothing more is due. 0 only waits for what is due.
	Wait(time.Duration)
	// Look says what can be seen: "screen", "calls", "app", "strikes", "recents", "audio".
	Look(what string) (string, error)
	// Log is what happened, for people.
	Log() string
	// Close ends the stage and all it started.
	Close()
}

// StageConfig is what a scenario needs of its stage.
type StageConfig struct {
	OS     string            // empty: the newest
	Knobs  map[string]string // by the names of the simulated iPhone; a stage may refuse those it can't set
	Seed   uint64
	Wall   bool
	Traits []string // of the app under test: some of [Traits]
	// App makes the scripted app for a new process.
	App func() callkit.App
	// Extension makes the code of the app's extensions, for a new process of one of them.
	Extension func() *Extension
	// Code makes the code of the app's extensions in place of Extension, for who has code of their own.
	Code ExtensionCode
	// Others are further apps on the phone.
	Others []OtherApp
	// System is to be called with everything that the system does to the world: the lines of channel SYS. app is
	// the name of another app if it is about that one, else empty.
	System func(text, app string)
}

// ExtensionCode makes the code of an app's extensions, for a new process of one of them. The traits of the app say which
// extensions there are.
type ExtensionCode struct {
	NotificationService func() callkit.NotificationService
	CallDirectory       func() callkit.CallDirectoryProvider
	Intents             func() callkit.StartCallHandler
}

// OtherApp is an app that stands beside the one under test.
type OtherApp struct {
	Name string // as scenarios call it, in "P@other"
	New  func() callkit.App
}

// Traits are what an app may have or lack, in its Info.plist, its entitlements and its extensions.
var Traits = []string{
	"noVoIPBackgroundMode", "audioBackgroundMode", "noMicrophoneText", "notificationService", "filteringEntitlement",
	"callDirectory", "intentsExtension", "callingAppEntitlement", "scenes",
}
