package iossim

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
)

// Knobs are the behaviours of iOS that Apple does not document, that differ by version, or that a test wants
// to force. [KnobList] says for each what it means, where its default comes from and how sure that is. The
// zero value of Knobs stands for "the default"; to change one, start from [DefaultKnobs] or [Profile].
type Knobs struct {
	OS                   Version
	ReportCheck2         time.Duration
	StrikesUntilBlock    int
	StaleAfter           time.Duration
	OnCallCounts         string
	RingTimeout          time.Duration
	ActionTimeout        time.Duration
	EndAfterFail         bool
	EndAfterTimeout      bool
	TransactionOrder     string
	UnimplementedActions string
	OverLimitIncoming    string
	ActivateTrigger      string
	AudioDelay           time.Duration
	SkipActivateIfActive string
	SurviveProviderDeath bool
	ReapAfter            time.Duration
	ResetOnInvalidate    bool
	DefaultCapabilities  string
	PrefersBanner        bool
	LaunchDelay          time.Duration
	SuspendAfter         time.Duration
	PushRunTime          time.Duration
	BackgroundTime       time.Duration
	CallFailedFor        time.Duration
	LaunchBeforeUnlock   bool
	RecentsWhenFiltered  bool
	DevelopmentBuild     bool
	LaunchAfterUserKill  bool
	PushDelay            time.Duration
	PushJitter           time.Duration
	PushLoss             int
	PushDuplicate        int
	BootTime             time.Duration
	AnswerOpensApp       bool
	LCKActionTimeout     time.Duration
	LCKReportSync        bool
	LCKReportDelay       time.Duration

	AlarmInterruptsCall     bool
	MediaServicesDown       time.Duration
	MediaResetBouncesCall   bool
	InputMuteAsksCallKit    bool
	RecordWithoutPermission string
	OwnActivateKillsHeadset bool
	Check1Surfaces          string
	ExpirationZeroStored    bool
	OfflineStoresPush       bool
	StoredPushDelay         time.Duration
	LowPowerDelay           time.Duration
	Region                  string
	SilenceUnknown          bool
	ExtensionTime           time.Duration
	DirectoryIncremental    bool
	DirectoryEntries        int
	LegacyActivityTypes     bool
	ActivityHandle          bool
	ColdStartActivity       string
	SiriWithoutExtension    string

	CallWaitingTransactions string
	HoldTimeout             time.Duration
	AudioBounceOnEndAccept  bool
	MergeUUIDOrder          string
	SecondOutgoing          string
	SecondActive            string
	ResumeAfterEnd          string
	DeclineCellularEndsVoIP bool
	HeadsetThreeCalls       string
	AnswerBeforeUnlock      string
	DuplicateFlash          bool
}

// KnobInfo describes one knob.
type KnobInfo struct {
	Name       string   `json:"name"`
	Default    string   `json:"default"`
	Values     []string `json:"values,omitempty"` // the valid ones; empty: a duration, a number or a version
	Least      string   `json:"least,omitempty"`  // of a duration or number, both ends included; "none" is 0
	Most       string   `json:"most,omitempty"`
	Unsettled  bool     `json:"unsettled,omitempty"` // nobody outside Apple is sure
	Probes     []string `json:"probes,omitempty"`    // values that a scenario about an unsettled knob should be run with
	Doc        string   `json:"doc"`
	Source     string   `json:"source"`
	Confidence string   `json:"confidence"` // D Apple's documentation, T an engineer of Apple, O observed, I inferred, "sim" of the simulator
}

type knob struct {
	KnobInfo
	get func(*Knobs) string
	set func(*Knobs, string) error
}

