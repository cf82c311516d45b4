package phone

import (
	"testing"

	"github.com/ringtrip/ringtrip/callkit"
)

func TestHandleOr(t *testing.T) {
	for given, want := range map[callkit.Handle]callkit.Handle{
		{}:                          {Type: callkit.Generic, Value: "or"},
		{Type: callkit.PhoneNumber}: {Type: callkit.Generic, Value: "or"},
		{Value: "bob"}:              {Type: callkit.Generic, Value: "bob"},
		{Type: callkit.EmailAddress, Value: "bob@example.com"}: {Type: callkit.EmailAddress, Value: "bob@example.com"},
	} {
		if got := handleOr(given, "or"); got != want {
			t.Errorf("%+v is %+v, want %+v", given, got, want)
		}
	}
}
