package iossim

import (
	"fmt"
	"slices"

	"github.com/ringtrip/ringtrip/callkit"
)

// sound is what a phone has of audio beside the session of its calls.
type sound struct {
	devices []device // connected, the last one last
	noMic   bool     // the built-in microphone is broken
	chosen  string   // UID of the device that the user picked, or builtIn; empty: nobody picked
	serial  int      // numbers devices

	call     *callInterruption // calls have the sound now
	siri     int               // how often Siri listens now
	lost     bool              // the media services died and are not back yet
	mismatch mismatch
}

// builtIn stands for "none of the devices" as the user's choice.
const builtIn = "built-in"

// device is something that sounds, records or both, connected to the phone.
type device struct {
	kind callkit.AudioPort
	name string
	uid  string
}

// deviceNames are the kinds of devices that can be connected, with the name that the phone shows.
var deviceNames = map[callkit.AudioPort]string{
	callkit.Headphones: "Headphones", callkit.BluetoothHFP: "AirPods", callkit.BluetoothA2DP: "Bluetooth Speaker",
	callkit.BluetoothLE: "Hearing Aids", callkit.CarAudio: "CarPlay", callkit.USBAudio: "USB Audio",
	callkit.AirPlay: "HomePod", callkit.HDMI: "HDMI", callkit.LineOut: "Line Out", callkit.LineIn: "Line In",
	callkit.DisplayPort: "Display", callkit.Thunderbolt: "Thunderbolt",
}

var (
	receiverPort = callkit.AudioPortDescription{PortType: callkit.BuiltInReceiver, PortName: "Receiver", UID: "Built-In Receiver"}
	speakerPort  = callkit.AudioPortDescription{PortType: callkit.BuiltInSpeaker, PortName: "Speaker", UID: "Built-In Speaker"}
	micPort      = callkit.AudioPortDescription{PortType: callkit.BuiltInMic, PortName: "iPhone Microphone", UID: "Built-In Microphone"}
)

// port is the device as one of its ports, nil for the empty kind.
func (d device) port(kind callkit.AudioPort) []callkit.AudioPortDescription {
	if kind == "" {
		return nil
	}
	return []callkit.AudioPortDescription{{PortType: kind, PortName: d.name, UID: d.uid}}
}

// ports says as what a session may use the device: output, input, empty for not at all. It follows the category,
// its options and the mode (AVAudioSessionTypes.h).
func (s *audioSession) ports(d device) (out, in callkit.AudioPort) {
	o, records := s.opts(), s.category.Records()
	chat := s.mode == callkit.VoiceChat || s.mode == callkit.VideoChat || s.mode == callkit.GameChat
	switch d.kind {
	case callkit.Headphones:
		out, in = callkit.Headphones, callkit.HeadsetMic
	case callkit.USBAudio, callkit.CarAudio:
		out, in = d.kind, d.kind
	case callkit.LineIn:
		in = d.kind
	case callkit.BluetoothHFP: // a headset can do HFP and A2DP; HFP comes first
		switch {
		case records && o.Has(callkit.AllowBluetoothHFP):
			out, in = d.kind, d.kind
		case !records || o.Has(callkit.AllowBluetoothA2DP) && !chat:
			out = callkit.BluetoothA2DP
		}
	case callkit.BluetoothA2DP:
		if !records || o.Has(callkit.AllowBluetoothA2DP) && !chat {
			out = d.kind
		}
	case callkit.BluetoothLE:
		if !records || o&(callkit.AllowBluetoothHFP|callkit.AllowBluetoothA2DP) != 0 {
			out, in = d.kind, d.kind
		}
	case callkit.AirPlay:
		if !records || o.Has(callkit.AllowAirPlay) && !chat {
			out = d.kind
		}
	default: // screens and line outputs
		if !records || !chat {
			out = d.kind
		}
	}
	if s.category == callkit.MultiRoute {
		switch d.kind {
		case callkit.USBAudio, callkit.Headphones, callkit.LineOut, callkit.HDMI:
		default:
			out, in = "", ""
		}
	}
	if !records {
		in = ""
	}
	if !s.category.Plays() {
		out = ""
	}
	return out, in
}

