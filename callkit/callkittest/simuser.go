package callkittest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ringtrip/ringtrip/callkit"
)

// user does what the line of channel U says.
func (s *simStage) user(what string, args []string) error {
	ph := s.phone
	on := arg(args, 0) != "off"
	if press, ok := map[string]func() error{
		"answer": ph.Answer, "decline": ph.Decline, "end": ph.End, "video": ph.Video, "lock": ph.Lock, "unlock": ph.Unlock,
		"home": ph.Home, "returnToCall": ph.ReturnToCall, "recents": ph.OpenRecents, "dismiss": ph.Dismiss,
		"endAndAccept": ph.EndAndAccept, "holdAndAccept": ph.HoldAndAccept, "endHeldAndAccept": ph.EndHeldAndAccept,
		"swap": ph.Swap, "merge": ph.Merge, "addCall": ph.AddCall, "headset": ph.HeadsetPress, "muteGesture": ph.MuteGesture,
	}[what]; ok {
		return press()
	}
	switch what {
	case "mute":
		return ph.Mute(on)
	case "hold":
		return ph.Hold(on)
	case "keys":
		return ph.Keys(arg(args, 0))
	case "speaker":
		return ph.Speaker(on)
	case "translate":
		return ph.Translate(on, arg(args, 0), arg(args, 1))
	case "split", "endMember":
		id, err := callkit.ParseUUID(arg(args, 0))
		if err != nil {
			return fmt.Errorf("as in: U split u2")
		}
		if what == "split" {
			return ph.Split(id)
		}
		return ph.EndMember(id)
	case "dial":
		return ph.CellularDial(arg(args, 0))
	case "open":
		return ph.OpenApp(bundle(args, 0))
	case "swipe":
		return ph.SwipeApp(bundle(args, 0))
	case "tap", "suggestion", "notification":
		i, err := strconv.Atoi(arg(args, 0))
		if err != nil {
			return fmt.Errorf("as in: U %s 0", what)
		}
		return map[string]func(int) error{"tap": ph.TapRecent, "suggestion": ph.TapSuggestion, "notification": ph.TapNotification}[what](i)
	case "plug":
		return ph.Plug(callkit.AudioPort(arg(args, 0)))
	case "unplug":
		return ph.Unplug(callkit.AudioPort(arg(args, 0)))
	case "route":
		return ph.ChooseRoute(callkit.AudioPort(arg(args, 0)))
	case "siri":
		return ph.Siri(arg(args, 0), strings.Trim(arg(args, 1), `"`), arg(args, 2) == "video=1")
	case "url":
		return ph.OpenURL(arg(args, 0))
	}
	return fmt.Errorf("the stage does not know how to do U %s", strings.Join(append([]string{what}, args...), " "))
}
