package phone

import "github.com/ringtrip/ringtrip/callkit"

// nobody is the value of a handle as long as nobody knows who it is.
const nobody = "unknown"

// handleOr returns the handle an app gave, or a generic one with the value if it gave none. One without a type is generic.
func handleOr(h callkit.Handle, value string) callkit.Handle {
	switch {
	case h.Value == "":
		return callkit.Handle{Type: callkit.Generic, Value: value}
	case h.Type == 0:
		h.Type = callkit.Generic
	}
	return h
}
