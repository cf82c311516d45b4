package callkit

import (
	"encoding/hex"
	"fmt"
)

// UUID is NSUUID: it names a call, an action or a transaction.
type UUID [16]byte

// ParseUUID reads the usual form with hyphens, in either case.
func ParseUUID(s string) (UUID, error) {
	var u UUID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return u, fmt.Errorf("callkit: %.40q is no UUID (want 8-4-4-4-12 hexadecimal digits)", s)
	}
	if _, err := hex.Decode(u[:], []byte(s[0:8]+s[9:13]+s[14:18]+s[19:23]+s[24:36])); err != nil {
		return UUID{}, fmt.Errorf("callkit: %.40q is no UUID: %w", s, err)
	}
	return u, nil
}

// String returns the lower-case form with hyphens.
func (u UUID) String() string {
	h := hex.EncodeToString(u[:])
	return h[0:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// IsZero reports whether u names nothing.
func (u UUID) IsZero() bool { return u == UUID{} }

// MarshalText writes u as String does.
func (u UUID) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// UnmarshalText reads what ParseUUID reads.
func (u *UUID) UnmarshalText(b []byte) (err error) { *u, err = ParseUUID(string(b)); return err }
