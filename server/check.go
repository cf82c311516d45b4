package server

import (
	"encoding/hex"
	"unicode"
	"unicode/utf8"
)

const (
	maxDeviceID = 64
	maxText     = 256 // names and handles, in bytes; what a push carries has the same limit
	maxUser     = 128
	maxWord     = 64
	maxToken    = 256 // a push token in hex; Apple: its length may change
)

// checkDeviceID returns a problem if s cannot name a device.
func checkDeviceID(s string) error {
	ok := len(s) > 0 && len(s) <= maxDeviceID
	for i := 0; ok && i < len(s); i++ {
		c := s[i]
		ok = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-'
	}
	if !ok {
		return invalid("choose one per installation: 1-64 of A-Z a-z 0-9 . _ -", "device_id %.80q names no device", s)
	}
	return nil
}

// checkText returns a problem if the field's value is longer than most bytes or cannot be shown to people.
func checkText(field, value string, most int) error {
	if len(value) > most {
		return invalid("make it shorter", "%s has %d bytes, more than %d", field, len(value), most)
	}
	if !utf8.ValidString(value) {
		return invalid("", "%s is not UTF-8", field)
	}
	for _, r := range value {
		if unicode.IsControl(r) {
			return invalid("", "%s has a control character (%U)", field, r)
		}
	}
	return nil
}

// checkUser returns a problem if the field's value cannot name a user.
func checkUser(field, value string) error {
	if value == "" {
		return invalid("give the user's id", "%s is empty", field)
	}
	return checkText(field, value, maxUser)
}

// checkToken returns a problem if the field's value is no push token. An empty one is fine.
func checkToken(field, s string) error {
	if s == "" {
		return nil
	}
	if len(s) > maxToken {
		return invalid("", "%s has %d characters, more than %d", field, len(s), maxToken)
	}
	if b, err := hex.DecodeString(s); err != nil || len(b) < 8 {
		return invalid("send the bytes of the token as hexadecimal digits", "%s is not at least 8 bytes in hexadecimal digits", field)
	}
	return nil
}

// cut shortens s to most bytes without breaking a character.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}
