// Package switchboard decides between the calls of one device: which of them is in front and has the sound, which
// ring in, which wait on hold and for whom, who is grouped with whom. [Step] is all of it: a pure function from a
// [Board] and an [Event] to the next Board and the [Effect] orders that follow. It is to several calls what package
// call is to one.
//
// The package refuses to do anything itself: it has no clock, no network, no identifiers (calls are numbered lines)
// and no knowledge of CallKit's objects or of a media SDK. What a single call does when it is held, answered or ended
// is package call's business; this package is told of it afterwards.
//
// # What the call system does, and what is left to the app
//
// The system holds, ends and answers by its own screen's buttons, each action at its own call, the old call before the
// new one as a rule (developer.apple.com/forums 794277). It lends the one audio session without saying to which call,
// and takes it away and gives it again between two calls. Calls of other apps and of the mobile network are known from
// CXCallObserver alone, without names. When a mobile call ends at its far end, the app's own call stays on hold and
// nobody is told (forums 715488, 749202).
//
// # Rows and clauses
//
// As in package call: a row says what one event does on a line in some states; what holds for every event is written
// once, as a clause:
//
//   - In front is the call that was answered or resumed last and is not on hold. Whatever order the system's actions
//     come in, only it (or its group) has the sound, from didActivate to didDeactivate, and never two calls at once:
//     sound is taken from one before it is given to another.
//   - A call that is held for another call, here or elsewhere, may go on once nothing else is on the phone that is not
//     on hold ([Board.CanResume]). If what it was held for is over, it is resumed by request after a moment's patience (the system may do it by
//     itself), once; if that is not wanted or does not work, it is offered. A call that the user
//     held is never resumed by request, nor is another one while he holds one.
//   - A group of one is none.
//
// # What the engine around it owes
//
// Effects are carried out in order. All Ask… effects of one step are one transaction to the system. The Patience event
// of a timer that was stopped must not be delivered. Before a hold is told, what CXCallObserver knows is told.
//
// The rows are in docs/model/switchboard.md, written from the code.
package switchboard

// Lines is how many calls of its own a device carries: one in front, one on hold and one that rings, or however the
// limit divides them. A call beyond that is told busy.
const Lines = 3

// None is no line.
const None uint8 = Lines

// Step returns what follows when e happens to b. It never panics, whatever b and e are; events that mean nothing
// in b's state change nothing (but commands are refused, offers and group actions are answered).
func Step(b Board, e Event) (Board, []Effect) { return standard.step(b, e) }
