package vonage

import (
	"encoding/hex"
	"strings"
)

// UserName is the name at Vonage of the user with an id of ours. Letters, digits, "-" and "." stand for themselves; every
// other byte is "_" and two hexadecimal digits, so that a name is safe in a URL and every id has one of its own.
func UserName(id string) string {
	var b strings.Builder
	for i := range len(id) {
		if c := id[i]; plain(c) {
			b.WriteByte(c)
		} else {
			const digits = "0123456789abcdef"
			b.WriteByte('_')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		}
	}
	return b.String()
}

// UserID is the id of the user with a name at Vonage; false if [UserName] makes no such name.
func UserID(name string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c == '_' {
			if i+3 > len(name) {
				return "", false
			}
			v, err := hex.DecodeString(name[i+1 : i+3])
			if err != nil {
				return "", false
			}
			c = v[0]
			i += 2
		}
		b.WriteByte(c)
	}
	id := b.String()
	return id, id != "" && UserName(id) == name
}

func plain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.'
}
