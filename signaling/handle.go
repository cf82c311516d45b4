package signaling

import (
	"strings"

	"github.com/ringtrip/ringtrip/callkit"
)

// HandleTypeOf says what kind of handle Recents has to show, by its looks: an address of e-mail, a telephone number that
// begins with its country ("+15551234567"), or neither.
func HandleTypeOf(h string) callkit.HandleType {
	if i := strings.IndexByte(h, '@'); i > 0 && strings.IndexByte(h[i:], '.') > 1 {
		return callkit.EmailAddress
	}
	if len(h) > 3 && h[0] == '+' && strings.Trim(h[1:], "0123456789 ()-.") == "" {
		return callkit.PhoneNumber
	}
	return callkit.Generic
}
