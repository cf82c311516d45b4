package iossim

import (
	"fmt"
	"strings"

	"github.com/ringtrip/ringtrip/callkit"
)

// SetContact puts a person into the phone's contacts, or with an empty name takes the person out. A call whose
// remote handle matches shows the name, unless its update brings one of its own (CXCallUpdate); phone numbers match
// however they are written.
func (ph *Phone) SetContact(handle, name string) {
	ph.act(fmt.Sprintf("contact %s %q", handle, name), func() {
		for h := range ph.contacts {
			if ph.sameHandle(h, handle) {
				delete(ph.contacts, h)
			}
		}
		if name != "" {
			ph.contacts[handle] = name
		}
	})
}

// contact is the name that the user has given to a handle, or "".
func (ph *Phone) contact(handle string) string {
	if name, ok := ph.contacts[handle]; ok {
		return name
	}
	found, at := "", ""
	for h, name := range ph.contacts {
		if ph.sameHandle(h, handle) && (at == "" || h < at) { // the map has no order, the answer must
			found, at = name, h
		}
	}
	return found
}

// named is the handle of a contact with this name, or "".
func (ph *Phone) named(name string) string {
	at := ""
	for h, n := range ph.contacts {
		if strings.EqualFold(n, name) && (at == "" || h < at) {
			at = h
		}
	}
	return at
}

// known reports whether the user knows whose handle this is: a contact, or somebody whom he called.
func (ph *Phone) known(h callkit.Handle) bool {
	if ph.contact(h.Value) != "" {
		return true
	}
	for _, r := range ph.recents {
		if r.Outgoing && ph.sameHandle(r.Handle.Value, h.Value) {
			return true
		}
	}
	return false
}

// allows reports whether the Focus that is on lets a caller through: by handle, or by the name of a contact.
func (ph *Phone) allows(h callkit.Handle) bool {
	name := ph.contact(h.Value)
	for a := range ph.allowed {
		if ph.sameHandle(a, h.Value) || name != "" && strings.EqualFold(a, name) {
			return true
		}
	}
	return false
}

// blocks reports whether a caller is blocked: by the user, or by a call directory extension.
func (ph *Phone) blocks(h callkit.Handle) bool {
	for b, on := range ph.blocked {
		if on && ph.sameHandle(b, h.Value) {
			return true
		}
	}
	return ph.directoryBlocks(h)
}

// sameHandle reports whether two handles are one person's: equal, or one phone number written in two ways, or one
// e-mail address in other capitals.
func (ph *Phone) sameHandle(a, b string) bool {
	if a == b {
		return true
	}
	if strings.Contains(a, "@") && strings.EqualFold(a, b) {
		return true
	}
	n := phoneNumber(a, ph.locale)
	return n != "" && n == phoneNumber(b, ph.locale)
}

// regions are the calling codes and trunk prefixes of the regions that a phone's locale may name; elsewhere only
// numbers that are written out with their country match each other.
var regions = map[string]struct{ code, trunk string }{
	"US": {"1", "1"}, "CA": {"1", "1"}, "GB": {"44", "0"}, "DE": {"49", "0"}, "FR": {"33", "0"}, "IT": {"39", ""},
	"ES": {"34", ""}, "NL": {"31", "0"}, "CH": {"41", "0"}, "AT": {"43", "0"}, "BE": {"32", "0"}, "SE": {"46", "0"},
	"PL": {"48", ""}, "BR": {"55", "0"}, "MX": {"52", ""}, "IN": {"91", "0"}, "CN": {"86", "0"}, "JP": {"81", "0"},
	"KR": {"82", "0"}, "AU": {"61", "0"}, "NZ": {"64", "0"}, "ZA": {"27", "0"}, "TR": {"90", "0"}, "UA": {"380", "0"},
}

// phoneNumber is a number as ITU-T E.164 has it: country code and number in digits, without a plus. It is empty for
// what is no phone number.
func phoneNumber(s, locale string) string {
	var digits strings.Builder
	international := false
	for i, c := range s {
		switch {
		case c >= '0' && c <= '9':
			digits.WriteRune(c)
		case c == '+' && i == 0:
			international = true
		case strings.ContainsRune(" -.()/\u00a0", c):
		default:
			return ""
		}
	}
	n := digits.String()
	if rest, ok := strings.CutPrefix(n, "00"); ok && !international {
		n, international = rest, true
	}
	if !international {
		_, region, _ := strings.Cut(locale, "_")
		r, ok := regions[region]
		switch {
		case !ok:
		case r.code == "1" && len(n) == 10:
			n = "1" + n
		case r.code == "1":
		case r.trunk == "":
			n = r.code + n
		default:
			if rest, ok := strings.CutPrefix(n, r.trunk); ok {
				n = r.code + rest
			}
		}
	}
	if len(n) < 3 || len(n) > 15 {
		return ""
	}
	return n
}
