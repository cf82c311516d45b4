package apns

import "github.com/ringtrip/ringtrip/push"

// retry says what to try after a refusal.
type retry uint8

const (
	never      retry = 1
	elsewhere  retry = 2 // the same push on another connection
	remint     retry = 3 // once more with a fresh provider token
	otherWorld retry = 4 // once in the other environment
	smaller    retry = 5 // once more with the small payload, if there is one
)

// reaction is what a reason means to us.
type reaction struct {
	status  int
	reason  string
	verdict push.Verdict // when trying is over
	retry   retry
	replace bool // the connection is no longer good
	key     bool // the provider key itself is refused: no push of this team works
	alarm   bool // a person has to put something right
	hint    string
}

const (
	hintBug   = "this is a fault of the sender, not of the device: report it"
	hintKey   = "check Config.Key, KeyID and TeamID, that the key was not revoked, and this machine's clock"
	hintApple = "APNs is in trouble: the ring is lost, the next one may work"
)

// reactions is Apple's catalogue ("Handling notification responses from APNs") with what we do about each reason.
var reactions = []reaction{
	{status: 400, reason: "BadCollapseId", verdict: push.FixConfig, retry: never, hint: "give a CollapseID of at most 64 bytes"},
	{status: 400, reason: "BadDeviceToken", verdict: push.BadToken, retry: otherWorld, hint: "the token fits neither production nor sandbox: check which app and team it was registered for"},
	{status: 400, reason: "BadExpirationDate", verdict: push.FixConfig, retry: never, hint: hintBug},
	{status: 400, reason: "BadMessageId", verdict: push.FixConfig, retry: never, hint: "give an ID that is a lower-case UUID"},
	{status: 400, reason: "BadPriority", verdict: push.FixConfig, retry: never, hint: hintBug},
	{status: 400, reason: "BadTopic", verdict: push.FixConfig, retry: never, hint: "check the bundle ID, and that the app has the push capability"},
	{status: 400, reason: "DeviceTokenNotForTopic", verdict: push.FixConfig, retry: never, hint: "the token belongs to another app: check the bundle ID stored with the device"},
	{status: 400, reason: "DuplicateHeaders", verdict: push.FixConfig, retry: never, hint: hintBug},
	{status: 400, reason: "IdleTimeout", verdict: push.GiveUp, retry: elsewhere, replace: true, hint: hintApple},
	{status: 400, reason: "InvalidPushType", verdict: push.FixConfig, retry: never, hint: hintBug},
	{status: 400, reason: "MissingDeviceToken", verdict: push.FixConfig, retry: never, hint: hintBug},
	{status: 400, reason: "MissingTopic", verdict: push.FixConfig, retry: never, hint: hintBug},
	{status: 400, reason: "PayloadEmpty", verdict: push.FixConfig, retry: never, hint: "give a payload"},
	{status: 400, reason: "TopicDisallowed", verdict: push.FixConfig, retry: never, hint: "the key's team may not push to this bundle ID: check TeamID, and the topics that the key is limited to"},
	{status: 403, reason: "BadCertificate", verdict: push.FixConfig, retry: never, key: true, hint: hintKey},
	{status: 403, reason: "BadCertificateEnvironment", verdict: push.FixConfig, retry: never, key: true, hint: hintKey},
	{status: 403, reason: "BadEnvironmentKeyIdInToken", verdict: push.FixConfig, retry: never, key: true, hint: hintEnvironment},
	{status: 403, reason: "BadEnvironmentKeyInToken", verdict: push.FixConfig, retry: never, key: true, hint: hintEnvironment}, // a second spelling, seen in the field
	{status: 403, reason: "ExpiredProviderToken", verdict: push.FixConfig, retry: remint, key: true, hint: "set this machine's clock: provider tokens are refused as expired"},
	{status: 403, reason: "Forbidden", verdict: push.FixConfig, retry: never, key: true, hint: hintKey},
	{status: 403, reason: "InvalidProviderToken", verdict: push.FixConfig, retry: never, key: true, hint: hintKey},
	{status: 403, reason: "MissingProviderToken", verdict: push.FixConfig, retry: never, key: true, hint: hintBug},
	{status: 403, reason: "UnrelatedKeyIdInToken", verdict: push.FixConfig, retry: elsewhere, replace: true, hint: "the connection belonged to another key: check KeyID"},
	{status: 404, reason: "BadPath", verdict: push.FixConfig, retry: never, hint: hintBug},
	{status: 405, reason: "MethodNotAllowed", verdict: push.FixConfig, retry: never, hint: hintBug},
	{status: 410, reason: "ExpiredToken", verdict: push.DropToken, retry: never, hint: hintDead},
	{status: 410, reason: "Unregistered", verdict: push.DropToken, retry: never, hint: hintDead},
	{status: 413, reason: "PayloadTooLarge", verdict: push.GiveUp, retry: smaller, hint: "shorten the payload: 5120 bytes at most for VoIP, 4096 for alerts"},
	{status: 429, reason: "TooManyProviderTokenUpdates", verdict: push.FixConfig, retry: elsewhere, replace: true, alarm: true, hint: "several processes use different provider tokens, or this machine's clock jumps"},
	{status: 429, reason: "TooManyRequests", verdict: push.GiveUp, retry: never, hint: "too many pushes to this one device in a short time: ring it less often"},
	{status: 500, reason: "InternalServerError", verdict: push.GiveUp, retry: elsewhere, hint: hintApple},
	{status: 503, reason: "ServiceUnavailable", verdict: push.GiveUp, retry: elsewhere, hint: hintApple},
	{status: 503, reason: "Shutdown", verdict: push.GiveUp, retry: elsewhere, replace: true, hint: hintApple},
}

const (
	hintEnvironment = "the key is limited to the other environment: use a key for this one (developer.apple.com, Keys)"
	hintDead        = "forget the token if it was registered at or before the timestamp: the app was deleted or got a new one"
)

// byReason is reactions by reason.
var byReason = func() map[string]reaction {
	m := make(map[string]reaction, len(reactions))
	for _, r := range reactions {
		r.alarm = r.alarm || r.verdict == push.FixConfig // what else is wrong with a request is wrong with every one
		m[r.reason] = r
	}
	return m
}()

// react looks a refusal up. A reason that Apple added since is judged by its status, never as the customer's fault
// unless the status says so: one odd device must not raise an alarm about the whole app.
func react(status int, reason string) reaction {
	if r, ok := byReason[reason]; ok {
		return r
	}
	r := reaction{status: status, reason: reason, verdict: push.GiveUp, retry: never, hint: "APNs gave a reason that this version does not know: look it up at Apple"}
	switch {
	case status == 403:
		r.verdict, r.alarm = push.FixConfig, true
	case status == 410:
		r.verdict, r.hint = push.DropToken, hintDead
	case status == 413:
		r.retry, r.hint = smaller, "shorten the payload"
	case status >= 500:
		r.retry, r.hint = elsewhere, hintApple
	}
	return r
}

// Reasons are the reasons of Apple's catalogue, for whoever explains them.
func Reasons() []string {
	var all []string
	for _, r := range reactions {
		all = append(all, r.reason)
	}
	return all
}
