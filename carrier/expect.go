package carrier

import (
	"fmt"
	"mime"
	"net"
	"net/url"
	"slices"
	"strings"
)

// Expect returns [ErrMethod] or [ErrContentType] if a request was not made by method with a body of one of the types
// (parameters as "charset" are not looked at). No types: any will do.
func (r *Request) Expect(method string, types ...string) error {
	if r.Method != method {
		return fmt.Errorf("%w: %.20q instead of %s", ErrMethod, r.Method, method)
	}
	if len(types) == 0 {
		return nil
	}
	got, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !slices.Contains(types, got) {
		return fmt.Errorf("%w: %.60q instead of %s", ErrContentType, r.Header.Get("Content-Type"), strings.Join(types, " or "))
	}
	return nil
}

// ExpectOnly is [Request.Expect] for a carrier that has one webhook, which comes to the carrier's own URL: what comes below it
// is [ErrUnknownHook].
func (r *Request) ExpectOnly(method string, types ...string) error {
	if r.Hook != "" {
		return fmt.Errorf("%w: %.60q; this carrier's come without a further path", ErrUnknownHook, r.Hook)
	}
	return r.Expect(method, types...)
}

// Check returns an error if nobody may be given credentials for such a join: [ErrNotInCall] for who is no side of the call,
// [ErrUnknownCall] for a call that is over or has no id.
func (j Join) Check() error {
	side := j.Call.Callee
	if j.Caller {
		side = j.Call.Caller
	}
	switch {
	case j.Call.ID == "" || j.Call.State == Ended:
		return fmt.Errorf("%w, or it is over", ErrUnknownCall)
	case j.Self.User == "" || j.Self.User != side.User:
		return fmt.Errorf("%w: %.60q", ErrNotInCall, j.Self.User)
	case j.Self.Device == "" || j.Self.Phone != "":
		return fmt.Errorf("%w: a telephone, or a user without a device", ErrNotInCall)
	}
	return nil
}

// IsID reports whether s is shaped as the ids of ringtrip's calls and groups are, so that another one's room is not asked
// for at the desk: a UUID in lower case.
func IsID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case c < '0' || c > '9' && c < 'a' || c > 'f':
			return false
		}
	}
	return true
}

// CheckHook looks at the URL below which a carrier finds the server's hooks.
func CheckHook(hook string) Finding {
	u, err := url.Parse(hook)
	const fix = "set the server's public URL to what the carrier can reach from outside, as https://calls.example.com"
	switch {
	case hook == "":
		return Finding{Warning, "no public URL: the carrier's webhooks can't come", fix}
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return Finding{Wrong, fmt.Sprintf("the hook URL %.80q is none", hook), fix}
	case isLocal(u.Hostname()):
		return Finding{Warning, "the hook URL " + hook + " is not reachable from outside", fix}
	case u.Scheme != "https":
		return Finding{Warning, "the hook URL " + hook + " is not encrypted", fix}
	}
	return Finding{Fine, "webhooks come to " + hook, ""}
}

func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".local") || ip != nil && (ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified())
}
