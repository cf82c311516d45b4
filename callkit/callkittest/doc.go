// Package callkittest is the conformance suite of Apple's call system: scenarios in plain text, a runner with
// scripted apps, the repository's own set of scenarios, which [Builtin] returns, and the rules that they prove, which
// [Rules] lists. It runs on any [callkit.System] that is put on a [Stage]; the simulated iPhone is one, see [Simulator].
//
// It judges the system, not an app: the apps in it are scripted. To test your own app, use package iossim.
//
// [Scenario.Play] says whether a scenario holds; [Record] shows it moment by moment, for pages; what happened is a
// [CallLog], which [Replay] plays again and compares.
//
// # The format
//
// A file holds scenarios. A keyword stands at the margin, the lines of its section below it are indented, and
// a line that begins with # is a comment. (What stands to the right here explains; it is no part of the format.)
//
//	scenario S03 answer
//	conf O                                  how sure it is: D Apple's documentation, T an engineer of Apple,
//	                                        W WWDC, O observed by others, I inferred
//	rules R26 R82                           the rules that it proves, see docs/ios-rules.md
//	note ...                                for people
//	os 16.. 14.5                            versions of iOS that it is true on: from 16, and 14.5; also ..18, 13..18;
//	                                        left out: every one. It is played on each profile that fits
//	knob activateTrigger = afterFulfil      a setting of the simulated iPhone; with a | b it is played once for each,
//	                                        with * once for each value that is to be tried because nobody is sure
//	given                                   the state of the world before
//	  phone locked
//	  u1 ringing name=Bob
//	when                                    what happens, in order; everything that follows at once has happened
//	  U answer                              before the next line
//	  wait 1s
//	then                                    what must follow
//	  SYS ringStop u1
//	  P performAnswer u1
//	    A fulfill                           what the app does inside of that callback
//	  P didActivate after A fulfill
//	never                                   what must not happen until the end
//	  P didActivate before A fulfill
//	ends                                    what must hold at the end, which is two seconds later
//	  screen in-call u1 timer without muted
//
// A line begins with a channel: A the app calls an API, P CXProviderDelegate (or LiveCommunicationKit's delegate),
// C completion handlers and results, O CXCallObserver, R PKPushRegistryDelegate, L the app's life and audio
// notifications, E the app's extensions, SYS what the system does (ring, ui, audio, recents, log, kill), U the user,
// N the network. What happens must contain all words of the line: the first one first, the others anywhere; words
// in quotes may stand inside of others. P@other is the same of another app, which is scripted in the same way.
//
// Inside of one channel, then is a strict order in which other things may come in between. Across channels there
// is no order, except with "after". A line that ends with "if knob=value" or "if os>=16" is there only in the runs
// where that is so.
//
// A callback that then names does only what the A lines under it say: with none, nothing. For any other callback the
// scripted app does what a good app would: it reports a push, fulfils an action. "A returns" does nothing and
// marks a moment, for never and before.
//
// Calls are u1 to u97 (u99 is the call of "other app on a call"), cellular calls c1 and so on.
//
// # What given knows
//
//	app not running | in foreground | in background | suspended     not running is the default; it has run before
//	first launch
//	phone locked
//	u1 ringing | connected | held | ended | dialing | outgoing      outgoing is connected; more words as in a push
//	group u1 u2                                                     connected and merged
//	strikes 3, focus Sleep allow=mum, block +15551234, clock +1h
//	other app on a call
//	config maximumCallGroups=1 ...                                  maximumCallsPerCallGroup, includesCallsInRecents,
//	                                                                supportsVideo, supportsAudioTranslation,
//	                                                                handleTypes=generic,phone,email
//	no voip background mode
//	app has notificationService ...                                 see [Traits]
//	app setup nothing | noRegistry | noRegistryDelegate | onlyRequired | lck
//
// and any line of channel U, N, SYS or A, which is done.
//
// # What users, networks and worlds do
//
//	U answer decline end mute hold keys 42# speaker video translate de en
//	U endAndAccept holdAndAccept endHeldAndAccept swap merge split u2 endMember u2 addCall headset muteGesture
//	U open swipe lock unlock home recents returnToCall tap 0 suggestion 0 notification 0 dismiss dial +49301
//	U plug Headphones, unplug, route Speaker, siri call bob, url tel:+49301
//	N voipPush u1 name=Bob handle=bob phone=1 video=1 sent=-30s app=other delay=2s twice lost expires=0 priority=5
//	N alertPush u1, network off, rotateToken
//	SYS appDies update reinstall crashAt performAnswer 1, lowMemory restart restartCallService
//	SYS refusal protected, refusal restrictedSharing, refusal sensitivePersons, refusal off
//	SYS airplane on, lowPower on, contact +49301 Mum, focus Sleep, block +49301, clock +1h
//	SYS interrupt siri 5s (alarm, recording, playback, micMuted, routeDisconnected), resetMediaServices, microphone off
//	SYS callDirectory on, defaultCallingApp app, cellularRing +49301 Mum, cellularAnswered, cellularEnd
//
// # What an app does
//
//	A fulfill (-1s: with that date; default, custom: a translation), fail, returns, takesTransaction, wait 4s, block 8s, crash
//	A reportNewIncomingCall u1, reportCall u1 ended reason=remoteEnded at=-1s, reportCall u1 updated name=Bob
//	A reportOutgoing u1 connected, request SetHeld u1 1, SetHeld u2 0 (Start, Answer, End, SetMuted, SetGroup, DTMF)
//	A pushCompletion, provider.init, setDelegate, setDelegate.nil, invalidate, registry.init, desiredPushTypes voip
//	A setActive true, setCategory, setMode, overrideOutputAudioPort speaker, prefersNoInterruptions, startAudio record
//	A setInputMuted true, sendTrack, muteTrack, donate handle=bob, reloadCallDirectory, reportNewIncomingConversation u1
//
// and in an extension: show, showNothing, reportNewIncomingVoIPPushPayload, addBlockingEntry, addIdentificationEntry,
// completeRequest, respond 2.
//
// ends knows: screen, others, calls, app, strikes, recents, audio, route, dialogs, notices, suggestions.
package callkittest
