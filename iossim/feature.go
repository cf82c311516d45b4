package iossim

import "slices"

// Feature is something that came to iOS with a version: before it, the simulated phone has it not.
type Feature struct {
	Name   string  `json:"name"`
	Since  Version `json:"since"`
	Doc    string  `json:"doc"`
	Source string  `json:"source"`
}

// The features. What a version only does differently is a knob that [Profile] sets.
var (
	featureOpenSettings = Feature{"openSettings", Version{13, 4},
		"An app may show the user where call directories are enabled.", "CXCallDirectoryManager"}
	featureVoIPPayload = Feature{"reportNewIncomingVoIPPushPayload", Version{14, 5},
		"A notification service extension may hand its app a VoIP push.", "CXProvider"}
	featureInAppIntents = Feature{"in-app intents", Version{14, 0},
		"Siri may ask the app itself, where it has no Intents extension.", "application:handlerForIntent:"}
	featureAudioApplication = Feature{"AVAudioApplication", Version{17, 0},
		"Mute gestures and the permission to record moved here.", "AVFAudio headers"}
	featureLCK = Feature{"LiveCommunicationKit", Version{17, 4},
		"The same calls in other words.", "LiveCommunicationKit headers"}
	featureCallingApp = Feature{"default calling app", Version{18, 2},
		"The user may choose an app for telephone links.", "Preparing your app to be the default calling app"}
	featureHistory = Feature{"ConversationHistoryManager", Version{26, 0},
		"The default dialer may see Recents.", "LiveCommunicationKit: Preparing your app to be the default dialer app"}
	featureTelephony = Feature{"TelephonyConversationManager", Version{26, 0},
		"An app may start a cellular call.", "LiveCommunicationKit: TelephonyConversationManager"}
	featureTranslation = Feature{"translation", Version{26, 0},
		"CXSetTranslatingCallAction and supportsAudioTranslation.", "CallKit headers"}
	featureDialogs = Feature{"dialogs", Version{26, 0},
		"Developers see alerts for pushes that were not reported or are blocked.", "forums, tag CallKit"}
	featureMustReport = Feature{"mustReport", Version{26, 4},
		"PKVoIPPushMetadata and the delegate method that brings it.", "PushKit headers"}
)

// Features lists what came with a version of iOS, oldest first.
func Features() []Feature {
	all := []Feature{featureOpenSettings, featureVoIPPayload, featureInAppIntents, featureAudioApplication, featureLCK, featureCallingApp,
		featureHistory, featureTelephony, featureTranslation, featureDialogs, featureMustReport}
	slices.SortStableFunc(all, func(a, b Feature) int {
		if a.Since.Major != b.Since.Major {
			return a.Since.Major - b.Since.Major
		}
		return a.Since.Minor - b.Since.Minor
	})
	return all
}

// has reports whether the phone's iOS has a feature.
func (ph *Phone) has(f Feature) bool { return ph.knobs.OS.AtLeast(f.Since.Major, f.Since.Minor) }

// notInChina is CallKit being used where it must not be: the rule of the China store, since 2018. Nothing is
// refused, for nothing is on a phone; the app is refused in review. It is said once a process.
func (p *Process) notInChina(what string) {
	if p.ph.knobs.Region != "CN" || p.region || p.dead {
		return
	}
	p.region = true
	p.ph.log(ChanSystem, p.tag(), "log violation: CallKit is active in the China store (%s)", what)
	p.ph.notice("%s: CallKit is active in the China store: %s", p.app.cfg.Name, what)
}