var knobs = []knob{
	{KnobInfo{Name: "iosVersion", Doc: "Version of iOS; decides what there is, see Features. Use OS profiles to set what comes with it.", Source: "PushKit headers", Confidence: "D"},
		func(k *Knobs) string { return k.OS.String() },
		func(k *Knobs, s string) (err error) { v, err := ParseVersion(s); keep(&k.OS, v, err); return err }},
	span("reportCheck2", "How long after delivery of a VoIP push the call service kills an app that has not reported a call.", "forums 817976, 781211", "T", func(k *Knobs) *time.Duration { return &k.ReportCheck2 }).within("1s", "1m").unsettled("5s", "7s", "10s"),
	number("strikesUntilBlock", "Unreported pushes after which further pushes are dropped without a word; 0 never.", "forums 768136, 764376", "T", func(k *Knobs) *int { return &k.StrikesUntilBlock }).within("0", "100").unsettled("2", "3", "4"),
	choice("check1Surfaces", "At which push check 1 finds an unreported one: at the same, or only at the next (PushKit keeps a flag).", "forums 817976; flutter_callkit_incoming#197", "I", func(k *Knobs) *string { return &k.Check1Surfaces }, "same", "next").unsettled(),
	boolean("expirationZeroStored", "The push service keeps a push with apns-expiration 0 for a phone that it can't reach, and delivers it late.", "forums 795610, 778512", "T", func(k *Knobs) *bool { return &k.ExpirationZeroStored }).unsettled("true", "false"),
	boolean("offlineStoresPush", "A phone that is off or has no network gets no pushes, and the newest of each app late; otherwise only airplane mode does so.", "Apple: Sending notification requests to APNs", "D", func(k *Knobs) *bool { return &k.OfflineStoresPush }),
	span("storedPushDelay", "How long after a phone can be reached again the push service delivers what it kept.", "of the simulator; forums 795610", "sim", func(k *Knobs) *time.Duration { return &k.StoredPushDelay }).within("none", "1m"),
	span("lowPowerDelay", "How long a push of apns-priority 5 waits in low power mode.", "Apple: apns-priority 5 is \"based on power considerations\"", "I", func(k *Knobs) *time.Duration { return &k.LowPowerDelay }).within("none", "1h").unsettled("none", "1m"),
	span("staleAfter", "Age of a push from which on mustReport is false (26.4).", "forums 817976: \"old enough\"", "I", func(k *Knobs) *time.Duration { return &k.StaleAfter }).within("1s", "1h").unsettled("5s", "15s", "30s"),
	choice("onCallCounts", "Which calls of the app make mustReport false: active ones, or ringing ones too.", "forums 817976: \"already on a call\"", "I", func(k *Knobs) *string { return &k.OnCallCounts }, "active", "any").unsettled(),
	span("ringTimeout", "After how long the system ends a ringing call by itself; none: never.", "voximplant/flutter_callkit#29, forums 765367", "O", func(k *Knobs) *time.Duration { return &k.RingTimeout }).within("none", "10m").unsettled("none", "1m"),
	span("actionTimeout", "How long an action may stay neither fulfilled nor failed (CXAction.timeoutDate).", "voximplant/flutter_callkit#12", "O", func(k *Knobs) *time.Duration { return &k.ActionTimeout }).within("1s", "10m").unsettled("30s", "1m"),
	boolean("endAfterFail", "A failed answer or start is followed by performEnd.", "not settled", "I", func(k *Knobs) *bool { return &k.EndAfterFail }).unsettled(),
	boolean("endAfterTimeout", "A timed-out action ends its call by force.", "CXProviderDelegate timedOutPerformingAction; voximplant/flutter_callkit#12", "O", func(k *Knobs) *bool { return &k.EndAfterTimeout }).unsettled(),
	choice("transactionOrder", "Whether the next action of a transaction (and the next digit) waits for the one before to be settled.", "CXTransaction; CXPlayDTMFCallAction", "D", func(k *Knobs) *string { return &k.TransactionOrder }, "afterSettle", "backToBack"),
	choice("unimplementedActions", "What becomes of an action whose optional delegate method does not exist.", "not documented", "I", func(k *Knobs) *string { return &k.UnimplementedActions }, "fulfill", "fail", "timeout").unsettled(),
	choice("overLimitIncoming", "An incoming call beyond maximumCallGroups: shown all the same, or refused with error 0.", "flutter_callkit_incoming PR850; matrix-ios-sdk#754", "O", func(k *Knobs) *string { return &k.OverLimitIncoming }, "offerEndAndAccept", "reject").unsettled(),
	choice("activateTrigger", "When the audio session is activated for an answered or started call.", "siprix PR61, openradar 28774388", "O", func(k *Knobs) *string { return &k.ActivateTrigger }, "afterFulfil", "afterPerform").unsettled(),
	span("audioDelay", "From the trigger to didActivate.", "of the simulator", "sim", func(k *Knobs) *time.Duration { return &k.AudioDelay }).within("none", "1m"),
	choice("skipActivateIfAppActive", "Whether didActivate is left out when the app called setActive(true) itself.", "forums 761549: \"a variety of failures\"", "T", func(k *Knobs) *string { return &k.SkipActivateIfActive }, "random", "always", "never").unsettled("always", "never"),
	boolean("surviveProviderDeath", "Calls stay in the system when the process that reported them dies.", "wire PR123; both ways seen", "O", func(k *Knobs) *bool { return &k.SurviveProviderDeath }).unsettled(),
	span("reapAfter", "After how long a call without its process is ended as failed; none: never.", "not documented", "I", func(k *Knobs) *time.Duration { return &k.ReapAfter }).within("none", "24h").unsettled("none", "1m"),
	boolean("resetOnInvalidate", "providerDidReset arrives after invalidate.", "forums 801418 against the documentation", "O", func(k *Knobs) *bool { return &k.ResetOnInvalidate }).unsettled(),
	choice("defaultCapabilities", "What a call can do (hold, group, DTMF) where its update did not say: incoming calls all, all calls all, or nothing.", "flutter_callkit_incoming#209", "I", func(k *Knobs) *string { return &k.DefaultCapabilities }, "incoming", "all", "none").unsettled(),
	boolean("silenceUnknownCallers", "Settings, Phone: a call from somebody who is neither a contact nor was ever called is refused with error 3 and stands in Recents. Whether it holds for calls of apps is not documented.", "Settings; not documented for apps", "I", func(k *Knobs) *bool { return &k.SilenceUnknown }).unsettled(),
	span("extensionTime", "How long an app extension may take before the system ends it.", "UNNotificationServiceExtension, about 30 s", "D", func(k *Knobs) *time.Duration { return &k.ExtensionTime }).within("1s", "5m"),
	boolean("callDirectoryIncremental", "A call directory that was loaded before is asked for changes only.", "CXCallDirectoryExtensionContext isIncremental", "I", func(k *Knobs) *bool { return &k.DirectoryIncremental }).unsettled(),
	number("callDirectoryEntries", "How many numbers a call directory may block, and how many it may identify.", "error maximumEntriesExceeded; the number is not documented", "I", func(k *Knobs) *int { return &k.DirectoryEntries }).within("1", "10000000").unsettled("100000", "2000000"),
	boolean("legacyActivityTypes", "A user activity for a call is an INStartAudioCallIntent or INStartVideoCallIntent instead of an INStartCallIntent.", "deprecated in iOS 13, still seen: Telegram-iOS PR2304", "O", func(k *Knobs) *bool { return &k.LegacyActivityTypes }).unsettled(),
	boolean("activityHandle", "A user activity for a call has userInfo[\"handle\"] besides its intent.", "twilio Docs/call-from-history.md; seen on newer systems", "O", func(k *Knobs) *bool { return &k.ActivityHandle }).unsettled(),
	choice("coldStartActivity", "How an app that does not run gets a user activity: in the launch options, or in those and by continueUserActivity too.", "UIApplication.LaunchOptionsKey", "I", func(k *Knobs) *string { return &k.ColdStartActivity }, "launchOptions", "both").unsettled(),
	choice("siriWithoutExtension", "What Siri does on a locked phone for an app without an Intents extension: ask for the unlock, or refuse.", "forums 808173", "I", func(k *Knobs) *string { return &k.SiriWithoutExtension }, "unlock", "refuse").unsettled(),
	choice("region", "Region of the App Store: world, or CN, where CallKit must not be active (LiveCommunicationKit may).", "9to5Mac and AppleInsider 2018 on the Chinese ministry's demand", "O", func(k *Knobs) *string { return &k.Region }, "world", "CN"),
	boolean("prefersBanner", "Unlocked phones ring by banner, not full screen (Settings, Phone, Incoming Calls).", "Settings", "D", func(k *Knobs) *bool { return &k.PrefersBanner }),
	span("launchDelay", "From launch to didFinishLaunching.", "of the simulator", "sim", func(k *Knobs) *time.Duration { return &k.LaunchDelay }).within("none", "1m"),
	span("suspendAfter", "How long a background process without work runs on.", "observed about 5 s", "O", func(k *Knobs) *time.Duration { return &k.SuspendAfter }).within("1ms", "1h"),
	span("pushRunTime", "How long a push keeps a process running if its completion handler is not called.", "about 30 s", "O", func(k *Knobs) *time.Duration { return &k.PushRunTime }).within("none", "10m"),
	span("backgroundTime", "How long a background task lasts before it expires.", "beginBackgroundTask, about 30 s", "O", func(k *Knobs) *time.Duration { return &k.BackgroundTime }).within("none", "10m"),
	span("callFailedFor", "How long \"Call Failed\" stays on the screen.", "of the simulator", "sim", func(k *Knobs) *time.Duration { return &k.CallFailedFor }).within("none", "1m"),
	boolean("launchBeforeFirstUnlock", "A VoIP push launches an app before the first unlock after a restart; otherwise it waits.", "forums 784473", "T", func(k *Knobs) *bool { return &k.LaunchBeforeUnlock }).unsettled(),
	boolean("recentsWhenFiltered", "A call filtered by Focus leaves a missed entry in Recents.", "not settled", "I", func(k *Knobs) *bool { return &k.RecentsWhenFiltered }).unsettled(),
	boolean("developmentBuild", "iOS 26 shows dialogs for unreported and blocked pushes (development and TestFlight builds).", "forums, tag CallKit", "T", func(k *Knobs) *bool { return &k.DevelopmentBuild }),
	boolean("launchAfterUserKill", "A VoIP push launches an app that the user swiped away.", "flutter_callkeep#69", "O", func(k *Knobs) *bool { return &k.LaunchAfterUserKill }).unsettled(),
	span("pushDelay", "How late the push service hands over every push.", "fault injection; forums 795610", "sim", func(k *Knobs) *time.Duration { return &k.PushDelay }).within("none", "1000h"),
	span("pushJitter", "A random delay up to this on top, so that pushes overtake each other.", "fault injection", "sim", func(k *Knobs) *time.Duration { return &k.PushJitter }).within("none", "1000h"),
	number("pushLoss", "How many pushes in a hundred are lost.", "fault injection", "sim", func(k *Knobs) *int { return &k.PushLoss }).within("0", "100"),
	number("pushDuplicate", "How many pushes in a hundred come twice.", "fault injection", "sim", func(k *Knobs) *int { return &k.PushDuplicate }).within("0", "100"),
	span("bootTime", "How long the phone is off while it restarts.", "of the simulator", "sim", func(k *Knobs) *time.Duration { return &k.BootTime }).within("none", "1h"),
	boolean("answerOpensApp", "Answering on an unlocked phone brings the app to the foreground.", "twilio/video#414, nextcloud/talk-ios PR913", "O", func(k *Knobs) *bool { return &k.AnswerOpensApp }),
	span("lckActionTimeout", "How long an action of LiveCommunicationKit may stay neither fulfilled nor failed (ConversationAction.timeoutDate).", "ConversationAction init(conversationUUID:timeoutDate:), whose default is 30 s; that the system's own actions have it too is inferred", "D", func(k *Knobs) *time.Duration { return &k.LCKActionTimeout }).within("1s", "10m").unsettled("30s", "1m"),
	boolean("lckReportIsSynchronous", "reportNewIncomingConversation, which is async, has reached the system when a PushKit delegate that calls it returns.", "forums 774958: apps sleep in the delegate", "O", func(k *Knobs) *bool { return &k.LCKReportSync }).unsettled(),
	span("lckReportDelay", "From reportNewIncomingConversation until it reaches the system, if it is not synchronous.", "of the simulator", "sim", func(k *Knobs) *time.Duration { return &k.LCKReportDelay }).within("1ms", "10s"),
	boolean("alarmInterruptsCall", "An alarm or a timer interrupts the session of a call, and says when it is over.", "not documented; forums 749202 only gives calls a higher priority", "I", func(k *Knobs) *bool { return &k.AlarmInterruptsCall }).unsettled(),
	span("mediaServicesDown", "How long the media services are away when they are reset.", "of the simulator", "sim", func(k *Knobs) *time.Duration { return &k.MediaServicesDown }).within("1ms", "1m"),
	boolean("mediaResetBouncesCall", "A reset of the media services brings didDeactivate and then didActivate; otherwise the session stays lent and the app only has to build its audio anew.", "Technical Q&A QA1749 says nothing of calls", "I", func(k *Knobs) *bool { return &k.MediaResetBouncesCall }).unsettled(),
	boolean("inputMuteAsksCallKit", "AVAudioApplication setInputMuted during a call brings a SetMuted action, so that the call screen follows.", "AVAudioApplication.h says nothing of CallKit", "I", func(k *Knobs) *bool { return &k.InputMuteAsksCallKit }).unsettled(),
	choice("recordWithoutPermission", "What an app gets that records though the user has denied it the microphone: an error, or silence.", "both seen", "I", func(k *Knobs) *string { return &k.RecordWithoutPermission }, "error", "silence").unsettled(),
	boolean("ownActivateKillsHeadset", "The buttons of a headset do nothing during a call whose app activated the session itself.", "forums 761549, 758386", "T", func(k *Knobs) *bool { return &k.OwnActivateKillsHeadset }).unsettled(),
	choice("callWaitingTransactions", "Whether what End & Accept, Hold & Accept and Swap ask one app to do comes in one transaction each or in one for all.", "not documented", "I", func(k *Knobs) *string { return &k.CallWaitingTransactions }, "two", "one").unsettled(),
	span("holdTimeout", "After how long a hold that makes room for another call is given up and the call ended instead; none: when the action times out.", "Twilio: managing audio interruptions (End instead of hold when hold is slow)", "O", func(k *Knobs) *time.Duration { return &k.HoldTimeout }).unsettled("none", "1s"),
	boolean("audioBounceOnEndAccept", "End & Accept between two calls of one app takes the audio session and lends it again; otherwise it stays active without a word.", "linphone#212, siprix PR61", "O", func(k *Knobs) *bool { return &k.AudioBounceOnEndAccept }).unsettled(),
	choice("mergeUUIDOrder", "Which call the group action of Merge is about: the one that was heard, with the held one, or the other way round.", "not documented", "I", func(k *Knobs) *string { return &k.MergeUUIDOrder }, "activeToHeld", "heldToActive").unsettled(),
	choice("secondOutgoing", "What becomes of a call that is heard when another outgoing call connects: ended, or put on hold.", "siprix#14", "O", func(k *Knobs) *string { return &k.SecondOutgoing }, "endsFirst", "holdsFirst").unsettled(),
	choice("secondActive", "What becomes of a call that is heard when the app answers, resumes or splits off another one without putting it on hold.", "inferred from forums 794277", "I", func(k *Knobs) *string { return &k.SecondActive }, "holdsFirst", "endsFirst").unsettled(),
	choice("resumeAfterEnd", "Whether a call on hold is resumed by SetHeld when the other call ends: if it was ended on this phone, always, or never.", "Twilio: managing audio interruptions; forums 749202, 715488", "T", func(k *Knobs) *string { return &k.ResumeAfterEnd }, "localOnly", "always", "never").unsettled(),
	boolean("declineCellularEndsVoIP", "Declining a cellular call ends the app's call that is in progress (seen once).", "Azure/azure-sdk-for-ios#2080", "O", func(k *Knobs) *bool { return &k.DeclineCellularEndsVoIP }).unsettled(),
	choice("headsetThreeCalls", "What a headset's button does with a call that is heard, one on hold and one that rings: End & Accept, Answer and End of the same call, or a second call on hold.", "forums 794277", "O", func(k *Knobs) *string { return &k.HeadsetThreeCalls }, "endAndAccept", "answerThenEnd", "twoHeld").unsettled(),
	choice("answerBeforeUnlock", "Where a locked phone lands after unlocking if the app fulfilled the answer of a video call before: in the app, or on the home screen.", "callkeep#355, nextcloud/talk-ios PR913 (iOS 16)", "O", func(k *Knobs) *string { return &k.AnswerBeforeUnlock }, "app", "springboard").unsettled(),
	boolean("duplicateFlash", "A second report of a call flashes a banner for 100 ms (old chips, from iOS 16 on).", "forums, answer on duplicate reports", "T", func(k *Knobs) *bool { return &k.DuplicateFlash }).unsettled(),
}

