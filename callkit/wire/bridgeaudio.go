package wire

import (
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

var _ callkit.WholeAudioSession = bridgeAudio{}

func (s bridgeAudio) ask(m Message) error { return s.b.send(m).Error.err() }

// SetCategoryWithPolicy is part of [callkit.AudioConfiguration].
func (s bridgeAudio) SetCategoryWithPolicy(c callkit.AudioCategory, m callkit.AudioMode, p callkit.RouteSharingPolicy, o callkit.AudioOptions) error {
	return s.ask(Message{Op: AudioSetCategory, Audio: &Audio{Category: c, Mode: m, Options: o, Policy: int(p)}})
}

// CategoryOptions is part of [callkit.AudioConfiguration].
func (s bridgeAudio) CategoryOptions() callkit.AudioOptions { return s.state().Options }

// RouteSharingPolicy is part of [callkit.AudioConfiguration].
func (s bridgeAudio) RouteSharingPolicy() callkit.RouteSharingPolicy {
	return callkit.RouteSharingPolicy(s.state().Policy)
}

// AvailableCategories is part of [callkit.AudioConfiguration].
func (s bridgeAudio) AvailableCategories() (all []callkit.AudioCategory) {
	for _, c := range s.state().Categories {
		all = append(all, callkit.AudioCategory(c))
	}
	return all
}

// AvailableModes is part of [callkit.AudioConfiguration].
func (s bridgeAudio) AvailableModes() (all []callkit.AudioMode) {
	for _, m := range s.state().Modes {
		all = append(all, callkit.AudioMode(m))
	}
	return all
}

// SetMode is part of [callkit.AudioConfiguration].
func (s bridgeAudio) SetMode(m callkit.AudioMode) error {
	return s.ask(Message{Op: AudioSetMode, Audio: &Audio{Mode: m}})
}

// SetPreferredSampleRate is part of [callkit.AudioConfiguration].
func (s bridgeAudio) SetPreferredSampleRate(hz float64) error {
	return s.ask(Message{Op: AudioSetPreferredSampleRate, Audio: &Audio{PreferredSampleRate: hz}})
}

// PreferredSampleRate is part of [callkit.AudioConfiguration].
func (s bridgeAudio) PreferredSampleRate() float64 { return s.state().PreferredSampleRate }

// SampleRate is part of [callkit.AudioConfiguration].
func (s bridgeAudio) SampleRate() float64 { return s.state().SampleRate }

// SetPreferredIOBufferDuration is part of [callkit.AudioConfiguration].
func (s bridgeAudio) SetPreferredIOBufferDuration(d time.Duration) error {
	return s.ask(Message{Op: AudioSetPreferredIOBufferDuration, Delay: int64(d)})
}

// PreferredIOBufferDuration is part of [callkit.AudioConfiguration].
func (s bridgeAudio) PreferredIOBufferDuration() time.Duration {
	return time.Duration(s.state().PreferredIOBufferDuration)
}

// IOBufferDuration is part of [callkit.AudioConfiguration].
func (s bridgeAudio) IOBufferDuration() time.Duration {
	return time.Duration(s.state().IOBufferDuration)
}

// SetPrefersNoInterruptionsFromSystemAlerts is part of [callkit.AudioConfiguration].
func (s bridgeAudio) SetPrefersNoInterruptionsFromSystemAlerts(on bool) error {
	return s.ask(Message{Op: AudioSetPrefersNoInterruptions, On: on})
}

// PrefersNoInterruptionsFromSystemAlerts is part of [callkit.AudioConfiguration].
func (s bridgeAudio) PrefersNoInterruptionsFromSystemAlerts() bool {
	return s.state().PrefersNoInterruptions
}

// SetPrefersEchoCancelledInput is part of [callkit.AudioConfiguration].
func (s bridgeAudio) SetPrefersEchoCancelledInput(on bool) error {
	return s.ask(Message{Op: AudioSetPrefersEchoCancelledInput, On: on})
}

// PrefersEchoCancelledInput is part of [callkit.AudioConfiguration].
func (s bridgeAudio) PrefersEchoCancelledInput() bool { return s.state().PrefersEchoCancelledInput }

// IsEchoCancelledInputEnabled is part of [callkit.AudioConfiguration].
func (s bridgeAudio) IsEchoCancelledInputEnabled() bool { return s.state().EchoCancelledInput }

// SetOutputMuted is part of [callkit.AudioConfiguration].
func (s bridgeAudio) SetOutputMuted(on bool) error {
	return s.ask(Message{Op: AudioSetOutputMuted, On: on})
}

// IsOutputMuted is part of [callkit.AudioConfiguration].
func (s bridgeAudio) IsOutputMuted() bool { return s.state().OutputMuted }

// RecordPermission is part of [callkit.AudioConfiguration].
func (s bridgeAudio) RecordPermission() callkit.RecordPermission {
	return callkit.RecordPermission(s.state().RecordPermission)
}

// RequestRecordPermission is part of [callkit.AudioConfiguration].
func (s bridgeAudio) RequestRecordPermission(completion func(bool)) {
	s.b.send(Message{Op: AudioRequestRecordPermission, Ticket: s.b.await(granted(completion))})
}

func granted(completion func(bool)) func(Message) {
	return func(m Message) {
		if completion != nil {
			completion(m.On)
		}
	}
}

// SetActiveWithOptions is part of [callkit.AudioActivation].
func (s bridgeAudio) SetActiveWithOptions(on bool, o callkit.SetActiveOptions) error {
	return s.ask(Message{Op: AudioSetActive, On: on, Number: int(o)})
}

// Activate is part of [callkit.AudioActivation].
func (s bridgeAudio) Activate(_ callkit.ActivationOptions, completion func(bool, error)) {
	s.b.send(Message{Op: AudioActivate, Ticket: s.b.await(func(m Message) {
		if completion != nil {
			completion(m.On, m.Error.err())
		}
	})})
}

// IsOtherAudioPlaying is part of [callkit.AudioActivation].
func (s bridgeAudio) IsOtherAudioPlaying() bool { return s.state().OtherAudioPlaying }

// SecondaryAudioShouldBeSilencedHint is part of [callkit.AudioActivation].
func (s bridgeAudio) SecondaryAudioShouldBeSilencedHint() bool {
	return s.state().SilenceSecondaryAudio
}

// Route is part of [callkit.AudioRouting].
func (s bridgeAudio) Route() callkit.AudioRoute { return s.state().Current.route() }

// AvailableInputs is part of [callkit.AudioRouting].
func (s bridgeAudio) AvailableInputs() []callkit.AudioPortDescription {
	return descriptions(s.state().AvailableInputs)
}

// SetPreferredInput is part of [callkit.AudioRouting].
func (s bridgeAudio) SetPreferredInput(p callkit.AudioPortDescription) error {
	return s.ask(Message{Op: AudioSetPreferredInput, Name: p.UID})
}

// PreferredInput is part of [callkit.AudioRouting].
func (s bridgeAudio) PreferredInput() (callkit.AudioPortDescription, bool) {
	if p := s.state().PreferredInput; p != nil {
		return descriptions([]Port{*p})[0], true
	}
	return callkit.AudioPortDescription{}, false
}

func descriptions(all []Port) (out []callkit.AudioPortDescription) {
	for _, p := range all {
		out = append(out, callkit.AudioPortDescription{PortType: callkit.AudioPort(p.Type), PortName: p.Name, UID: p.UID})
	}
	return out
}

func (r *Route) route() callkit.AudioRoute {
	if r == nil {
		return callkit.AudioRoute{}
	}
	return callkit.AudioRoute{Inputs: descriptions(r.Inputs), Outputs: descriptions(r.Outputs)}
}

// hears names the optional interfaces that an observer has. It is never empty, for that would be all.
func hears(o callkit.AudioObserver) []string {
	names := []string{"AudioObserver"}
	if _, ok := o.(callkit.MediaServicesObserver); ok {
		names = append(names, "MediaServicesObserver")
	}
	if _, ok := o.(callkit.SecondaryAudioObserver); ok {
		names = append(names, "SecondaryAudioObserver")
	}
	if _, ok := o.(callkit.AvailableInputsObserver); ok {
		names = append(names, "AvailableInputsObserver")
	}
	if _, ok := o.(callkit.OutputMuteObserver); ok {
		names = append(names, "OutputMuteObserver")
	}
	return names
}

// hearAudio calls the observer for news of the audio session.
func hearAudio(o callkit.AudioObserver, m Message) {
	switch m.Op {
	case AudioInterruption:
		if x, ok := o.(callkit.AudioInterruptionObserver); ok && m.Interruption != nil {
			i := m.Interruption
			x.AudioInterrupted(callkit.Interruption{
				Type: callkit.InterruptionType(i.Type), Options: callkit.InterruptionOptions(i.Options),
				Reason: callkit.InterruptionReason(i.Reason), WasSuspended: i.WasSuspended,
			})
			return
		}
		o.AudioInterruption(callkit.InterruptionType(m.Number))
	case AudioRouteChange:
		if x, ok := o.(callkit.AudioRouteObserver); ok && len(m.Routes) == 2 {
			x.AudioRouteChanged(callkit.RouteChange{Reason: callkit.RouteChangeReason(m.Number), Previous: m.Routes[0].route(), Current: m.Routes[1].route()})
			return
		}
		o.AudioRouteChange(callkit.RouteChangeReason(m.Number), m.Port)
	case AudioMediaServicesLost, AudioMediaServicesReset:
		x, ok := o.(callkit.MediaServicesObserver)
		switch {
		case ok && m.Op == AudioMediaServicesLost:
			x.MediaServicesWereLost()
		case ok:
			x.MediaServicesWereReset()
		}
	case AudioSilenceSecondary:
		if x, ok := o.(callkit.SecondaryAudioObserver); ok {
			x.SilenceSecondaryAudio(m.On)
		}
	case AudioAvailableInputsChanged:
		if x, ok := o.(callkit.AvailableInputsObserver); ok {
			x.AvailableInputsChanged()
		}
	case AudioOutputMuteChanged:
		if x, ok := o.(callkit.OutputMuteObserver); ok {
			x.OutputMuteStateChanged(m.On)
		}
	}
}

// bridgeMicrophone is AVAudioApplication of the other side.
type bridgeMicrophone struct{ b *Bridge }

// AudioApplication is part of [callkit.AudioApplicationSystem].
func (b *Bridge) AudioApplication() callkit.AudioApplication {
	if b.send(Message{Op: MicrophoneState}).Error != nil {
		return nil // a version of iOS without it
	}
	return bridgeMicrophone{b}
}

// SetInputMuted is part of [callkit.AudioApplication].
func (a bridgeMicrophone) SetInputMuted(muted bool) error {
	return a.b.send(Message{Op: MicrophoneSetMuted, On: muted}).Error.err()
}

// IsInputMuted is part of [callkit.AudioApplication].
func (a bridgeMicrophone) IsInputMuted() bool { return a.b.send(Message{Op: MicrophoneState}).On }

// SetInputMuteObserver is part of [callkit.AudioApplication].
func (a bridgeMicrophone) SetInputMuteObserver(o callkit.InputMuteObserver) {
	a.b.mu.Lock()
	a.b.mute = o
	a.b.mu.Unlock()
	a.b.send(Message{Op: MicrophoneSetObserver, On: o != nil})
}

// RecordPermission is part of [callkit.AudioApplication].
func (a bridgeMicrophone) RecordPermission() callkit.RecordPermission {
	return callkit.RecordPermission(a.b.send(Message{Op: MicrophoneState}).Number)
}

// RequestRecordPermission is part of [callkit.AudioApplication].
func (a bridgeMicrophone) RequestRecordPermission(completion func(bool)) {
	a.b.send(Message{Op: MicrophoneRequestPermission, Ticket: a.b.await(granted(completion))})
}
