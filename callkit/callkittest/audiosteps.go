package callkittest

import (
	"fmt"
	"strconv"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// audioStep carries out a line about the audio session. What came of it is shown in channel C.
func (a *actor) audioStep(what string, args []string) error {
	s := a.sys.AudioSession()
	on := len(args) == 0 || args[0] != "false" && args[0] != "0" && args[0] != "off"
	var err error
	switch what {
	case "setActive":
		if len(args) > 1 && args[1] == "notifyOthers" {
			w, ok := s.(callkit.AudioActivation)
			if !ok {
				return fmt.Errorf("this audio session has no options")
			}
			err = w.SetActiveWithOptions(on, callkit.NotifyOthersOnDeactivation)
		} else {
			err = s.SetActive(on)
		}
	case "setCategory":
		if len(args) < 2 || len(args) > 3 {
			return fmt.Errorf("as in: A setCategory PlayAndRecord VoiceChat, or with defaultToSpeaker or mixWithOthers")
		}
		var options callkit.AudioOptions
		if len(args) == 3 {
			if options = map[string]callkit.AudioOptions{"defaultToSpeaker": callkit.DefaultToSpeaker, "mixWithOthers": callkit.MixWithOthers,
				"allowBluetooth": callkit.AllowBluetoothHFP}[args[2]]; options == 0 {
				return fmt.Errorf("a category has no option %.40q (want defaultToSpeaker, mixWithOthers or allowBluetooth)", args[2])
			}
		}
		err = s.SetCategory(callkit.AudioCategory(args[0]), callkit.AudioMode(args[1]), options)
	case "overrideOutputAudioPort":
		err = s.OverrideOutputAudioPort(len(args) > 0 && args[0] == "speaker")
	case "setMode", "prefersNoInterruptions":
		w, ok := s.(callkit.AudioConfiguration)
		if !ok {
			return fmt.Errorf("this audio session has no settings")
		}
		if what == "setMode" {
			err = w.SetMode(callkit.AudioMode(args[0]))
		} else {
			err = w.SetPrefersNoInterruptionsFromSystemAlerts(on)
		}
	case "startAudio":
		d, ok := a.sys.(interface{ StartAudio(record bool) error })
		if !ok {
			return fmt.Errorf("this system's processes have no audio devices")
		}
		err = d.StartAudio(len(args) > 0 && args[0] == "record")
	case "setInputMuted", "observeInputMute":
		m := callkit.AudioApplicationOf(a.sys)
		if m == nil {
			return fmt.Errorf("AVAudioApplication came with iOS 17 (write: os 17.4..)")
		}
		if what == "observeInputMute" {
			m.SetInputMuteObserver(a)
			return nil
		}
		err = m.SetInputMuted(on)
	}
	a.on("C", what+" "+audioError(err))
	return nil
}

func audioError(err error) string {
	if e, ok := err.(*callkit.Error); ok {
		return "error=" + strconv.Itoa(e.Code)
	}
	return short(err)
}

// donate gives the system an intent of a call that was, as "handle=bob name=Bob".
func (a *actor) donate(args []string) error {
	d, ok := a.sys.(callkit.InteractionDonor)
	if !ok {
		return fmt.Errorf("this system takes no interactions")
	}
	p, _, err := readPayload(append([]string{"u1"}, args...))
	if err != nil {
		return err
	}
	capability := callkit.AudioCall
	if p.Video {
		capability = callkit.VideoCall
	}
	d.DonateInteraction(callkit.Interaction{
		Identifier: "call with " + p.Handle, Direction: callkit.OutgoingInteraction, Start: a.sys.Now(), Duration: time.Minute,
		Intent: callkit.StartCallIntent{Contacts: []callkit.Person{{Handle: p.handle(), DisplayName: p.Name}}, CallCapability: capability},
	}, func(err error) { a.on("C", "donate "+short(err)) })
	return nil
}

func (a *actor) reloadCallDirectory() error {
	d, ok := a.sys.(callkit.CallDirectory)
	if !ok {
		return fmt.Errorf("this system has no call directories")
	}
	d.CallDirectoryManager().ReloadExtension(bundleID+".directory", func(err error) { a.on("C", "reloadExtension "+short(err)) })
	return nil
}
