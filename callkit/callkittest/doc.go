// Package callkittest is the conformance suite of the call system.
package callkittest
