//go:build !linux

package sqlite

// networkFileSystem is not known here.
func networkFileSystem(string) string { return "" }
