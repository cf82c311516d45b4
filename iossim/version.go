package iossim

import (
	"fmt"
	"strconv"
	"strings"
)

// Version is a version of iOS.
type Version struct{ Major, Minor int }

// ParseVersion reads "26.4" or "16".
func ParseVersion(s string) (Version, error) {
	major, minor, dotted := strings.Cut(s, ".")
	a, err := strconv.Atoi(major)
	b := 0
	if err == nil && dotted {
		b, err = strconv.Atoi(minor)
	}
	if err != nil || a < 13 || a > 99 || b < 0 || b > 99 {
		return Version{}, fmt.Errorf("iossim: %.20q is no version of iOS from 13 on (want as 26.4)", s)
	}
	return Version{a, b}, nil
}

// AtLeast reports whether v is major.minor or newer.
func (v Version) AtLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// String is as ParseVersion reads it.
func (v Version) String() string {
	if v.Minor == 0 {
		return strconv.Itoa(v.Major)
	}
	return fmt.Sprintf("%d.%d", v.Major, v.Minor)
}
