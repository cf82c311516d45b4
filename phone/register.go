package phone

import (
	"encoding/hex"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/callkit"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// A registration is where the device stands with the server.
type registration struct {
	token   string // hex
	alert   string // hex
	asked   bool   // there is something to register
	done    bool
	running bool
	again   bool // something changed meanwhile
	wait    time.Duration
	timer   callkit.Timer
}

// The pauses between attempts to register.
const (
	registerAfter = 2 * time.Second
	registerMax   = 5 * time.Minute
)

// Register registers the device anew, as after the user logged in or the push environment changed. The engine does it by itself
// when the push token comes or changes, and tries again until the server has heard.
func (p *Phone) Register() { p.post(p.register) }

// SetAlertToken registers the token of ordinary notifications (what didRegisterForRemoteNotificationsWithDeviceToken
// gives), by which the server tells of missed calls if its app wants that. Apple gives it anew at each start of the app.
// It does not block.
func (p *Phone) SetAlertToken(token []byte) {
	p.post(func() {
		if text := hex.EncodeToString(token); p.reg.alert != text {
			p.reg.alert = text
			if p.reg.asked { // else it goes with the push token, and does not go without it
				p.register()
			}
		}
	})
}

// setToken hears of a new push token, or that the old one is void.
func (p *Phone) setToken(token []byte) {
	p.reg.token = hex.EncodeToString(token)
	p.register()
}

// register sends what is to be registered. The lock must be held.
func (p *Phone) register() {
	r := &p.reg
	if p.cfg.Register == nil {
		return
	}
	r.asked, r.done = true, false
	if r.running {
		r.again = true
		return
	}
	r.running, r.again = true, false
	if r.timer != nil {
		r.timer.Stop()
		r.timer = nil
	}
	req := &v1.RegisterDeviceRequest{
		DeviceId: p.cfg.DeviceID, Name: p.cfg.DeviceName, Platform: p.cfg.Platform, VoipToken: r.token,
		Environment: p.cfg.Environment, BundleId: p.cfg.BundleID, AppVersion: p.cfg.AppVersion, OsVersion: p.cfg.OSVersion,
		AlertToken: r.alert,
	}
	if key, err := p.sealKey(); err != nil {
		p.log.Warn("the device is registered without its sealing key; the server keeps the one it has", "err", err)
	} else if key != nil {
		req.SealKey = key.Public()
	}
	p.outside(func() {
		p.cfg.Register(p.ctx, req, func(res *v1.RegisterDeviceResponse, err error) {
			p.post(func() { p.registered(res, err) })
		})
	})
}

func (p *Phone) registered(res *v1.RegisterDeviceResponse, err error) {
	r := &p.reg
	if !r.running {
		return
	}
	r.running = false
	switch {
	case r.again:
		p.register()
	case err == nil:
		r.done, r.wait = true, 0
		if res.GetServerTime() != nil {
			p.learn(when(res.ServerTime))
		}
		if res.GetNextCallId() != "" {
			p.setNextCallID(res.NextCallId)
		}
	case connect.CodeOf(err) == connect.CodeUnauthenticated:
		p.log.Warn("the server does not take the user's token; the device is not registered until Register is called after the login", "err", err)
	default:
		r.wait = min(max(registerAfter, 2*r.wait), registerMax)
		p.log.Warn("registering the device", "err", err, "again in", r.wait)
		r.timer = p.after(r.wait, p.retryRegistration)
	}
}

// retryRegistration registers if the last attempt failed. The lock must be held.
func (p *Phone) retryRegistration() {
	if p.reg.asked && !p.reg.done && !p.reg.running {
		p.register()
	}
}