// home is the built-in output for the session.
func (s *audioSession) home() callkit.AudioPortDescription {
	if s.category == callkit.PlayAndRecord && !s.opts().Has(callkit.DefaultToSpeaker) {
		return receiverPort
	}
	return speakerPort
}

// device is the one that the session uses, if any: the user's choice, else the app's wish, else the last that was
// connected. AirPlay has to be chosen.
func (s *audioSession) device() (device, bool) {
	snd := &s.p.ph.sound
	if snd.chosen == builtIn {
		return device{}, false
	}
	for _, uid := range []string{snd.chosen, s.preferred} {
		for _, d := range snd.devices {
			if out, in := s.ports(d); d.uid == uid && uid != "" && (out != "" || in != "") {
				return d, true
			}
		}
	}
	for _, d := range slices.Backward(snd.devices) {
		out, in := s.ports(d)
		if d.kind == callkit.AirPlay || out == "" && in == "" {
			continue
		}
		if s.preferred == micPort.UID && out == in {
			continue // a headset's two ports are used together or not at all
		}
		return d, true
	}
	return device{}, false
}

// full is the route that the session has, or would have if it were active.
func (s *audioSession) full() callkit.AudioRoute {
	snd := &s.p.ph.sound
	r := callkit.AudioRoute{Inputs: []callkit.AudioPortDescription{}, Outputs: []callkit.AudioPortDescription{}}
	mic := s.category.Records() && !snd.noMic
	if s.overridden && !s.owns() || s.owns() && s.p.ph.audio.speaker {
		r.Outputs = append(r.Outputs, speakerPort)
		if mic {
			r.Inputs = append(r.Inputs, micPort)
		}
		return r
	}
	var in callkit.AudioPort
	if d, ok := s.device(); ok {
		var out callkit.AudioPort
		out, in = s.ports(d)
		r.Outputs = append(r.Outputs, d.port(out)...)
		if s.preferred != micPort.UID || snd.noMic {
			r.Inputs = append(r.Inputs, d.port(in)...)
		}
	}
	if s.category == callkit.MultiRoute {
		r.Outputs = r.Outputs[:0]
		for _, d := range snd.devices {
			out, _ := s.ports(d)
			r.Outputs = append(r.Outputs, d.port(out)...)
		}
	}
	if len(r.Outputs) == 0 && s.category.Plays() {
		r.Outputs = append(r.Outputs, s.home())
	}
	if len(r.Inputs) == 0 && mic {
		r.Inputs = append(r.Inputs, micPort)
	}
	return r
}

// route is where the session sends the sound.
func (s *audioSession) route() callkit.AudioPort { return s.full().Output() }

// available are the inputs that the session could use.
func (s *audioSession) available() []callkit.AudioPortDescription {
	inputs := []callkit.AudioPortDescription{}
	if !s.category.Records() {
		return inputs
	}
	if !s.p.ph.sound.noMic {
		inputs = append(inputs, micPort)
	}
	for _, d := range s.p.ph.sound.devices {
		_, in := s.ports(d)
		inputs = append(inputs, d.port(in)...)
	}
	return inputs
}

// offered are the outputs that the user can choose between for the session.
func (s *audioSession) offered() []callkit.AudioPortDescription {
	var outputs []callkit.AudioPortDescription
	if s.category.Plays() {
		if s.home() == receiverPort {
			outputs = append(outputs, receiverPort)
		}
		outputs = append(outputs, speakerPort)
	}
	for _, d := range s.p.ph.sound.devices {
		out, _ := s.ports(d)
		outputs = append(outputs, d.port(out)...)
	}
	return outputs
}

