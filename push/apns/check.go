package apns

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/push"
)

const (
	maxToken    = 100 // bytes; Apple: "up to 100 bytes", so lengths are not hard-coded
	maxCollapse = 64
	maxBundleID = 155
)

// check refuses what APNs would refuse, without asking it.
func check(p push.Push) *push.Error {
	wrong := func(v push.Verdict, reason, hint string, args ...any) *push.Error {
		return &push.Error{Verdict: v, Reason: reason, Hint: fmt.Sprintf(hint, args...)}
	}
	if p.Environment != push.Production && p.Environment != push.Sandbox {
		return wrong(push.FixConfig, "bad environment", "%s is neither production nor sandbox: set Push.Environment", p.Environment)
	}
	if !isUUID(p.ID) {
		return wrong(push.FixConfig, "bad id", "Push.ID %.40q is not a lower-case UUID (8-4-4-4-12 hexadecimal digits)", p.ID)
	}
	if why := checkBundleID(p.BundleID); why != "" {
		return wrong(push.FixConfig, "bad bundle id", "Push.BundleID %.170q %s", p.BundleID, why)
	}
	if !isToken(p.Token) {
		return wrong(push.GiveUp, "bad token", "the device's token is not 1 to %d bytes in hexadecimal digits, but %d characters: register the device again", maxToken, len(p.Token))
	}
	if p.CollapseID != "" && !printable(p.CollapseID, maxCollapse) {
		return wrong(push.FixConfig, "bad collapse id", "Push.CollapseID %.80q is not at most %d visible ASCII characters", p.CollapseID, maxCollapse)
	}
	if p.Kind != push.VoIP && p.Kind != push.Alert {
		return wrong(push.FixConfig, "bad kind", "%s is neither voip nor alert: set Push.Kind", p.Kind)
	}
	if limit := p.Kind.MaxPayload(); len(p.Payload) > limit && len(p.Small) == 0 {
		return wrong(push.GiveUp, "payload too long", "the payload has %d bytes, %d are allowed: shorten it, or give Push.Small", len(p.Payload), limit)
	} else if len(p.Small) > limit {
		return wrong(push.GiveUp, "payload too long", "Push.Small has %d bytes, %d are allowed: it should hold little more than the call's id", len(p.Small), limit)
	}
	if e := checkJSON(p.Payload); e != nil {
		return e
	}
	if len(p.Small) > 0 {
		if e := checkJSON(p.Small); e != nil {
			return e
		}
	}
	if p.Deadline.IsZero() {
		return wrong(push.FixConfig, "no deadline", "set Push.Deadline to when the ring ends")
	}
	switch {
	case p.Expires.IsZero():
	case p.Kind == push.VoIP:
		return wrong(push.FixConfig, "bad expiration", "a VoIP push is delivered now or never, else a phone rings for a dead call: leave Push.Expires zero")
	case p.Expires.Unix() <= 0:
		return wrong(push.FixConfig, "bad expiration", "Push.Expires %s lies before 1970", p.Expires.UTC().Format(time.RFC3339))
	}
	return nil
}

// checkJSON says what is wrong with a payload. It is APNs' most lenient rule: one JSON object.
func checkJSON(b []byte) *push.Error {
	switch b = bytes.TrimLeft(b, " \t\r\n"); {
	case len(b) == 0:
		return &push.Error{Verdict: push.FixConfig, Reason: "payload empty", Hint: "give a JSON object, {} at least"}
	case b[0] != '{' || !json.Valid(b):
		return &push.Error{Verdict: push.FixConfig, Reason: "payload is not JSON", Hint: fmt.Sprintf("APNs takes one JSON object; this starts with %.20q", b)}
	}
	return nil
}

// checkBundleID says what is wrong with a bundle ID (Apple: CFBundleIdentifier), or nothing.
func checkBundleID(id string) string {
	switch {
	case id == "":
		return "is empty: give the app's bundle identifier, as com.example.app"
	case len(id) > maxBundleID:
		return fmt.Sprintf("is longer than %d characters", maxBundleID)
	case id[0] == '.' || id[len(id)-1] == '.' || strings.Contains(id, ".."):
		return "has an empty part: parts are separated by single dots"
	}
	for _, c := range []byte(id) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '-') {
			return "has characters other than letters, digits, dots and hyphens"
		}
	}
	return ""
}

// isToken says whether s is 1 to maxToken bytes in hexadecimal digits.
func isToken(s string) bool {
	if len(s) == 0 || len(s)%2 != 0 || len(s) > 2*maxToken {
		return false
	}
	for _, c := range []byte(s) {
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
			return false
		}
	}
	return true
}

// isUUID says whether s is a UUID in lower case, as Apple asks of apns-id.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, c := range []byte(s) {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
			continue
		}
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f') {
			return false
		}
	}
	return true
}
