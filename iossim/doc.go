// Package iossim is a simulated iPhone: the call system of iOS (CallKit, PushKit, the audio session, Recents,
// Focus, process life) as a deterministic program. It implements [callkit.System], so that code which makes
// an app's calls ring like phone calls can be tested on any machine, with every fault at hand: an app killed
// at any step, a handler that takes too long, a push that comes twice, late or out of order, a call service
// that crashes, a clock that jumps.
//
// It is written from Apple's public documentation, headers and answers. What Apple does not say is a knob
// with a default, a source and a degree of confidence: see [KnobList]. It does not play sound, draw pixels or
// speak to APNs; it is no emulator of iOS and runs no iOS code.
//
// # Test your call code in ten minutes
//
// Write your glue code against package callkit: an app is a value with one method, DidFinishLaunching, that
// makes a provider and a push registry and sets their delegates. Then
//
//	w := iossim.NewWorld(iossim.Config{Seed: 1})
//	defer w.Close()
//	phone, err := w.NewPhone(iossim.PhoneConfig{Name: "alice", OS: "26.4", Locked: true})
//	err = phone.Install(iossim.AppConfig{BundleID: "com.example.app", Name: "Example", New: newApp})
//
//	phone.DeliverPush("com.example.app", []byte(`{"call":"..."}`)) // your app is launched and reports a call
//	w.Run(time.Second)                                               // a second passes in no time
//	fmt.Print(phone.Screen())                                        // the phone rings
//	err = phone.Answer()                                             // an error if the screen has no such button
//	w.Run(time.Second)
//	fmt.Print(w.Log())                                               // all that happened, line by line
//
// Nothing happens while Run is not running, so a test never waits and never races. With Config.Wall the same
// phone lives on real time, as in a demonstration, and in a bubble of testing/synctest.
//
// Then go on, each step with an example that runs:
//
//  1. A push, a ring, an answer, the end: the package's example, and [Phone.DeliverPush].
//  2. Every version of iOS: [Profile].
//  3. What Apple leaves open: [Phone.SetKnob], [KnobList].
//  4. Why did it not ring? [World.Entries], and ringtrip's page, which explains the reasons.
//  5. What goes wrong in the world: [Phone.SetAirplane] (late pushes), [Phone.CrashAt] (the app dies at any step),
//     [Phone.Interrupt] and [Phone.Plug] (the audio session), [Process.Block] (slow handlers).
//  6. Several calls: [Phone.HoldAndAccept], [Phone.CellularRing].
//  7. LiveCommunicationKit instead of CallKit: [Process.NewConversationManager].
//  8. Have all known bugs looked for at once: package iossim/verdict.
//  9. Write rules of your own as plain text: package callkit/callkittest and the command ringtrip scenario.
//
// # Rules
//
// Every method may be called from any goroutine and returns at once: it puts an event into the world's queue.
// Callbacks into an app come one at a time, on the loop: all queues of a process share one thread. Events at
// one moment happen in the order in which they were put there. Equal seeds and equal scripts give equal logs,
// byte for byte, in a virtual world whose apps start no goroutines.
//
//   - A VoIP push wakes or launches the app. It waits for a registry with a delegate and the VoIP type. If
//     the delegate returns without having reported a call (check 1), or the call service has had no report 7 s
//     after delivery (check 2), the app is killed; after some of those its pushes are dropped. An app in the
//     foreground or on a call may do without, and from iOS 26.4 on with a stale push.
//   - A phone in airplane mode, without network or switched off gets no pushes; the push service keeps the newest
//     of each app and brings it late. A push may be refused, delayed, doubled or lost by itself, or by a knob.
//   - An alert push with mutable-content goes to the app's notification service extension first, a process of its
//     own that lives for 30 s and may hand the app a VoIP push. Call directory extensions block and name phone
//     numbers; Intents extensions answer Siri.
//   - An action of the user, the system or the app reaches the newest provider of the app, which is launched
//     for it. In a transaction, the next action waits for the one before. Each is fulfilled or failed, times
//     out, or is void because its call is over.
//   - A failed answer or start ends the call as failed; a failed end leaves it on the screen; other failed
//     actions change nothing.
//   - The audio session is lent when an answer or a start is fulfilled (never before), taken back on hold and
//     at the end. Category, mode and options decide which devices it may use; of those the last one connected is
//     used, until the user chooses another. The speaker button is an override that holds until the route
//     changes or the app touches the session.
//   - A call interrupts the audio of all other apps at once, and tells them to go on when the last call is over.
//     A held call is never told that its interruption has ended. Meanwhile others may play, but not record.
//   - Mute in CallKit is a flag, which AVAudioApplication follows from iOS 17 on. The app mutes its own track;
//     if it tells the simulation what it sends (AppMicrophone), the screen shows where the two differ.
//   - Calls outlive the process that reported them. The session does not.
//   - From iOS 17.4 on an app may speak LiveCommunicationKit instead of CallKit, or both: a [Process] is an
//     [lck.System]. Calls, screens, audio and Recents are the same. Its report of an incoming conversation is async,
//     so a push handler that does not wait for it is killed (knob lckReportIsSynchronous).
//   - A process in the background without work is suspended: its timers and queues stand still, and what a
//     goroutine of it calls meanwhile happens when it goes on.
//
// # Several calls
//
//   - A call that comes in beside another is call waiting: no ring tone, and the buttons Decline, End & Accept and,
//     if the other call supports holding, Hold & Accept; with one call on hold already, End Held & Accept. The old
//     call's end or hold comes first, and the answer waits until the app has settled it.
//   - A second ring leaves the screen with the first. Accepting that ends the second, declining it shows the second.
//   - Only one group of calls is heard. An outgoing call that connects ends the one that is heard, unless it was held
//     before; a second call that the app answers or resumes puts it on hold (knobs secondOutgoing, secondActive).
//   - Swap holds one and resumes the other, Merge resumes the held one and groups both, Split takes a member out.
//     A button on a group is an action for each member. maximumCallGroups counts groups, calls alone included.
//   - Ending one of two calls on this phone resumes the other; when the far end hangs up, the other stays on hold and
//     nobody is told (knob resumeAfterEnd).
//   - The Phone app's calls ([Phone.CellularRing], [Phone.CellularDial]) are calls like any other, except that the
//     system performs their actions itself. Every app sees all calls through its observer.
//
// [World.Check] says what of this must hold between any two events; tests of apps may call it too.
package iossim
