package server

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// maxShard is the largest shard that fits into a call's id.
const maxShard = 1<<10 - 1

// idWindow is how far a call id's time may be from the server's clock, so that ids made long ago cannot come back.
const idWindow = 24 * time.Hour

// newCallID makes a UUID version 7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then in rand_a the shard (10 bits)
// that keeps the call and 2 random bits, then 62 random bits.
func newCallID(now time.Time, shard int) string {
	var u callkit.UUID
	rand.Read(u[6:])
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(now.UnixMilli()))
	copy(u[:6], ms[2:])
	u[6] = 0x70 | byte(shard>>6)&0x0f
	u[7] = byte(shard<<2) | u[7]&0x03
	u[8] = 0x80 | u[8]&0x3f
	return u.String()
}

// shardOf returns the shard in a call's id.
func shardOf(u callkit.UUID) int { return int(u[6]&0x0f)<<6 | int(u[7])>>2 }

// timeOf returns the moment in a call's id.
func timeOf(u callkit.UUID) time.Time {
	var ms [8]byte
	copy(ms[2:], u[:6])
	return time.UnixMilli(int64(binary.BigEndian.Uint64(ms[:])))
}

// parseCallID returns the lower-case form of a call's id. It refuses what is no UUID version 7.
func parseCallID(s string) (callkit.UUID, error) {
	u, err := callkit.ParseUUID(s)
	if err != nil {
		return u, fmt.Errorf("%.40q is no UUID", s)
	}
	if u[6]>>4 != 7 || u[8]>>6 != 2 {
		return u, fmt.Errorf("%s is not a UUID version 7", u)
	}
	return u, nil
}

// takeCallID returns the id that a client chose for a new call. Besides being well-formed it must be of today, so
// that it cannot be one of a call that was forgotten.
func takeCallID(s string, now time.Time) (string, error) {
	u, err := parseCallID(s)
	if err != nil {
		return "", err
	}
	if off := timeOf(u).Sub(now).Abs(); off > idWindow {
		return "", fmt.Errorf("the time in %s is %s away from the server's", u, off.Round(time.Minute))
	}
	return u.String(), nil
}

// NewCallID returns the id of a call that starts at now: a UUID version 7 with the shard in it, 0-1023. Clients get
// theirs from the server's answers; this is for code beside the server.
func NewCallID(now time.Time, shard int) string { return newCallID(now, shard) }
