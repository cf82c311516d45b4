package main

import "github.com/ringtrip/ringtrip/push"

// explanation says what an answer of APNs means and what to do.
type explanation struct{ means, do string }

const (
	faultOfOurs = "the request itself was wrong, which is a fault of this program"
	reportIt    = "report it, with the reason"
	appleIsDown = "APNs is in trouble"
)

// explanations are those of Apple's reasons ("Handling notification responses from APNs").
var explanations = map[string]explanation{
	"BadCollapseId":               {"the apns-collapse-id is longer than 64 bytes", "shorten it"},
	"BadDeviceToken":              {"the token is of neither environment, or no token at all: for a token that an app just got, it is of another app or team, or was cut or changed on its way", "compare it with what PushKit gave, in hexadecimal digits, whole; a development build has sandbox tokens, TestFlight and the App Store production ones"},
	"BadExpirationDate":           {faultOfOurs, reportIt},
	"BadMessageId":                {"the apns-id is no UUID in lower case", "give one"},
	"BadPriority":                 {faultOfOurs, reportIt},
	"BadTopic":                    {"Apple knows no such topic", "check the bundle id (the topic is the bundle id and .voip), and that the app id has the push capability"},
	"DeviceTokenNotForTopic":      {"the token belongs to another app than the bundle id", "check which bundle id the device registered with"},
	"DuplicateHeaders":            {faultOfOurs, reportIt},
	"IdleTimeout":                 {"the connection was idle for too long", "try again"},
	"InvalidPushType":             {faultOfOurs, reportIt},
	"MissingDeviceToken":          {faultOfOurs, reportIt},
	"MissingTopic":                {faultOfOurs, reportIt},
	"PayloadEmpty":                {"there was no payload", "give one"},
	"TopicDisallowed":             {"the key's team may not push to this bundle id", "check the team id, and whether the key is limited to some topics (developer.apple.com, Keys)"},
	"BadCertificate":              {"APNs saw a client certificate, which this program never sends", "look for a proxy between here and APNs"},
	"BadCertificateEnvironment":   {"APNs saw a client certificate of the other environment, which this program never sends", "look for a proxy between here and APNs"},
	"BadEnvironmentKeyIdInToken":  {"the key is limited to the other environment", "make one for this environment, or for both (developer.apple.com, Keys)"},
	"BadEnvironmentKeyInToken":    {"the key is limited to the other environment", "make one for this environment, or for both (developer.apple.com, Keys)"},
	"ExpiredProviderToken":        {"the token that this program signed is too old for Apple's clock", "set this machine's clock (NTP)"},
	"Forbidden":                   {"the key may not do this", "check key, key id and team id"},
	"InvalidProviderToken":        {"Apple does not know the key under this key id and team id, or it was revoked", "check that the .p8 file, the key id and the team id belong together; the key id is in the file's name, AuthKey_KEYID.p8"},
	"MissingProviderToken":        {faultOfOurs, reportIt},
	"UnrelatedKeyIdInToken":       {"the connection was another key's", "check the key id"},
	"BadPath":                     {faultOfOurs, reportIt},
	"MethodNotAllowed":            {faultOfOurs, reportIt},
	"ExpiredToken":                {"the device token expired", "forget it if it was registered before the time that APNs gives; the app gets a new one at its next launch"},
	"Unregistered":                {"the app was deleted from this device, or got another token", "forget it if it was registered before the time that APNs gives"},
	"PayloadTooLarge":             {"a VoIP push has at most 5120 bytes", "shorten it"},
	"TooManyProviderTokenUpdates": {"the token of the key changed more often than every 20 minutes on a connection", "run one version of the program, with a clock that does not jump"},
	"TooManyRequests":             {"too many pushes to this one device in a short time", "wait some minutes, and ring it less often"},
	"InternalServerError":         {appleIsDown, "try again; see developer.apple.com/system-status"},
	"ServiceUnavailable":          {appleIsDown, "try again; see developer.apple.com/system-status"},
	"Shutdown":                    {"that server of Apple's is shutting down", "try again"},
}

// explain says what a refused push means.
func explain(e *push.Error) explanation {
	if x, ok := explanations[e.Reason]; ok {
		return x
	}
	if e.Status == 0 {
		return explanation{"APNs did not answer: " + e.Error(), "see whether this machine reaches APNs: ringtrip doctor"}
	}
	return explanation{"this version does not know the reason", "look it up at Apple: Handling notification responses from APNs"}
}
