package verdict

import (
	"errors"

	"github.com/ringtrip/ringtrip/callkit"
)

// ErrAudio is what [Line.StartAudio] returns while the system has not lent the audio session to the app: on an
// iPhone the audio unit does not start, or starts without sound.
var ErrAudio = errors.New("verdict: the audio session is not lent to the app: start audio in didActivate")

// track is the media of one call in one process.
type track struct {
	connected bool
	running   bool // the audio unit
	muted     bool
	held      bool
	early     bool // it was started without the session
}

func (l *Line) track(id callkit.UUID) *track {
	if l.media == nil {
		l.media = map[callkit.UUID]*track{}
	}
	t := l.media[id]
	if t == nil {
		t = new(track)
		l.media[id] = t
	}
	return t
}

// Connect connects the media of a call with the far end. connected (may be nil) is called on the main queue when
// sound could flow, which takes a while and in some trials for ever.
func (l *Line) Connect(id callkit.UUID, connected func()) {
	l.do(func() {
		l.sv.used.media = true
		t := l.track(id)
		if t.connected || l.sv.transport < 0 {
			return
		}
		l.sys.AfterFunc(l.sv.transport, func() {
			if l.media[id] == t {
				t.connected = true
				if connected != nil {
					connected()
				}
			}
		})
	})
}

// StartAudio starts the microphone and loudspeaker of a call: the audio unit. It fails with [ErrAudio] if the
// session is not lent to the app. The unit stops by itself when the system takes the session back.
func (l *Line) StartAudio(id callkit.UUID) error {
	if l.sys == nil {
		return ErrAudio
	}
	t := l.track(id)
	if !l.sv.st.ph.AudioActiveFor(BundleID) {
		t.early = true
		return ErrAudio
	}
	t.running = true
	return nil
}

// StopAudio stops what StartAudio started.
func (l *Line) StopAudio(id callkit.UUID) { l.track(id).running = false }

// Mute switches the microphone's track of a call off or on.
func (l *Line) Mute(id callkit.UUID, on bool) { l.track(id).muted = on }

// Hold stops or resumes both directions of a call's media; apps that have no such switch stop the audio instead.
func (l *Line) Hold(id callkit.UUID, on bool) { l.track(id).held = on }

// Close ends the media of a call.
func (l *Line) Close(id callkit.UUID) { delete(l.media, id) }

// talks reports whether sound of a call flows: of the newest process, for others are dead.
func (sv *server) talks(id callkit.UUID) bool {
	if sv.line == nil {
		return false
	}
	t := sv.line.media[id]
	return t != nil && t.connected && t.running && !t.held
}

// sends reports whether the far end hears the user.
func (sv *server) sends(id callkit.UUID) bool { return sv.talks(id) && !sv.line.media[id].muted }

// sessionLost stops every audio unit: the system has taken the session back.
func (sv *server) sessionLost() {
	if sv.line != nil {
		for _, t := range sv.line.media {
			t.running = false
		}
	}
}
