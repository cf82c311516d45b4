package twilio

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// maxIdentity is the longest client identifier (Twilio: TwiML <Client>).
const maxIdentity = 256

// Identity is the name of a user at Twilio. Mobile SDKs allow letters, digits and underscores only (Twilio: TwiML <Client>),
// so any other byte of the user's id, and the underscore itself, becomes an underscore and two hexadecimal digits:
// "bob@example.com" is "bob_40example_2ecom". Two users never share an identity. It returns an error if the identity has
// more than 256 characters.
func Identity(user string) (string, error) {
	var b strings.Builder
	for i := range len(user) {
		if c := user[i]; isPlain(c) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "_%02x", c)
		}
	}
	if b.Len() == 0 || b.Len() > maxIdentity {
		return "", fmt.Errorf("twilio: the user %.60q cannot be a client of Twilio: its identity has %d characters, and may have 1 to %d", user, b.Len(), maxIdentity)
	}
	return b.String(), nil
}

// User returns the user whose [Identity] it is. It returns an error for anything that Identity does not return, so that a
// user has one identity only.
func User(identity string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(identity); i++ {
		c := identity[i]
		if c != '_' {
			b.WriteByte(c)
			continue
		}
		if i+3 > len(identity) {
			return "", fmt.Errorf("twilio: %.60q is no identity that was made here", identity)
		}
		raw, err := hex.DecodeString(identity[i+1 : i+3])
		if err != nil {
			return "", fmt.Errorf("twilio: %.60q is no identity that was made here", identity)
		}
		b.WriteByte(raw[0])
		i += 2
	}
	user := b.String()
	if again, err := Identity(user); err != nil || again != identity {
		return "", fmt.Errorf("twilio: %.60q is no identity that was made here", identity)
	}
	return user, nil
}

func isPlain(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func isIdentity(s string) bool {
	for i := range len(s) {
		if !isPlain(s[i]) && s[i] != '_' {
			return false
		}
	}
	return s != "" && len(s) <= maxIdentity
}
