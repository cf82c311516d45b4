// Package verdict is a conformance kit for call code: it installs an app, written against package callkit, on a
// simulated iPhone, plays some forty trials with it on virtual time, on each version of iOS that differs, and says
// which of the mistakes that real apps make are in it, by number: B14, held for a cellular call and never resumed. Each
// comes with what was seen, the lines of the phone's log, why it matters, who met it, and what to do. [Bugs] lists
// them, [Trials] how they are looked for.
//
// It judges from outside only: by the phone's log and screen, and by what the app's server and the far end heard. It
// looks into no app, wants no mocks, opens no sockets, and takes well under a second. It does not test the simulated
// iPhone: that is package callkittest's.
//
// # Pointing it at an app
//
// A test of the app says how to make its process, and what its server's push looks like:
//
//	type subject struct{ disk *Disk } // what the app keeps from process to process
//
//	func (s subject) New(line *verdict.Line) callkit.App { return NewApp(s.disk, adapter{line}) }
//	func (s subject) Push(c verdict.Call) []byte         { return pushPayload(c.ID, c.Handle, c.Name) }
//
//	func TestCalls(t *testing.T) {
//		verdict.Test(t, func() verdict.Subject { return subject{new(Disk)} })
//	}
//
// An app may speak LiveCommunicationKit's words (package lck) instead, and is judged in the same way.
//
// That alone tries pushes, reports, answers and ends. For the rest the kit plays the app's server, the far end and
// the media SDK: that is the [Line]. The adapter calls it where the app would call its signaling and media code:
// Open for the connection, Say and Start for requests, Connect for the media transport, StartAudio for the audio
// unit, Mute for the microphone's track. The app's own buttons are methods of the value that New returns: [Dialer],
// [HangUpper], [Muter], [Resumer], [Merger]. What an app does not have is not tried, and the verdict says so, trial
// by trial; nothing passes in silence.
//
// The example below is a whole app that can be copied. Package right in testdata is one with everything, and
// passes; package wrong has an app for each bug, which differs from that one in the place that matters.
//
// # Reading a verdict
//
// [Verdict.Findings] are bugs that were seen. [Verdict.Stuck] are trials that came to nothing because of another
// bug, as an answer on a phone that never rang: they are looked at again when the findings are mended.
// [Verdict.Untried] says what the app, or its adapter, lacks for a trial. A bug that must stay for now goes into
// [Options.Known] with a reason.
//
// A finding is a conclusion from one play. Trials are short stories that a real phone can tell, and each is shown to
// find its bug in a wrong app and nothing in the right one; but that a trial passes proves no more than that this
// story went well.
package verdict