// DefaultKnobs is the newest profile, iOS 26.4.
func DefaultKnobs() Knobs {
	return Knobs{
		OS: Version{26, 4}, ReportCheck2: 7 * time.Second, StrikesUntilBlock: 4, StaleAfter: 15 * time.Second,
		OnCallCounts: "active", RingTimeout: time.Minute, ActionTimeout: time.Minute, EndAfterTimeout: true,
		TransactionOrder: "afterSettle", UnimplementedActions: "fulfill", OverLimitIncoming: "offerEndAndAccept",
		ActivateTrigger: "afterFulfil", AudioDelay: 20 * time.Millisecond, SkipActivateIfActive: "random",
		SurviveProviderDeath: true, ResetOnInvalidate: true, DefaultCapabilities: "incoming", PrefersBanner: true,
		LaunchDelay: 250 * time.Millisecond, SuspendAfter: 5 * time.Second, PushRunTime: 30 * time.Second,
		BackgroundTime: 30 * time.Second, CallFailedFor: 3 * time.Second, LaunchBeforeUnlock: true,
		DevelopmentBuild: true, BootTime: 20 * time.Second, LaunchAfterUserKill: true, AnswerOpensApp: true,
		LCKActionTimeout: 30 * time.Second, LCKReportDelay: 5 * time.Millisecond,
		MediaServicesDown: time.Second, InputMuteAsksCallKit: true, RecordWithoutPermission: "error",
		OwnActivateKillsHeadset: true,
		Check1Surfaces:          "same", ExpirationZeroStored: true, OfflineStoresPush: true, StoredPushDelay: time.Second,
		LowPowerDelay: time.Minute, Region: "world", ExtensionTime: 30 * time.Second, DirectoryIncremental: true,
		DirectoryEntries: 2_000_000, ActivityHandle: true, ColdStartActivity: "launchOptions", SiriWithoutExtension: "unlock",
		CallWaitingTransactions: "two", AudioBounceOnEndAccept: true, MergeUUIDOrder: "activeToHeld",
		SecondOutgoing: "endsFirst", SecondActive: "holdsFirst", ResumeAfterEnd: "localOnly",
		HeadsetThreeCalls: "endAndAccept", AnswerBeforeUnlock: "app",
	}
}

