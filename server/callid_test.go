package server

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ringtrip/ringtrip/callkit"
)

func TestNewCallID(t *testing.T) {
	now := time.UnixMilli(1_777_777_777_123)
	seen := map[string]bool{}
	for _, shard := range []int{0, 1, 2, 3, 4, 63, 64, 511, 1022, maxShard} {
		for range 100 {
			id := newCallID(now, shard)
			u, err := uuid.Parse(id)
			if err != nil || u.Version() != 7 || u.Variant() != uuid.RFC4122 || u.String() != id {
				t.Fatalf("%s is no UUID version 7 in lower case: %v", id, err)
			}
			own := callkit.UUID(u)
			if shardOf(own) != shard || !timeOf(own).Equal(now) {
				t.Fatalf("%s says shard %d and %s, want %d and %s", id, shardOf(own), timeOf(own), shard, now)
			}
			if seen[id] {
				t.Fatalf("%s twice", id)
			}
			seen[id] = true
		}
	}
	if a, b := newCallID(now, 7), newCallID(now.Add(time.Millisecond), 7); a >= b {
		t.Errorf("%s is made before %s and sorts after it", a, b)
	}
}

func TestTakeCallID(t *testing.T) {
	now := time.Now()
	for id, want := range map[string]bool{
		newCallID(now, 0):                      true,
		newCallID(now.Add(-23*time.Hour), 5):   true,
		newCallID(now.Add(23*time.Hour), 5):    true,
		newCallID(now.Add(-25*time.Hour), 0):   false,
		newCallID(now.Add(25*time.Hour), 0):    false,
		uuid.Must(uuid.NewV7()).String():       true,
		uuid.NewString():                       false,
		"":                                     false,
		"ffffffff-ffff-7fff-bfff-ffffffffffff": false,
		"0190f5a0-0000-7000-0000-000000000000": false, // not RFC 9562's variant
	} {
		if got, err := takeCallID(id, now); (err == nil) != want || want && got != id {
			t.Errorf("%q: %q, %v", id, got, err)
		}
	}
}

func FuzzTakeCallID(f *testing.F) {
	f.Add("01890a5d-ac96-774b-bcce-b302099a8057")
	f.Add("01890A5D-AC96-774B-BCCE-B302099A8057")
	now := time.UnixMilli(0x01890a5dac96)
	f.Fuzz(func(t *testing.T, s string) {
		id, err := takeCallID(s, now)
		if err != nil {
			return
		}
		if u, err := uuid.Parse(id); err != nil || u.Version() != 7 || u.String() != id {
			t.Errorf("took %q as %q", s, id)
		}
	})
}
