package apnstest

import "github.com/ringtrip/ringtrip/push"

// pushType is what goes with an apns-push-type ("Sending notification requests to APNs").
type pushType struct {
	suffix  string // of the topic, behind the bundle ID
	limit   int    // bytes of payload
	never10 bool   // "Always use priority 5. Using priority 10 is an error."
}

// pushTypes are the types that are known here. Of Apple's, mdm (its topic is no bundle ID), controls and widgets are
// missing.
var pushTypes = map[string]pushType{
	"alert":        {limit: push.MaxAlertPayload},
	"background":   {limit: push.MaxAlertPayload, never10: true},
	"complication": {suffix: ".complication", limit: push.MaxAlertPayload},
	"fileprovider": {suffix: ".pushkit.fileprovider", limit: push.MaxAlertPayload},
	"liveactivity": {suffix: ".push-type.liveactivity", limit: push.MaxAlertPayload},
	"location":     {suffix: ".location-query", limit: push.MaxAlertPayload},
	"pushtotalk":   {suffix: ".voip-ptt", limit: push.MaxAlertPayload},
	"voip":         {suffix: ".voip", limit: push.MaxVoIPPayload},
}
