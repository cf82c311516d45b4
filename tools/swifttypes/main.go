// Command swifttypes writes the types of the C boundary for Swift from the Go types: structs become structs that the
// boundary's reader and writer know, string types with constants become structs with static members. Every type has a file
// of its own, and a file whose type is gone is removed. Run it from the root of the repository; its test fails when what is
// committed is stale.
package main

import (
	"fmt"
	"os"
)

// out is where the package has them; nothing else is in that folder.
const out = "swift/Sources/RingtripEngine/Boundary"

func main() {
	files, err := generate(".")
	if err == nil {
		err = replace(out, files)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "swifttypes:", err)
		os.Exit(1)
	}
}
