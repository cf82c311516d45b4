// Package callkittest is the conformance suite of Apple's call system: scenarios in plain text, a runner with
// a scripted app, and the repository's own set of scenarios, which [Builtin] returns. It runs on any
// [callkit.System] that is put on a [Stage]; the simulated iPhone is one, see [Simulator].
//
// It judges the system, not an app: the app in it is scripted. To test your own app, use package iossim.
//
// # The format
//
// A file holds scenarios. A keyword stands at the margin, the lines of its section below it are indented, and
// a line that begins with # is a comment. (What stands to the right here explains; it is no part of the format.)
//
//	scenario S03 answer
//	conf O                                  how sure it is: D Apple's documentation, T an engineer of Apple,
//	                                        W WWDC, O observed by others, I inferred
//	note ...                                for people
//	os 18                                   version of iOS; left out: the newest
//	knob activateTrigger = afterFulfil      a setting of the simulated iPhone; with a | b it is played once for each
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
// A line begins with a channel: A the app calls an API, P CXProviderDelegate, C completion handlers and
// results, O CXCallObserver, R PKPushRegistryDelegate, L the app's life and audio notifications, SYS what the
// system does (ring, ui, audio, recents, log, kill), U the user, N the network. What happens must contain all
// words of the line: the first one first, the others anywhere; words in quotes may stand inside of others.
//
// Inside of one channel, then is a strict order in which other things may come in between. Across channels
// there is no order, except with "after". A line that ends with "if knob=value" is there only in the runs with
// that value. Where a scenario has nothing for a callback, the scripted app does what a good app would: it
// reports a push, fulfils an action.
//
// Calls are u1 to u97 (u99 is the call of the other app). given knows: app not running (the default; it has run before), first launch, app in
// foreground, app in background, app suspended, phone locked, u1 ringing, connected, held, ended, dialing or
// outgoing (connected), strikes 3, focus Sleep allow=handle, block handle, other app on a call, config
// maximumCallGroups=1 (and so on), no voip background mode, app setup nothing, noRegistry or
// noRegistryDelegate. ends knows: screen, calls, app, strikes, recents, audio.
//
// Not among the scenarios yet is what needs more than one call, cellular calls, notification service
// extensions or translation: S36 to S46, S65, S68.
package callkittest
