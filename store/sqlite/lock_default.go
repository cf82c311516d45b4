//go:build !unix || solaris || illumos || aix

package sqlite

import "os"

// lock does nothing where there is no flock. SQLite's own locks still keep the data whole if two processes
// open it, but they slow each other down.
func lock(*os.File) error { return nil }
