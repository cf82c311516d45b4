package storetest

import (
	"time"

	"github.com/ringtrip/ringtrip/store"
)

var deviceTests = []test{
	{"Kept", deviceKept},
	{"OfUser", devicesOfUser},
	{"RegisteredAt", registeredAt},
	{"TokenBelongsToOne", tokenBelongsToOne},
	{"DropToken", dropToken},
	{"SetEnvironment", setEnvironment},
	{"AlertToken", alertToken},
	{"Delete", deleteDevice},
	{"ReadAgain", readAgain},
}

func newDevice(id string) store.Device {
	return store.Device{
		App: "app", ID: id, User: "alice", Name: "Alice's " + id, Platform: "ios", BundleID: "com.example", VoIPToken: "aa" + id,
		Environment: 1, AppVersion: "1.0", OSVersion: "26.0", RegisteredAt: at(1), SeenAt: at(2), SealKey: "key of " + id,
	}
}

func (b *bench) putDevice(d store.Device) {
	b.Helper()
	if err := b.PutDevice(b.ctx(), d); err != nil {
		b.Fatalf("PutDevice: %v", err)
	}
}

func (b *bench) device(id string) store.Device {
	b.Helper()
	return must[store.Device](b, "Device")(b.Device(b.ctx(), "app", id))
}

func deviceKept(b *bench) {
	_, err := b.Device(b.ctx(), "app", "d1")
	b.wantErr("an unknown device", err, store.ErrNotFound)
	d := newDevice("d1")
	b.putDevice(d)
	b.same("device", b.device("d1"), d)
	d = store.Device{App: "app", ID: "d1", User: "bob", Name: "n", Platform: "web", BundleID: "b", VoIPToken: "cc", Environment: 2,
		AppVersion: "2", OSVersion: "3", RegisteredAt: at(3), SeenAt: at(1), AlertToken: "dd", AlertRegisteredAt: at(4)}
	b.putDevice(d)
	b.same("device", b.device("d1"), d)
	_, err = b.Device(b.ctx(), "other", "d1")
	b.wantErr("the device of another app", err, store.ErrNotFound)
}

func devicesOfUser(b *bench) {
	for i, id := range []string{"d2", "d3", "d1"} {
		d := newDevice(id)
		d.SeenAt = at(i)
		b.putDevice(d)
	}
	other := newDevice("d4")
	other.User = "bob"
	b.putDevice(other)
	elsewhere := newDevice("d5")
	elsewhere.App = "other"
	b.putDevice(elsewhere)
	of := func(user string) (all []string) {
		b.Helper()
		for _, d := range must[[]store.Device](b, "DevicesOfUser")(b.DevicesOfUser(b.ctx(), "app", user)) {
			all = append(all, d.ID)
		}
		return all
	}
	b.same("seen last first", of("alice"), []string{"d1", "d3", "d2"})
	moved := newDevice("d3")
	moved.User = "bob" // somebody else logged in
	moved.SeenAt = at(100)
	b.putDevice(moved)
	b.same("alice's", of("alice"), []string{"d1", "d2"})
	b.same("bob's", of("bob"), []string{"d3", "d4"})
	if got := of("nobody"); len(got) != 0 {
		b.Errorf("nobody has %v", got)
	}
}

