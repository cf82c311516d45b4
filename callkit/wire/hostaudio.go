package wire

import (
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// audioOf is the audio session as it is.
func audioOf(s callkit.AudioSession) *Audio {
	a := &Audio{Category: s.Category(), Mode: s.Mode(), Route: s.CurrentRoute()}
	w, ok := callkit.WholeAudio(s)
	if !ok {
		return a
	}
	a.Options, a.Policy = w.CategoryOptions(), int(w.RouteSharingPolicy())
	for _, c := range w.AvailableCategories() {
		a.Categories = append(a.Categories, string(c))
	}
	for _, m := range w.AvailableModes() {
		a.Modes = append(a.Modes, string(m))
	}
	a.PreferredSampleRate, a.SampleRate = w.PreferredSampleRate(), w.SampleRate()
	a.PreferredIOBufferDuration, a.IOBufferDuration = int64(w.PreferredIOBufferDuration()), int64(w.IOBufferDuration())
	a.PrefersNoInterruptions = w.PrefersNoInterruptionsFromSystemAlerts()
	a.PrefersEchoCancelledInput, a.EchoCancelledInput = w.PrefersEchoCancelledInput(), w.IsEchoCancelledInputEnabled()
	a.OutputMuted, a.RecordPermission = w.IsOutputMuted(), int(w.RecordPermission())
	a.OtherAudioPlaying, a.SilenceSecondaryAudio = w.IsOtherAudioPlaying(), w.SecondaryAudioShouldBeSilencedHint()
	r := routeOf(w.Route())
	a.Current, a.AvailableInputs = &r, portsOf(w.AvailableInputs())
	if p, wished := w.PreferredInput(); wished {
		a.PreferredInput = &portsOf([]callkit.AudioPortDescription{p})[0]
	}
	return a
}

func portsOf(all []callkit.AudioPortDescription) (out []Port) {
	for _, p := range all {
		out = append(out, Port{string(p.PortType), p.PortName, p.UID})
	}
	return out
}

func routeOf(r callkit.AudioRoute) Route { return Route{portsOf(r.Inputs), portsOf(r.Outputs)} }

// wholeAudio carries out a command for what only some audio sessions have, and reports whether it is one.
func (h *Host) wholeAudio(m Message) (Message, bool) {
	switch m.Op {
	case MicrophoneSetMuted, MicrophoneState, MicrophoneSetObserver, MicrophoneRequestPermission:
		return h.microphone(m), true
	case AudioSetMode, AudioActivate, AudioSetPreferredSampleRate, AudioSetPreferredIOBufferDuration, AudioSetPrefersNoInterruptions,
		AudioSetPrefersEchoCancelledInput, AudioSetOutputMuted, AudioSetPreferredInput, AudioRequestRecordPermission:
	default:
		return Message{}, false
	}
	w, ok := callkit.WholeAudio(h.sys.AudioSession())
	if !ok {
		return Message{Error: errorOf(callkit.ErrUnavailable)}, true
	}
	var err error
	switch m.Op {
	case AudioActivate:
		w.Activate(0, func(on bool, err error) {
			h.send(Message{Op: Completion, Ticket: m.Ticket, On: on, Error: errorOf(err)})
		})
	case AudioRequestRecordPermission:
		w.RequestRecordPermission(h.granted(m.Ticket))
	case AudioSetPreferredIOBufferDuration:
		err = w.SetPreferredIOBufferDuration(time.Duration(m.Delay))
	case AudioSetPrefersNoInterruptions:
		err = w.SetPrefersNoInterruptionsFromSystemAlerts(m.On)
	case AudioSetPrefersEchoCancelledInput:
		err = w.SetPrefersEchoCancelledInput(m.On)
	case AudioSetOutputMuted:
		err = w.SetOutputMuted(m.On)
	case AudioSetPreferredInput:
		err = w.SetPreferredInput(inputNamed(w, m.Name))
	default:
		if m.Audio == nil {
			return refuse(string(m.Op) + " names no value"), true
		}
		if m.Op == AudioSetMode {
			err = w.SetMode(m.Audio.Mode)
		} else {
			err = w.SetPreferredSampleRate(m.Audio.PreferredSampleRate)
		}
	}
	return Message{Error: errorOf(err)}, true
}

// inputNamed is the available input with a UID. For one that is not available it is a description that the session
// refuses; for none, the zero description, which takes the wish back.
func inputNamed(w callkit.WholeAudioSession, uid string) callkit.AudioPortDescription {
	for _, p := range w.AvailableInputs() {
		if p.UID == uid {
			return p
		}
	}
	return callkit.AudioPortDescription{UID: uid}
}

func (h *Host) granted(ticket int) func(bool) {
	return func(on bool) { h.send(Message{Op: Completion, Ticket: ticket, On: on}) }
}

// microphone carries out a command for AVAudioApplication.
func (h *Host) microphone(m Message) Message {
	a := callkit.AudioApplicationOf(h.sys)
	if a == nil {
		return Message{Error: errorOf(callkit.ErrUnavailable)}
	}
	switch m.Op {
	case MicrophoneSetMuted:
		return Message{Error: errorOf(a.SetInputMuted(m.On))}
	case MicrophoneSetObserver:
		if m.On {
			a.SetInputMuteObserver(hostAudio{h, nil})
		} else {
			a.SetInputMuteObserver(nil)
		}
	case MicrophoneRequestPermission:
		a.RequestRecordPermission(h.granted(m.Ticket))
	default:
		return Message{On: a.IsInputMuted(), Number: int(a.RecordPermission())}
	}
	return Message{}
}

// hostAudio hears all notifications of the audio session.
type hostAudio struct {
	h          *Host
	implements []string // the optional interfaces that the app's observer has; nil is all
}

// Implements is part of [callkit.Partial]. The names are those of the interfaces.
func (a hostAudio) Implements(name string) bool {
	return a.implements == nil || slices.Contains(a.implements, name)
}

var (
	_ callkit.AudioInterruptionObserver = hostAudio{}
	_ callkit.AudioRouteObserver        = hostAudio{}
	_ callkit.MediaServicesObserver     = hostAudio{}
	_ callkit.SecondaryAudioObserver    = hostAudio{}
	_ callkit.AvailableInputsObserver   = hostAudio{}
	_ callkit.OutputMuteObserver        = hostAudio{}
	_ callkit.InputMuteObserver         = hostAudio{}
)

// AudioInterruption is part of [callkit.AudioObserver].
func (a hostAudio) AudioInterruption(t callkit.InterruptionType) {
	a.AudioInterrupted(callkit.Interruption{Type: t})
}

// AudioInterrupted is part of [callkit.AudioInterruptionObserver].
func (a hostAudio) AudioInterrupted(i callkit.Interruption) {
	a.h.send(Message{Op: AudioInterruption, Number: int(i.Type), Interruption: &Interruption{int(i.Type), int(i.Options), int(i.Reason), i.WasSuspended}})
}

// AudioRouteChange is part of [callkit.AudioObserver].
func (a hostAudio) AudioRouteChange(why callkit.RouteChangeReason, port callkit.AudioPort) {
	a.h.send(Message{Op: AudioRouteChange, Number: int(why), Port: port})
}

// AudioRouteChanged is part of [callkit.AudioRouteObserver].
func (a hostAudio) AudioRouteChanged(c callkit.RouteChange) {
	a.h.send(Message{Op: AudioRouteChange, Number: int(c.Reason), Port: c.Current.Output(), Routes: []Route{routeOf(c.Previous), routeOf(c.Current)}})
}

// MediaServicesWereLost is part of [callkit.MediaServicesObserver].
func (a hostAudio) MediaServicesWereLost() { a.h.send(Message{Op: AudioMediaServicesLost}) }

// MediaServicesWereReset is part of [callkit.MediaServicesObserver].
func (a hostAudio) MediaServicesWereReset() { a.h.send(Message{Op: AudioMediaServicesReset}) }

// SilenceSecondaryAudio is part of [callkit.SecondaryAudioObserver].
func (a hostAudio) SilenceSecondaryAudio(begin bool) {
	a.h.send(Message{Op: AudioSilenceSecondary, On: begin})
}

// AvailableInputsChanged is part of [callkit.AvailableInputsObserver].
func (a hostAudio) AvailableInputsChanged() { a.h.send(Message{Op: AudioAvailableInputsChanged}) }

// OutputMuteStateChanged is part of [callkit.OutputMuteObserver].
func (a hostAudio) OutputMuteStateChanged(muted bool) {
	a.h.send(Message{Op: AudioOutputMuteChanged, On: muted})
}

// InputMuteStateChanged is part of [callkit.InputMuteObserver].
func (a hostAudio) InputMuteStateChanged(muted bool) {
	a.h.send(Message{Op: MicrophoneMuteChanged, On: muted})
}
