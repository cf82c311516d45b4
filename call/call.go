// Package call decides what happens to one call on one device. [Step] is all of it: a pure function from a
// [Call] and an [Event] to the next Call and the [Effect] orders that follow. The same input always gives the
// same output.
//
// The package refuses to do anything itself: it has no clock, no network, no goroutines, no identifiers and no
// knowledge of CallKit's objects or of a media SDK. Several calls on one device (call waiting, swap, groups) are
// not its business, nor is the fork of one call to many devices (package fork).
//
// # Rows and clauses
//
// The behaviour is data. A row says what one event does in some states: where the call goes and what is sent. An
// event that no row names changes nothing. What holds for every event follows from the state and is written once,
// as a clause:
//
//   - A push is always reported when the system demands it, even late, doubled or expired; a call that is over is
//     then ended at once, with the true reason.
//   - A CallKit action is settled exactly once: fulfilled if a row takes it, failed if none does. Only the answer may
//     be kept: it is fulfilled when the transport is up or patience is over, failed if the call ends first. An action
//     that the system timed out is never settled.
//   - What the system was shown is told its end, unless the system itself ended it.
//   - Audio runs just while the call is answered and won, not held here, and the system lends the audio session.
//   - The transport is warmed from the ring on, once, and closed once. It may fail while ringing: then it is closed,
//     and warmed again (a new session) when the call is answered.
//   - A timer runs in every state that waits for it, and in no other.
//   - Mute and hold are kept until somebody can be told: media when it is open, the far end when the call is won.
//
// The kept answer is fulfilled when the transport is up and does not wait for the server's word: activating the audio
// session then runs side by side with it. The audio itself does wait, so a device that loses a double answer is never
// heard.
//
// # What the engine around it owes
//
// Effects are carried out in order. Timer events of a timer that was stopped or started again, and media events of a
// session that was closed, must not be delivered. If the ring's deadline has passed while the process slept,
// RingTimeout goes in before the system's end action; that is what tells a system's ring time-out from a decline.
// A caller whose media has one session a device reports the transport of the device that answered, once one has.
//
// The rows and the diagram are in docs/model/call.md, written from the code.
package call

// Step returns what follows when e happens to c. It never panics, whatever c and e are; events that mean nothing
// in c's state change nothing (but actions are settled and demanded pushes are reported).
func Step(c Call, e Event) (Call, []Effect) { return standard.step(c, e) }

// Live reports whether c is known and not over.
func (c Call) Live() bool { return c.State != Idle && c.State != Ended }

// Answered reports whether c was answered here (or, for the caller, by the callee) and is not over.
func (c Call) Answered() bool { return c.State == Connecting || c.State == Connected }

// AudioRuns reports whether the microphone and the speaker belong to c: see the package comment.
func (c Call) AudioRuns() bool { return standard.audioRuns(&c) }

// Open reports whether c has a media session that is warmed and not closed.
func (c Call) Open() bool { return c.Transport == Warming || c.Transport == Up || c.Transport == Lost }

// Waits reports whether timer runs in c; timer is RingTimeout, FulfillTimer or MediaTimeout.
func (c Call) Waits(timer EventKind) bool {
	for _, w := range standard.waits {
		if w.timer == timer && w.is(&c) {
			return true
		}
	}
	return false
}
