package packed

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

// The texts are those of rows in databases: they are read for ever.
func TestLedgerOfOldRows(t *testing.T) {
	const row = `[[12,"d1",1767258000000000001,0,3,"a \"b\""],[-1,"",0,7,250,""]]`
	want := []store.LedgerEntry{
		{Stage: 12, Device: "d1", At: time.Date(2026, 1, 1, 9, 0, 0, 1, time.UTC), Reason: 3, Detail: `a "b"`},
		{Stage: -1, DeviceAt: time.Unix(0, 7).UTC(), Reason: 250},
	}
	got, err := ReadLedger(row)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("read as %+v, %v", got, err)
	}
	if text := Ledger(want); text != row {
		t.Errorf("written as %s", text)
	}
}

func TestLedger(t *testing.T) {
	var all []store.LedgerEntry
	for i, detail := range []string{"", "plain", `"quoted" \ and`, "ünï\x01\n", "\u2028<>&", "\x00"} {
		all = append(all, store.LedgerEntry{Stage: int32(i - 1), Device: detail + "d", At: time.Unix(0, int64(i)).UTC(), DeviceAt: time.Unix(7, 1).UTC(), Reason: uint8(250 + i), Detail: detail})
		if i == 0 {
			all[0].At, all[0].DeviceAt = time.Time{}, time.Time{}
		}
	}
	for n := range len(all) + 1 {
		got, err := ReadLedger(Ledger(all[:n]))
		if err != nil || !slices.Equal(got, all[:n]) {
			t.Errorf("%+v became %+v, %v", all[:n], got, err)
		}
	}
}

func TestReadLedgerRefuses(t *testing.T) {
	for _, text := range []string{"x", "[[1]]", `[["x",1,2,3,4,5]]`, `[[1,"d",2,3,400,""]]`, `[[1,"d",2,3,4`} {
		if all, err := ReadLedger(text); err == nil || !strings.Contains(err.Error(), "ledger") {
			t.Errorf("%s is %+v, %v", text, all, err)
		}
	}
}

// Whatever stands in a row: entries or an error, never a panic; and what was read is written and read as it was.
func FuzzReadLedger(f *testing.F) {
	for _, seed := range []string{"", "[]", "[[1]]", `[[1,"d",2,3,4,"detail"]]`, `[["x",1,2,3,4,5]]`, `[[1,"d",2,3,400,""]]`, "[[1,\"d\",2,3,4"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := ReadLedger(text)
		if err != nil {
			return
		}
		again, err := ReadLedger(Ledger(all))
		if err != nil || !slices.Equal(again, all) {
			t.Errorf("%q is %+v, and then %+v, %v", text, all, again, err)
		}
	})
}
