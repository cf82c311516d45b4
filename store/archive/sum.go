package archive

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

// Sum says what a store holds, so that two stores can be compared: of each kind of row how many there are, and a
// checksum that does not depend on their order. What stores need not agree on is left out: parts of a millisecond, the
// numbers of ledger entries, and whether something is empty or not there.
type Sum struct {
	Rows map[string]int
	sums map[string][4]uint64
}

// SumOf reads a whole store.
func SumOf(ctx context.Context, d store.Dumper) (Sum, error) {
	s := Sum{Rows: map[string]int{}, sums: map[string][4]uint64{}}
	return s, d.Dump(ctx, s.add)
}

// Total returns the number of all rows.
func (s Sum) Total() (n int) {
	for _, rows := range s.Rows {
		n += rows
	}
	return n
}

// String returns "3 calls, 2 jobs": what there is, in words.
func (s Sum) String() string {
	var parts []string
	for _, kind := range kinds {
		if n := s.Rows[kind.name]; n == 1 {
			parts = append(parts, "1 "+kind.name)
		} else if n > 1 {
			parts = append(parts, fmt.Sprintf("%d %s", n, kind.many))
		}
	}
	if parts == nil {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

// Differs says how two stores differ, kind by kind; empty: they hold the same.
func (s Sum) Differs(other Sum) []string {
	var all []string
	names := slices.Sorted(maps.Keys(s.Rows))
	for name := range other.Rows {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		switch {
		case s.Rows[name] != other.Rows[name]:
			all = append(all, fmt.Sprintf("%s: %d rows here, %d there", name, s.Rows[name], other.Rows[name]))
		case s.sums[name] != other.sums[name]:
			all = append(all, fmt.Sprintf("%s: %d rows on both sides, but not the same", name, s.Rows[name]))
		}
	}
	return all
}

// add adds a row. Rows are summed as numbers, so that their order does not matter.
func (s *Sum) add(r store.Row) error {
	name := kindOf(r)
	text, err := json.Marshal(canonical(r))
	if err != nil {
		return err
	}
	hash := sha256.Sum256(text)
	sum := s.sums[name]
	for i := range sum {
		sum[i] += binary.BigEndian.Uint64(hash[8*i:])
	}
	s.sums[name] = sum
	s.Rows[name]++
	return nil
}

var kinds = []struct {
	name, many string
	is         func(store.Row) bool
}{
	{"call", "calls", func(r store.Row) bool { return r.Call != nil }},
	{"job", "jobs", func(r store.Row) bool { return r.Job != nil }},
	{"event", "events", func(r store.Row) bool { return r.Event != nil }},
	{"device", "devices", func(r store.Row) bool { return r.Device != nil }},
	{"history record", "history records", func(r store.Row) bool { return r.Record != nil }},
	{"ledger entry", "ledger entries", func(r store.Row) bool { return r.Ledger != nil }},
	{"user", "users", func(r store.Row) bool { return r.User != nil }},
	{"event cursor", "event cursors", func(r store.Row) bool { return r.Cursor != nil }},
	{"setting", "settings", func(r store.Row) bool { return r.Setting != nil }},
}

func kindOf(r store.Row) string {
	for _, kind := range kinds {
		if kind.is(r) {
			return kind.name
		}
	}
	return "row of another kind"
}

// canonical makes equal what stores may keep differently: it goes through JSON, where all fields are met.
func canonical(r store.Row) any {
	text, err := json.Marshal(r)
	if err != nil {
		return err.Error()
	}
	var plain map[string]any
	if err := json.Unmarshal(text, &plain); err != nil {
		return err.Error()
	}
	if entry, ok := plain["ledger"].(map[string]any); ok {
		delete(entry, "Seq")
	}
	return plainer(plain)
}

func plainer(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, one := range v {
			if one = plainer(one); one == nil {
				delete(v, key)
			} else {
				v[key] = one
			}
		}
		return v
	case []any:
		if len(v) == 0 {
			return nil
		}
		for i := range v {
			v[i] = plainer(v[i])
		}
		return v
	case string:
		if v == "" {
			return nil
		}
		if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return at.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano)
		}
		return v
	}
	return v
}
