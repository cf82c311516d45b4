package iossim

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxVoIPPayload and maxAlertPayload are the largest pushes that APNs takes, in bytes (Apple: Generating a remote
// notification).
const (
	maxVoIPPayload  = 5120
	maxAlertPayload = 4096
)

// PushOption says more about a push.
type PushOption func(*pushInfo)

type pushInfo struct {
	sent     time.Time
	expires  time.Time // zero: never
	once     bool      // apns-expiration: 0
	priority int
	topic    string
	delay    time.Duration
	twice    bool
	lost     bool
}

// SentAt says when the push was sent, by the world's time; without it, now.
func SentAt(t time.Time) PushOption { return func(i *pushInfo) { i.sent = t } }

// Expires is apns-expiration: after t, by the world's time, the push service throws the push away instead of
// delivering it late. Without it the push waits for as long as it takes.
func Expires(t time.Time) PushOption { return func(i *pushInfo) { i.expires = t } }

// ExpiresAtOnce is apns-expiration 0, as calls are sent: deliver now or never. Phones were seen to get such pushes
// late all the same (forums 795610, 778512), see the knob expirationZeroStored.
func ExpiresAtOnce() PushOption { return func(i *pushInfo) { i.once = true } }

// Priority is apns-priority: 10 (the default) at once, 5 when the phone's power allows it.
func Priority(n int) PushOption { return func(i *pushInfo) { i.priority = n } }

// Topic is apns-topic; the default is the right one, the bundle id followed by ".voip".
func Topic(topic string) PushOption { return func(i *pushInfo) { i.topic = topic } }

// Delay has the push come d late, so that others overtake it.
func Delay(d time.Duration) PushOption { return func(i *pushInfo) { i.delay = max(0, d) } }

// Twice has the push come twice.
func Twice() PushOption { return func(i *pushInfo) { i.twice = true } }

// Lost has the push accepted and never come.
func Lost() PushOption { return func(i *pushInfo) { i.lost = true } }

// PushError is a push that APNs refuses, in its own words.
type PushError struct {
	Status int    // as HTTP has it
	Reason string // "PayloadTooLarge"
	Text   string // what was wrong and what to do
}

// Error says status, reason and what was wrong.
func (e *PushError) Error() string {
	return fmt.Sprintf("iossim: APNs refuses the push: %d %s: %s", e.Status, e.Reason, e.Text)
}

// storedPush is what APNs keeps for a phone that it can't reach.
type storedPush struct {
	bundleID string
	info     pushInfo
	deliver  func()
}

// DeliverPush is the push service handing over a VoIP push for an app: what arrives, and when, is the
// caller's affair. The payload is a JSON object. It goes to the app's PushKit registry; if the app does not
// report a call in time, the call service kills it (Apple: Responding to VoIP Notifications from PushKit).
// For a phone that can't be reached, the service keeps the newest push of an app and delivers it late. What the
// service refuses stands in the log; [Phone.SendPush] says so.
func (ph *Phone) DeliverPush(bundleID string, payload []byte, options ...PushOption) {
	_ = ph.SendPush(bundleID, payload, options...) // the log has it
}

// SendPush is [Phone.DeliverPush] for who wants to hear what APNs says to it: nil if it takes the push, which says
// nothing about whether the phone or the app ever gets it, else a [*PushError].
func (ph *Phone) SendPush(bundleID string, payload []byte, options ...PushOption) error {
	payload = bytes.Clone(payload)
	return ph.send("voipPush", bundleID, bundleID+".voip", len(payload), maxVoIPPayload, options, func(i pushInfo) {
		ph.receive(bundleID, payload, i)
	})
}

// send takes a push of any kind to the phone: receive is called on the loop, once for each time it arrives.
func (ph *Phone) send(kind, bundleID, topic string, size, most int, options []PushOption, receive func(pushInfo)) error {
	w := ph.w
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tick()
	info := pushInfo{sent: w.now, priority: 10, topic: topic}
	for _, o := range options {
		o(&info)
	}
	if err := info.judge(topic, size, most); err != nil {
		ph.after(0, func() {
			ph.log(ChanNet, nil, "%s %s refused: %d %s", kind, bundleID, err.Status, err.Reason)
			ph.notice("%s: push refused by APNs: %s", bundleID, err.Text)
		})
		return err
	}
	arrive := func() { ph.arrive(kind, bundleID, info, func() { receive(info) }) }
	k := ph.knobs
	if info.lost {
		ph.after(0, func() { ph.log(ChanNet, nil, "%s %s lost", kind, bundleID) })
		return nil
	}
	if ph.chance(k.PushLoss) {
		ph.after(0, func() { ph.log(ChanNet, nil, "%s %s lost (knob pushLoss)", kind, bundleID) })
		return nil
	}
	ph.after(info.delay+ph.pushDelay(), arrive)
	if info.twice || ph.chance(k.PushDuplicate) {
		ph.after(info.delay+ph.pushDelay(), arrive)
	}
	return nil
}

// judge is what APNs checks before it takes a push.
func (i pushInfo) judge(topic string, size, most int) *PushError {
	switch {
	case size == 0:
		return &PushError{http.StatusBadRequest, "PayloadEmpty", "the push has no payload"}
	case size > most:
		return &PushError{http.StatusRequestEntityTooLarge, "PayloadTooLarge", fmt.Sprintf("%d bytes, want at most %d", size, most)}
	case i.topic == "":
		return &PushError{http.StatusBadRequest, "MissingTopic", "apns-topic is empty, want " + topic}
	case i.topic != topic && strings.TrimSuffix(i.topic, ".voip") == strings.TrimSuffix(topic, ".voip"):
		return &PushError{http.StatusBadRequest, "InvalidPushType", fmt.Sprintf("apns-topic %q does not fit apns-push-type, want %s", i.topic, topic)}
	case i.topic != topic:
		return &PushError{http.StatusBadRequest, "DeviceTokenNotForTopic", fmt.Sprintf("apns-topic is %.80q, the token is for %s", i.topic, topic)}
	case i.priority != 10 && i.priority != 5:
		return &PushError{http.StatusBadRequest, "BadPriority", fmt.Sprintf("apns-priority is %d, want 10 or 5", i.priority)}
	}
	return nil
}

// chance is true so many times in a hundred.
func (ph *Phone) chance(percent int) bool { return percent > 0 && ph.w.rng.IntN(100) < percent }

// pushDelay is how late the push service is this time.
func (ph *Phone) pushDelay() time.Duration {
	d := ph.knobs.PushDelay
	if j := ph.knobs.PushJitter; j > 0 {
		d += time.Duration(ph.w.rng.Int64N(int64(j) + 1))
	}
	return d
}

// reachable reports whether APNs gets a push to the phone.
func (ph *Phone) reachable() bool {
	if ph.airplane {
		return false
	}
	return ph.online && !ph.off || !ph.knobs.OfflineStoresPush
}

// arrive is the push on the last of its way: to the phone, or into APNs' store, which has room for one an app.
func (ph *Phone) arrive(kind, bundleID string, info pushInfo, deliver func()) {
	if ph.reachable() {
		if info.priority == 5 && ph.lowPower && ph.knobs.LowPowerDelay > 0 {
			ph.log(ChanNet, nil, "%s %s waits: apns-priority 5 and low power mode", kind, bundleID)
			ph.after(ph.knobs.LowPowerDelay, deliver)
			return
		}
		deliver()
		return
	}
	if info.once && !ph.knobs.ExpirationZeroStored {
		ph.log(ChanNet, nil, "%s %s discarded: apns-expiration 0 and the phone can't be reached", kind, bundleID)
		return
	}
	word := "stored"
	ph.stored = slices.DeleteFunc(ph.stored, func(s storedPush) bool {
		if s.bundleID == bundleID {
			word = "stored, replaces an older one"
		}
		return s.bundleID == bundleID
	})
	ph.log(ChanNet, nil, "%s %s %s: the phone can't be reached", kind, bundleID, word)
	ph.stored = append(ph.stored, storedPush{bundleID, info, deliver})
}

// back is told when the phone may be reachable again: what APNs kept comes now, late.
func (ph *Phone) back() {
	if len(ph.stored) == 0 || !ph.reachable() {
		return
	}
	ph.after(ph.knobs.StoredPushDelay, func() {
		if !ph.reachable() {
			return
		}
		stored := ph.stored
		ph.stored = nil
		for _, s := range stored {
			if !s.info.expires.IsZero() && ph.w.now.After(s.info.expires) {
				ph.log(ChanNet, nil, "push %s discarded: it expired meanwhile", s.bundleID)
				continue
			}
			s.deliver()
		}
	})
}
