package callkittest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ringtrip/ringtrip/iossim"
)

// versions are the versions of iOS that a scenario is true on: any of its spans.
type versions []span

// span is a range of versions with both ends in it; a zero end is open.
type span struct{ from, to iossim.Version }

// parseVersions reads "16..", "..26.0", "13..18", "26.4" and lists of these. No words: every version.
func parseVersions(words []string) (versions, error) {
	var all versions
	for _, w := range words {
		from, to, ranged := strings.Cut(w, "..")
		if !ranged {
			to = from
		}
		var s span
		var err error
		if from != "" {
			s.from, err = iossim.ParseVersion(from)
		}
		if to != "" && err == nil {
			s.to, err = iossim.ParseVersion(to)
		}
		switch {
		case err != nil:
			return nil, fmt.Errorf("%.40q names no version of iOS from 13 on", w)
		case from == "" && to == "":
			return nil, fmt.Errorf("%.40q is no range", w)
		case from != "" && to != "" && !s.to.AtLeast(s.from.Major, s.from.Minor):
			return nil, fmt.Errorf("%.40q is an empty range", w)
		}
		all = append(all, s)
	}
	return all, nil
}

func (all versions) has(v iossim.Version) bool {
	return len(all) == 0 || slices.ContainsFunc(all, func(s span) bool {
		return (s.from == iossim.Version{} || v.AtLeast(s.from.Major, s.from.Minor)) &&
			(s.to == iossim.Version{} || s.to.AtLeast(v.Major, v.Minor))
	})
}

// Profiles are the versions of iOS that the scenario is played on, oldest first: those of [iossim.Profiles]
// for which its line os holds, and any version that the line names by itself.
func (s *Scenario) Profiles() []string {
	var found []string
	for _, p := range iossim.Profiles {
		if s.AppliesTo(p) {
			found = append(found, p)
		}
	}
	for _, r := range s.versions {
		if p := r.from.String(); r.from == r.to && !slices.Contains(found, p) {
			found = append(found, p)
		}
	}
	return found
}

// AppliesTo reports whether the scenario is true on a version of iOS.
func (s *Scenario) AppliesTo(os string) bool {
	v, err := iossim.ParseVersion(os)
	return err == nil && s.versions.has(v)
}

// versionHolds reports whether the version is as the condition wants: one of =, <, <=, >, >=.
func versionHolds(os, op, want string) bool {
	a, err1 := iossim.ParseVersion(os)
	b, err2 := iossim.ParseVersion(want)
	if err1 != nil || err2 != nil {
		return false
	}
	switch op {
	case ">=":
		return a.AtLeast(b.Major, b.Minor)
	case "<":
		return !a.AtLeast(b.Major, b.Minor)
	case "<=":
		return b.AtLeast(a.Major, a.Minor)
	case ">":
		return !b.AtLeast(a.Major, a.Minor)
	}
	return a == b
}