// readAgain reads devices by id and by user before and after each change: a store that remembers what it read has to know
// when it is no longer so.
func readAgain(b *bench) {
	one, two, three := newDevice("d1"), newDevice("d2"), newDevice("d3")
	two.AlertToken, two.AlertRegisteredAt = "ab", at(1)
	for _, d := range []store.Device{one, two, three} {
		b.putDevice(d)
	}
	look := func(what string, want ...store.Device) {
		b.Helper()
		for range 2 {
			byUser := map[string]store.Device{}
			for _, user := range []string{"alice", "bob"} {
				for _, d := range must[[]store.Device](b, "DevicesOfUser")(b.DevicesOfUser(b.ctx(), "app", user)) {
					if d.User != user {
						b.Errorf("%s: %s is in the list of %s", what, d.ID, user)
					}
					byUser[d.ID] = d
				}
			}
			if len(byUser) != len(want) {
				b.Errorf("%s: %d devices", what, len(byUser))
			}
			for _, d := range want {
				b.same(what+": "+d.ID, b.device(d.ID), d)
				b.same(what+": "+d.ID+" in its user's list", byUser[d.ID], d)
			}
		}
	}
	look("new", one, two, three)
	one.Name, one.SeenAt = "another name", at(9)
	b.putDevice(one)
	look("renamed", one, two, three)
	one.User = "bob"
	b.putDevice(one)
	look("of another user", one, two, three)
	three.VoIPToken, one.VoIPToken, three.RegisteredAt = one.VoIPToken, "", at(5)
	b.putDevice(three)
	look("with the token of another", one, two, three)
	if err := b.SetEnvironment(b.ctx(), three.VoIPToken, 2); err != nil {
		b.Fatal(err)
	}
	three.Environment = 2
	look("of another environment", one, two, three)
	for _, token := range []string{three.VoIPToken, two.AlertToken} {
		if _, err := b.DropToken(b.ctx(), token, at(100)); err != nil {
			b.Fatal(err)
		}
	}
	three.VoIPToken, two.AlertToken = "", ""
	look("without a token", one, two, three)
	if err := b.DeleteDevice(b.ctx(), "app", "d2"); err != nil {
		b.Fatal(err)
	}
	look("fewer", one, three)
	_, err := b.Device(b.ctx(), "app", "d2")
	b.wantErr("a device that was deleted", err, store.ErrNotFound)
	b.putDevice(two)
	look("back again", one, two, three)
}

func registeredAt(b *bench) {
	d := newDevice("d1")
	b.putDevice(d)
	check := func(what string, want time.Time) {
		b.Helper()
		if got := b.device("d1").RegisteredAt; !got.Equal(want) {
			b.Errorf("%s: registered at %v, want %v", what, got, want)
		}
	}
	d.RegisteredAt = at(50)
	b.putDevice(d)
	check("the same token", at(1))
	d.VoIPToken = "bb"
	b.putDevice(d)
	check("a new token", at(50))
	d.VoIPToken, d.RegisteredAt = "", at(60)
	b.putDevice(d)
	check("no token any more", at(60))
	d.VoIPToken, d.RegisteredAt = "bb", at(40) // time went backwards
	b.putDevice(d)
	check("the token again", at(40))
}

func tokenBelongsToOne(b *bench) {
	one, two, other := newDevice("d1"), newDevice("d2"), newDevice("d3")
	two.VoIPToken, other.VoIPToken = one.VoIPToken, ""
	b.putDevice(one)
	b.putDevice(other)
	b.putDevice(two) // the app was installed anew and has a new device id
	if got := b.device("d1").VoIPToken; got != "" {
		b.Errorf("two devices have the token")
	}
	b.same("the new one", b.device("d2"), two)
	if got := b.device("d1"); got.User != one.User || !got.RegisteredAt.Equal(one.RegisteredAt) {
		b.Errorf("the one that lost it has become %+v", got)
	}
	elsewhere := newDevice("d1")
	elsewhere.App = "other"
	b.putDevice(elsewhere) // has the token that d1 had first
	if got := b.device("d2").VoIPToken; got != "" {
		b.Error("a device of another app has the token too")
	}
	for _, id := range []string{"d4", "d5"} { // no token is not a token that two may not have
		d := newDevice(id)
		d.VoIPToken = ""
		b.putDevice(d)
	}
}

