package callkittest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/iossim"
)

// network does what the line of channel N says.
func (s *simStage) network(what string, args []string) error {
	switch what {
	case "voipPush":
		return s.push(args)
	case "alertPush":
		return s.alert(args)
	case "network":
		s.phone.SetOnline(arg(args, 0) != "off")
	case "rotateToken":
		s.phone.RotateToken(bundle(args, 0))
	default:
		return fmt.Errorf("the stage does not know how to do N %s", strings.Join(append([]string{what}, args...), " "))
	}
	return nil
}

// push delivers a payload whose fields are the words: u1 name=Bob handle=bob video=1 sent=-30s.
func (s *simStage) push(words []string) error {
	app := bundleID
	var options []iossim.PushOption
	var rest []string
	pad := 0
	for _, w := range words {
		k, v, _ := strings.Cut(w, "=")
		d, err := time.Duration(0), error(nil)
		switch k {
		case "app":
			app = otherBundles + v
		case "delay":
			d, err = time.ParseDuration(v)
			options = append(options, iossim.Delay(d))
		case "expires":
			if v == "0" {
				options = append(options, iossim.ExpiresAtOnce())
				break
			}
			d, err = time.ParseDuration(v)
			options = append(options, iossim.Expires(s.w.Now().Add(d)))
		case "priority":
			n := 0
			n, err = strconv.Atoi(v)
			options = append(options, iossim.Priority(n))
		case "topic":
			options = append(options, iossim.Topic(v))
		case "bytes":
			pad, err = strconv.Atoi(v)
			if pad < 0 || pad > 100_000 {
				return fmt.Errorf("%.40q is no size of a push", w)
			}
		case "twice":
			options = append(options, iossim.Twice())
		case "lost":
			options = append(options, iossim.Lost())
		default:
			rest = append(rest, w)
		}
		if err != nil {
			return fmt.Errorf("%.40q: %w", w, err)
		}
	}
	payload, sent, err := pushPayload(rest)
	if err != nil {
		return err
	}
	if pad > len(payload)+10 {
		payload = append(payload[:len(payload)-1], fmt.Sprintf(`,"x":%q}`, strings.Repeat("x", pad-len(payload)-7))...)
	}
	s.phone.DeliverPush(app, payload, append(options, iossim.SentAt(s.w.Now().Add(sent)))...)
	return nil
}

// alert delivers an alert push for the notification service extension, which carries a call: u1 name=Bob.
func (s *simStage) alert(words []string) error {
	p, rest, err := readPayload(words)
	if err != nil || len(rest) > 0 {
		return fmt.Errorf("as in: N alertPush u1 name=Bob (%v)", err)
	}
	data, err := json.Marshal(struct {
		payload
		Aps map[string]any `json:"aps"`
	}{p, map[string]any{"alert": "encrypted", "mutable-content": 1}})
	if err != nil {
		return err
	}
	return s.phone.DeliverAlert(bundleID, data)
}

// world does what the line of channel SYS says.
func (s *simStage) world(what string, args []string) error {
	ph := s.phone
	on := arg(args, 0) != "off"
	duration := func(i int) (time.Duration, error) {
		d, err := time.ParseDuration(arg(args, i))
		if err != nil {
			return 0, fmt.Errorf("%.40q is no duration (want as 5s)", arg(args, i))
		}
		return d, nil
	}
	switch what {
	case "appDies":
		ph.Kill(bundle(args, 0), "dies")
	case "reinstall":
		return ph.Reinstall(bundle(args, 0))
	case "update":
		return ph.UpdateApp(bundle(args, 0), nil)
	case "lowMemory":
		ph.LowMemory()
	case "crashAt":
		n, err := strconv.Atoi(arg(args, len(args)-1))
		if len(args) < 2 || err != nil {
			return fmt.Errorf("as in: SYS crashAt performAnswer 1")
		}
		ph.CrashAt(bundleID, strings.Join(args[:len(args)-1], " "), n)
	case "restart":
		ph.Restart()
	case "restartCallService":
		ph.RestartCallService()
	case "airplane":
		ph.SetAirplane(on)
	case "refusal":
		r := iossim.Refusal(arg(args, 0))
		if r == "off" {
			r = iossim.NoRefusal
		}
		return ph.SetRefusal(r)
	case "lowPower":
		ph.SetLowPower(on)
	case "contact":
		ph.SetContact(arg(args, 0), strings.Trim(arg(args, 1), `"`))
	case "focus":
		return s.focus(args)
	case "block":
		ph.BlockCaller(arg(args, 0), true)
	case "clock":
		d, err := duration(0)
		if err != nil {
			return err
		}
		ph.SetClock(d)
	case "interrupt":
		d, err := duration(1)
		if err != nil {
			return err
		}
		return ph.Interrupt(iossim.InterruptionKind(arg(args, 0)), d)
	case "resetMediaServices":
		ph.ResetMediaServices()
	case "microphone":
		ph.AllowMicrophone(bundleID, on)
	case "appMicrophone":
		ph.AppMicrophone(bundle(args, 1), on)
	case "callDirectory":
		return ph.EnableCallDirectory(bundleID, on)
	case "defaultCallingApp":
		return ph.SetDefaultCallingApp(bundle(args, 0))
	case "cellularRing":
		ph.CellularRing(arg(args, 0), strings.Trim(arg(args, 1), `"`))
	case "cellularAnswered":
		ph.CellularAnswered()
	case "cellularEnd":
		ph.CellularEnd()
	default:
		return fmt.Errorf("the stage does not know how to do SYS %s", strings.Join(append([]string{what}, args...), " "))
	}
	return nil
}

func (s *simStage) focus(args []string) error {
	name := arg(args, 0)
	if name == "off" {
		name = ""
	}
	var allowed []string
	for _, w := range args[min(1, len(args)):] {
		h, ok := strings.CutPrefix(w, "allow=")
		if !ok {
			return fmt.Errorf("as in: SYS focus Sleep allow=mum")
		}
		allowed = append(allowed, h)
	}
	s.phone.SetFocus(name, allowed...)
	return nil
}
