package verdict

import "slices"

// Bug is a mistake that real apps make with the iOS call system.
type Bug struct {
	ID     string `json:"id"`     // as "B14"; the numbers never change
	Title  string `json:"title"`  // what it is
	Why    string `json:"why"`    // why it matters: what the user, or Apple, does about it
	Source string `json:"source"` // who met it: forums N are threads of developer.apple.com/forums, the rest are repositories
	Fix    string `json:"fix"`    // what to do
	// NotShown says why no trial looks for the bug; empty if there are some.
	NotShown string `json:"notShown,omitempty"`
}

// Bugs lists all bugs that the kit knows of, also those that no program can show.
func Bugs() []Bug { return slices.Clone(bugs) }

// bugByID returns the row of a bug.
func bugByID(id string) Bug {
	i := slices.IndexFunc(bugs, func(b Bug) bool { return b.ID == id })
	if i < 0 {
		panic("verdict: no bug is called " + id)
	}
	return bugs[i]
}