// Profiles are the versions of iOS that [Profile] knows.
var Profiles = []string{"13", "14.5", "16", "17.4", "18", "26.0", "26.4"}

// Profile returns the knobs of a version of iOS: one of [Profiles], or one in between, which behaves as the
// newest profile that is not newer.
func Profile(os string) (Knobs, error) {
	k := DefaultKnobs()
	v, err := ParseVersion(os)
	if err != nil {
		return k, fmt.Errorf("%w; profiles: %s", err, strings.Join(Profiles, ", "))
	}
	k.OS = v
	if !v.AtLeast(16, 0) {
		k.RingTimeout = 0 // seen from iOS 16 on
	}
	if v.AtLeast(16, 0) && !v.AtLeast(17, 0) {
		k.AnswerBeforeUnlock = "springboard" // seen on iOS 16
	}
	if !v.AtLeast(14, 0) {
		k.PrefersBanner = false // banners came with iOS 14
	}
	if !v.AtLeast(17, 0) {
		k.ActivityHandle = false // "newer systems"
	}
	if !v.AtLeast(26, 0) {
		k.DevelopmentBuild = false // dialogs came with iOS 26
	}
	return k, nil
}

// Set sets a knob by its name: durations as 7s or none, switches as true or false.
func (k *Knobs) Set(name, value string) error {
	for _, d := range knobs {
		if strings.EqualFold(d.Name, name) {
			if err := d.set(k, value); err != nil {
				return fmt.Errorf("iossim: knob %s: %w", d.Name, err)
			}
			return nil
		}
	}
	return fmt.Errorf("iossim: no knob is named %.40q; there are %s", name, strings.Join(KnobNames(), ", "))
}

