package carriertest

import (
	"encoding/json"
	"testing"

	"github.com/ringtrip/ringtrip/carrier"
)

// Prepare is a call as the server has it when it rings: prepared, if its carrier is a [carrier.Preparer]. It is prepared twice,
// which has to give the same.
func Prepare(t testing.TB, by carrier.Carrier, c carrier.Call) carrier.Call {
	t.Helper()
	prepares, ok := by.(carrier.Preparer)
	if !ok {
		return c
	}
	ref, err := prepares.Prepare(t.Context(), c)
	if err != nil {
		t.Fatalf("Prepare: %v", err)
	}
	if again, err := prepares.Prepare(t.Context(), c); err != nil || again != ref {
		t.Fatalf("Prepare again: %q, %v; it was %q", again, err, ref)
	}
	c.Ref = ref
	return c
}

// Sit joins as a device does, with the credentials that the server makes for it. The test fails if it does not get in.
func Sit(t testing.TB, by carrier.Carrier, e Emulator, j carrier.Join) Seat {
	t.Helper()
	credentials, err := by.Credentials(j)
	if err != nil || !json.Valid(credentials) {
		t.Fatalf("Credentials of %s's %s: %v, %q", j.Self.User, j.Self.Device, err, credentials)
	}
	seat, err := e.Join(t.Context(), credentials)
	if err != nil {
		t.Fatalf("%s's %s does not get in: %v", j.Self.User, j.Self.Device, err)
	}
	return seat
}