// reroute looks whether the route of the session has changed, and tells the app if it is active.
func (s *audioSession) reroute(why callkit.RouteChangeReason) {
	if !s.own && !s.owns() || s.p.dead {
		return
	}
	was, now := s.told, s.full()
	if was.Outputs == nil { // the activation is still on its way
		return
	}
	if inputs := s.available(); !slices.Equal(inputs, s.inputs) {
		s.inputs = inputs
		if s.p.ph.knobs.OS.AtLeast(26, 0) {
			notifyIf(s, "availableInputsChange", callkit.AvailableInputsObserver.AvailableInputsChanged)
		}
	}
	if slices.Equal(was.Inputs, now.Inputs) && slices.Equal(was.Outputs, now.Outputs) {
		return
	}
	s.told = now
	if len(now.Inputs) == 0 && len(was.Inputs) > 0 && s.category.Records() || len(now.Outputs) == 0 && len(now.Inputs) == 0 {
		why = callkit.NoSuitableRouteForCategory
	}
	s.p.ph.log(ChanSystem, s.p.tag(), "routeChange reason=%s output=%s", why, orNone(string(now.Output())))
	change := callkit.RouteChange{Reason: why, Previous: was, Current: now}
	s.notify("routeChange "+why.String(), func(o callkit.AudioObserver) {
		if whole, ok := o.(callkit.AudioRouteObserver); ok {
			whole.AudioRouteChanged(change)
			return
		}
		o.AudioRouteChange(why, now.Output())
	})
}

// settled notes the route with which the session becomes active, which is no change to tell of.
func (s *audioSession) settled() { s.told, s.inputs = s.full(), s.available() }

// reroute has all sessions look at their routes.
func (ph *Phone) reroute(why callkit.RouteChangeReason) {
	for _, a := range ph.apps {
		if a.proc != nil {
			a.proc.session.reroute(why)
		}
	}
}

// session is the one that the screen's route is about: that of the call, else the last active one, else one that
// nobody has, as for music.
func (ph *Phone) session() *audioSession {
	if o := ph.audio.owner; o != nil {
		if o.app.proc != nil {
			return o.app.proc.session
		}
		s := newAudioSession(&Process{ph: ph, app: o.app}) // the system's own calls
		s.category, s.mode = callkit.PlayAndRecord, callkit.VoiceChat
		return s
	}
	for _, a := range slices.Backward(ph.apps) {
		if a.proc != nil && a.proc.session.own {
			return a.proc.session
		}
	}
	return newAudioSession(&Process{ph: ph})
}

// outputs are the kinds of outputs that the user can choose between now.
func (ph *Phone) outputs() []string {
	names := []string{}
	for _, p := range ph.session().offered() {
		if !slices.Contains(names, string(p.PortType)) {
			names = append(names, string(p.PortType))
		}
	}
	return names
}

// Plug connects a device: [callkit.Headphones] is a wired headset, [callkit.BluetoothHFP] a headset that can do
// A2DP too, [callkit.BluetoothA2DP] a loudspeaker. The last one connected takes over from the others, as far as
// sessions may use it, and from the speaker button; only AirPlay waits to be chosen. Plugging
// [callkit.BuiltInMic] repairs the microphone. A port that is no device is an error.
func (ph *Phone) Plug(port callkit.AudioPort) error {
	if port == callkit.BuiltInMic {
		ph.act("plug "+string(port), func() {
			ph.sound.noMic = false
			ph.reroute(callkit.NewDeviceAvailable)
		})
		return nil
	}
	name, ok := deviceNames[port]
	if !ok {
		return fmt.Errorf("iossim: %.40q is nothing that can be connected (want a port such as %s or %s)", string(port), callkit.Headphones, callkit.BluetoothHFP)
	}
	ph.act("plug "+string(port), func() {
		snd := &ph.sound
		snd.serial++
		d := device{kind: port, name: name, uid: fmt.Sprintf("%s-%d", port, snd.serial)}
		snd.devices = append(snd.devices, d)
		if port != callkit.AirPlay {
			snd.chosen = ""
			for _, a := range ph.apps {
				if a.proc == nil {
					continue
				}
				s := a.proc.session
				if out, in := s.ports(d); out == "" && in == "" {
					continue
				}
				s.overridden = false // it holds until the route changes (AVAudioSession.h)
				if s.owns() {
					ph.audio.speaker = false
				}
			}
		}
		ph.reroute(callkit.NewDeviceAvailable)
	})
	return nil
}

