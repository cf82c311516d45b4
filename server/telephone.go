package server

import (
	"context"
	"strings"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/fork"
	"github.com/ringtrip/ringtrip/store"
)

// telPrefix begins the user id of a telephone, as its URI does (RFC 3966).
const telPrefix = "tel:"

// unknownPhone is the user id of a telephone that withholds its number.
const unknownPhone = telPrefix + "anonymous"

// isE164 reports whether s is a number like "+15551234567": 7 to 15 digits.
func isE164(s string) bool {
	return len(s) >= 8 && len(s) <= 16 && s[0] == '+' && s[1] != '0' && strings.Trim(s[1:], "0123456789") == ""
}

// phoneOf returns the number of a telephone's user id, empty if it is none.
func phoneOf(user string) string {
	number, ok := strings.CutPrefix(user, telPrefix)
	if !ok || !isE164(number) {
		return ""
	}
	return number
}

// parseTel reads a global number as RFC 3966 writes it, "tel:+1-555-123-4567", or without "tel:". Parameters and local
// numbers are refused: what they mean depends on where one is.
func parseTel(s string) (number string, ok bool) {
	s, _ = strings.CutPrefix(s, telPrefix)
	number = strings.Map(func(r rune) rune {
		if strings.ContainsRune("-.()", r) {
			return -1
		}
		return r
	}, s)
	return number, isE164(number)
}

// telephone is the person of a number.
func telephone(number, name string) person {
	if !isE164(number) {
		return person{User: unknownPhone, Name: orElse(name, "Unknown number")}
	}
	return person{User: telPrefix + number, Name: orElse(name, number), Handle: number}
}

// telephoneCalled returns the number if a request calls a telephone, which the app has to allow.
func (s *Server) telephoneCalled(ctx context.Context, app, callee string) (number string, called bool, err error) {
	may := s.app(app).Telephones
	if !strings.HasPrefix(callee, telPrefix) {
		if may == nil || !isE164(callee) {
			return "", false, nil
		}
		// Recents calls a number back by nothing but its digits. A user may be named so, too.
		devices, err := s.store.DevicesOfUser(ctx, app, callee)
		if err != nil {
			return "", false, s.failed("reading the devices of a user", err)
		}
		if len(devices) > 0 {
			return "", false, nil
		}
	}
	if may == nil {
		return "", true, problem(connect.CodePermissionDenied, "telephones_off", "set the app's telephones in the server's configuration", nil, "this app calls no telephones")
	}
	number, ok := parseTel(callee)
	if !ok {
		return "", true, invalid("write it as tel:+15551234567 (RFC 3966)", "callee %.128q is no international number", callee)
	}
	for _, p := range may.Prefixes {
		if strings.HasPrefix(number, p) {
			return number, true, nil
		}
	}
	return "", true, problem(connect.CodePermissionDenied, "number_not_allowed", "the app's telephones have the prefixes that may be called", nil, "the app does not call %s", number)
}

// callTelephone makes the leg of a telephone that is called. Nobody pushes to it: its carrier calls it, and says how far
// that is.
func (t *turn) callTelephone() {
	t.ring = fork.Event{Kind: fork.Start, N: 1}
	t.Legs = []leg{{device: device{ID: t.Callee.User, Name: t.Callee.Name}, NoJob: true}}
	t.offers = map[int]offer{0: {device: store.Device{App: t.row.App, ID: t.Callee.User}, expected: true}}
}
