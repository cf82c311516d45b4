// Command swifttypes writes the types of the C boundary for Swift from the Go types: structs become Codable structs,
// string types with constants become structs with static members. Run it from the root of the repository; its test
// fails when what is committed is stale.
package main

import (
	"fmt"
	"os"
)

// out is where the package has them.
const out = "swift/Sources/RingtripEngine/Boundary.swift"

func main() {
	text, err := generate(".")
	if err == nil {
		err = os.WriteFile(out, []byte(text), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "swifttypes:", err)
		os.Exit(1)
	}
}