// Get returns a knob's value as Set reads it.
func (k Knobs) Get(name string) (string, error) {
	for _, d := range knobs {
		if strings.EqualFold(d.Name, name) {
			return d.get(&k), nil
		}
	}
	return "", fmt.Errorf("iossim: no knob is named %.40q; there are %s", name, strings.Join(KnobNames(), ", "))
}

// KnobNames lists the knobs by name.
func KnobNames() []string {
	names := make([]string, 0, len(knobs))
	for _, d := range knobs {
		names = append(names, d.Name)
	}
	sort.Strings(names)
	return names
}

// KnobList describes all knobs.
func KnobList() []KnobInfo {
	def := DefaultKnobs()
	list := make([]KnobInfo, 0, len(knobs))
	for _, d := range knobs {
		d.Default = d.get(&def)
		d.Values, d.Probes = slices.Clone(d.Values), slices.Clone(d.Probes)
		list = append(list, d.KnobInfo)
	}
	return list
}

// DescribeKnobs is a table of the knobs for people: name, default, what else it may be and how sure the default is, and
// below each what it is about and who says so.
func DescribeKnobs() string {
	list := KnobList()
	name, value := 0, 0
	for _, k := range list {
		name, value = max(name, len(k.Name)), max(value, len(k.Default))
	}
	var b strings.Builder
	for _, k := range list {
		may := strings.Join(k.Values, ", ")
		if k.Least != "" {
			may = k.Least + " to " + k.Most
		}
		sure := k.Confidence
		if k.Unsettled {
			sure += ", not settled"
		}
		fmt.Fprintf(&b, "%-*s  %-*s  %s (%s)\n    %s (%s)\n", name, k.Name, value, k.Default, may, sure, k.Doc, k.Source)
	}
	return b.String()
}