// Unplug disconnects the device of a kind that was connected last. Unplugging [callkit.BuiltInMic] breaks the
// built-in microphone, which leaves recording sessions without a route. It is an error if there is none.
func (ph *Phone) Unplug(port callkit.AudioPort) error {
	last := func() int {
		for i, d := range slices.Backward(ph.sound.devices) {
			if d.kind == port {
				return i
			}
		}
		return -1
	}
	if port == callkit.BuiltInMic {
		ph.act("unplug "+string(port), func() {
			ph.sound.noMic = true
			ph.reroute(callkit.OldDeviceUnavailable)
		})
		return nil
	}
	if _, ok := deviceNames[port]; !ok {
		return fmt.Errorf("iossim: %.40q is nothing that can be connected", string(port))
	}
	ph.act("unplug "+string(port), func() {
		i := last()
		if i < 0 {
			ph.log(ChanSystem, nil, "log no %s is connected", port)
			return
		}
		if ph.sound.chosen == ph.sound.devices[i].uid {
			ph.sound.chosen = ""
		}
		ph.sound.devices = slices.Delete(ph.sound.devices, i, i+1)
		ph.reroute(callkit.OldDeviceUnavailable)
	})
	return nil
}

// ChooseRoute is the user picking an output in the route picker: one of [Screen].Routes. The choice holds until
// the device goes, another comes, or the session is given back. Speaker is the same as the speaker button.
func (ph *Phone) ChooseRoute(port callkit.AudioPort) error {
	return ph.press("route "+string(port), func() string {
		if !slices.Contains(ph.outputs(), string(port)) {
			return fmt.Sprintf("the output is not offered (%v are)", ph.outputs())
		}
		return ""
	}, func() {
		s := ph.session()
		ph.sound.chosen = builtIn
		for _, d := range ph.sound.devices {
			if out, _ := s.ports(d); out == port {
				ph.sound.chosen = d.uid
			}
		}
		speaker := port == callkit.BuiltInSpeaker && s.home() != speakerPort
		if s.owns() {
			ph.audio.speaker = speaker
		} else {
			s.overridden = speaker
		}
		ph.reroute(callkit.Override)
	})
}

// CurrentRoute is part of [callkit.AudioSession].
func (s *audioSession) CurrentRoute() callkit.AudioPort { return get(s, s.route) }

// Route is part of [callkit.AudioRouting].
func (s *audioSession) Route() callkit.AudioRoute { return get(s, s.full) }

// AvailableInputs is part of [callkit.AudioRouting].
func (s *audioSession) AvailableInputs() []callkit.AudioPortDescription { return get(s, s.available) }

// PreferredInput is part of [callkit.AudioRouting].
func (s *audioSession) PreferredInput() (callkit.AudioPortDescription, bool) {
	s.p.w.mu.Lock()
	defer s.p.w.mu.Unlock()
	for _, in := range s.available() {
		if in.UID == s.preferred {
			return in, true
		}
	}
	return callkit.AudioPortDescription{}, false
}

// SetPreferredInput is part of [callkit.AudioRouting].
func (s *audioSession) SetPreferredInput(want callkit.AudioPortDescription) error {
	s.p.w.mu.Lock()
	defer s.p.w.mu.Unlock()
	const what = "setPreferredInput"
	there := slices.ContainsFunc(s.available(), func(in callkit.AudioPortDescription) bool { return in.UID == want.UID })
	switch {
	case want.UID == "":
	case !s.category.Records():
		return s.fail(what, callkit.AudioIncompatibleCategory, "the category has no input")
	case !there:
		return s.fail(what, callkit.AudioBadParam, "the input is not available")
	}
	s.preferred = want.UID
	s.p.sendLocked(what+" "+orNone(string(want.PortType)), func() { s.reroute(callkit.Override) })
	return nil
}
