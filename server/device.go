package server

import (
	"context"
	"errors"
	"slices"
	"strings"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/fork"
	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server/webhook"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

// maxDevices is how many devices a user has; a new one beyond that takes the place of the one seen longest ago.
const maxDevices = 32

// RegisterDevice implements PhoneService: it stores or renews a device and its push token.
func (s *Server) RegisterDevice(ctx context.Context, req *connect.Request[v1.RegisterDeviceRequest]) (*connect.Response[v1.RegisterDeviceResponse], error) {
	v := viewerOf(ctx)
	d, err := s.registration(v, req.Msg)
	if err != nil {
		return nil, err
	}
	old, err := s.store.Device(ctx, v.App, d.ID)
	switch {
	case err == nil && old.User != v.User:
		// A callee's device ids are known to its callers, so an id must not be enough to take a device over.
		return nil, problem(connect.CodePermissionDenied, "not_your_device", "UnregisterDevice when a user logs out, or choose a new id at login", nil,
			"device %q belongs to another user", d.ID)
	case errors.Is(err, store.ErrNotFound):
		if err := s.makeRoom(ctx, v); err != nil {
			return nil, s.failed("counting devices", err)
		}
	case err != nil:
		return nil, s.failed("reading device "+d.ID, err)
	}
	if d.AlertToken == "" { // an app that was just started may not have it yet
		d.AlertToken = old.AlertToken
	}
	if d.SealKey, err = registeredKey(req.Msg.SealKey, old.SealKey); err != nil {
		return nil, err
	}
	if err := s.telling(ctx, s.registered(old, d), func() (bool, error) { return true, s.store.PutDevice(ctx, d) }); err != nil {
		return nil, s.failed("storing device "+d.ID, err)
	}
	if err := s.ringToo(ctx, d); err != nil {
		return nil, s.failed("ringing device "+d.ID, err)
	}
	return connect.NewResponse(&v1.RegisterDeviceResponse{ServerTime: stamp(s.now()), NextCallId: s.nextCallID()}), nil
}

// registration checks what a device says of itself.
func (s *Server) registration(v viewer, m *v1.RegisterDeviceRequest) (store.Device, error) {
	now := s.now()
	d := store.Device{
		App: v.App, ID: m.DeviceId, User: v.User, Name: m.Name, Platform: m.Platform, BundleID: m.BundleId,
		VoIPToken: strings.ToLower(m.VoipToken), AppVersion: m.AppVersion, OSVersion: m.OsVersion, RegisteredAt: now, SeenAt: now,
		AlertToken: strings.ToLower(m.AlertToken), AlertRegisteredAt: now,
	}
	if err := checkDeviceID(m.DeviceId); err != nil {
		return d, err
	}
	if err := errors.Join(
		checkText("name", m.Name, maxText), checkText("platform", m.Platform, maxWord), checkText("bundle_id", m.BundleId, maxUser),
		checkText("app_version", m.AppVersion, maxWord), checkText("os_version", m.OsVersion, maxWord),
	); err != nil {
		return d, first(err)
	}
	bundles := s.app(v.App).BundleIDs
	if d.BundleID == "" && len(bundles) == 1 {
		d.BundleID = bundles[0]
	}
	if m.VoipToken == "" && m.AlertToken == "" {
		return d, nil
	}
	if err := errors.Join(checkToken("voip_token", m.VoipToken), checkToken("alert_token", m.AlertToken)); err != nil {
		return d, first(err)
	}
	if d.VoIPToken != "" && d.VoIPToken == d.AlertToken {
		return d, invalid("alert_token is what didRegisterForRemoteNotificationsWithDeviceToken gave, voip_token what PushKit gave", "voip_token and alert_token are the same")
	}
	if d.BundleID == "" {
		return d, invalid("send the app's bundle id: APNs wants it with the token", "bundle_id is empty")
	}
	if len(bundles) > 0 && !slices.Contains(bundles, d.BundleID) {
		return d, invalid("add it to the app's bundle ids, or build the app with one of these", "bundle_id %q is not of this app, which has %q", d.BundleID, bundles)
	}
	switch m.Environment {
	case v1.Environment_ENVIRONMENT_SANDBOX:
		d.Environment = uint8(push.Sandbox)
	case v1.Environment_ENVIRONMENT_PRODUCTION, v1.Environment_ENVIRONMENT_UNSPECIFIED:
		d.Environment = uint8(push.Production)
	default:
		return d, invalid("it is 1 (production) or 2 (sandbox)", "environment is %d", m.Environment)
	}
	return d, nil
}

// ringToo lets the calls that ring for the user ring on a device that has just registered with a push token, if it has no
// part in them or was given up as unreachable. (One that opens its event stream joins them by that.)
func (s *Server) ringToo(ctx context.Context, d store.Device) error {
	if d.VoIPToken == "" || s.cfg.Push(d.App, d.BundleID) == nil {
		return nil
	}
	rows, err := s.store.CallsOfUser(ctx, d.App, d.User)
	if err != nil {
		return err
	}
	for _, row := range rows {
		_, err := s.change(ctx, row.ID, func(t *turn) error {
			if t.Callee.User != d.User || t.Fork.State != fork.Ringing {
				return nil
			}
			if i := t.legOf(d.ID); i >= 0 && (t.Fork.Legs[i].State != fork.LegEnded || t.Fork.Legs[i].Reason != call.Unreachable) {
				return nil
			}
			t.arrived(deviceOf(d), false)
			if t.changed {
				t.offerLeg(t.legOf(d.ID))
			}
			return nil
		})
		if err != nil && connect.CodeOf(err) != connect.CodeNotFound {
			return err
		}
	}
	return nil
}

// makeRoom forgets the devices that were seen longest ago if the user has too many for one more.
func (s *Server) makeRoom(ctx context.Context, v viewer) error {
	devices, err := s.store.DevicesOfUser(ctx, v.App, v.User)
	if err != nil {
		return err
	}
	for i := len(devices) - 1; i >= 0 && i >= maxDevices-1; i-- {
		if err := s.deleteDevice(ctx, devices[i]); err != nil {
			return err
		}
		s.dropStream(ctx, v.App, devices[i].ID)
	}
	return nil
}

// deleteDevice forgets a device, and tells the app's backend.
func (s *Server) deleteDevice(ctx context.Context, d store.Device) error {
	d.VoIPToken, d.AlertToken = "", ""
	return s.telling(ctx, s.deviceLetters(webhook.DeviceUnregistered, d, ""), func() (bool, error) {
		return true, s.store.DeleteDevice(ctx, d.App, d.ID)
	})
}

// UnregisterDevice implements PhoneService: it forgets a device, which stops ringing.
func (s *Server) UnregisterDevice(ctx context.Context, req *connect.Request[v1.UnregisterDeviceRequest]) (*connect.Response[v1.UnregisterDeviceResponse], error) {
	v, id := viewerOf(ctx), req.Msg.DeviceId
	if err := checkDeviceID(id); err != nil {
		return nil, err
	}
	done := connect.NewResponse(&v1.UnregisterDeviceResponse{})
	d, err := s.store.Device(ctx, v.App, id)
	if errors.Is(err, store.ErrNotFound) {
		return done, nil
	}
	if err != nil {
		return nil, s.failed("reading device "+id, err)
	}
	if d.User != v.User {
		return nil, problem(connect.CodePermissionDenied, "not_your_device", "", nil, "device %q is not a device of user %q", id, v.User)
	}
	if err := s.deleteDevice(ctx, d); err != nil {
		return nil, s.failed("forgetting device "+id, err)
	}
	s.dropStream(ctx, v.App, id)
	rows, _, err := s.store.CallsOfDevice(ctx, v.App, id)
	if err != nil {
		return nil, s.failed("reading the calls of device "+id, err)
	}
	for _, row := range rows {
		if !row.Live {
			continue
		}
		_, err := s.change(ctx, row.ID, func(t *turn) error {
			if side, ok := t.sideOf(v.User, id); ok && side >= 0 && (t.Fork.State == fork.Ringing || t.Fork.Legs[side].Open()) {
				t.step(fork.Event{Kind: fork.Busy, Leg: int8(side), Reason: call.Unreachable})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return done, nil
}