func dropToken(b *bench) {
	d := newDevice("d1")
	d.RegisteredAt = at(10)
	b.putDevice(d)
	drop := func(token string, before time.Time, want bool) {
		b.Helper()
		if got := must[bool](b, "DropToken")(b.DropToken(b.ctx(), token, before)); got != want {
			b.Errorf("DropToken(%q, %v) = %v, want %v", token, before, got, want)
		}
	}
	drop(d.VoIPToken, at(10).Add(-time.Millisecond), false) // it was given again since
	drop("unknown", at(100), false)
	drop("", at(100), false)
	if got := b.device("d1").VoIPToken; got != d.VoIPToken {
		b.Errorf("the token is %q", got)
	}
	drop(d.VoIPToken, at(10), true)
	if got := b.device("d1"); got.VoIPToken != "" || got.User != d.User {
		b.Errorf("the device is %+v", got)
	}
	drop(d.VoIPToken, at(10), false)
	d.RegisteredAt = at(20)
	b.putDevice(d)
	drop(d.VoIPToken, at(19), false)
	drop(d.VoIPToken, at(20), true)
}

func setEnvironment(b *bench) {
	b.putDevice(newDevice("d1"))
	none := newDevice("d2")
	none.VoIPToken = ""
	b.putDevice(none)
	for _, token := range []string{newDevice("d1").VoIPToken, "unknown", ""} {
		if err := b.SetEnvironment(b.ctx(), token, 2); err != nil {
			b.Errorf("SetEnvironment(%q): %v", token, err)
		}
	}
	if got := b.device("d1").Environment; got != 2 {
		b.Errorf("environment %d, want 2", got)
	}
	if got := b.device("d2").Environment; got != 1 {
		b.Errorf("environment %d of a device without a token, want 1", got)
	}
}

// The alert token has a life of its own beside the VoIP token.
func alertToken(b *bench) {
	d := newDevice("d1")
	d.AlertToken, d.AlertRegisteredAt = "ee", at(5)
	b.putDevice(d)
	renewed := d
	renewed.RegisteredAt, renewed.AlertRegisteredAt, renewed.SeenAt = at(50), at(50), at(50)
	b.putDevice(renewed)
	if got := b.device("d1"); !got.RegisteredAt.Equal(at(1)) || !got.AlertRegisteredAt.Equal(at(5)) {
		b.Errorf("the same tokens are of %v and %v now", got.RegisteredAt, got.AlertRegisteredAt)
	}
	renewed.AlertToken = "ff"
	b.putDevice(renewed)
	if got := b.device("d1"); !got.RegisteredAt.Equal(at(1)) || !got.AlertRegisteredAt.Equal(at(50)) {
		b.Errorf("after a new alert token they are of %v and %v", got.RegisteredAt, got.AlertRegisteredAt)
	}
	if got := must[bool](b, "DropToken")(b.DropToken(b.ctx(), "ff", at(49))); got {
		b.Error("an alert token that was given again since was dropped")
	}
	two := newDevice("d2")
	two.AlertToken, two.AlertRegisteredAt = "ff", at(60)
	b.putDevice(two) // the app was installed anew
	if got := b.device("d1"); got.AlertToken != "" || got.VoIPToken != d.VoIPToken {
		b.Errorf("the device that lost its alert token is %+v", got)
	}
	if err := b.SetEnvironment(b.ctx(), "ff", 2); err != nil {
		b.Fatal(err)
	}
	if got := must[bool](b, "DropToken")(b.DropToken(b.ctx(), "ff", at(60))); !got {
		b.Error("the alert token was not dropped")
	}
	if got := b.device("d2"); got.AlertToken != "" || got.VoIPToken != two.VoIPToken || got.Environment != 2 {
		b.Errorf("the device is %+v", got)
	}
}

func deleteDevice(b *bench) {
	b.putDevice(newDevice("d1"))
	for range 2 {
		if err := b.DeleteDevice(b.ctx(), "app", "d1"); err != nil {
			b.Errorf("DeleteDevice: %v", err)
		}
	}
	_, err := b.Device(b.ctx(), "app", "d1")
	b.wantErr("Device", err, store.ErrNotFound)
	if devices := must[[]store.Device](b, "DevicesOfUser")(b.DevicesOfUser(b.ctx(), "app", "alice")); len(devices) != 0 {
		b.Errorf("DevicesOfUser = %v", devices)
	}
	again := newDevice("d2")
	again.VoIPToken = newDevice("d1").VoIPToken
	b.putDevice(again)
}
