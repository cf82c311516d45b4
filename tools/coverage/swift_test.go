package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSwiftPageIsTrueAndFresh is the promise of docs/swift-coverage.md: complete, true, and not stale.
func TestSwiftPageIsTrueAndFresh(t *testing.T) {
	page, problems, err := renderSwift(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
	if t.Failed() {
		return
	}
	have, err := os.ReadFile(filepath.Join(root, swiftPagePath))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, page) {
		t.Errorf("%s is stale: run go run ./tools/coverage", swiftPagePath)
	}
}

const swiftSample = `
// func notThis() {}
open class Call: Base, Other {
    public enum Kind: Int, Sendable {
        case one = 1, two = 2
        case three = 0x10
    }
    public let uuid: UUID
    var hidden = 0 { didSet { let local = 1; _ = local } }
    @available(*, deprecated, message: "func nor(this:)")
    open func report(with id: UUID, update: [String: Any] = [:], completion: @escaping (Int, Int) -> Void) { func inner() {} }
    open func report(with id: UUID, isolation: isolated (any Actor)? = #isolation) async throws {}
    public init?(coder: NSCoder) { return nil }
    open class func shared(_ a: Dictionary<Int, Int>) -> Call { Call() }
    func secret() {}
}
open class Base { open func inherited() {} }
public struct Options: OptionSet { public static let big = Options(rawValue: 262_144) }
public protocol Delegate: AnyObject {
    func call(_ c: Call, perform a: Answer)
    func call(_ c: Call, perform a: End)
}
extension Call { public var late: Int { 1 } }
public let top = "x"
`

// TestScan holds what the scanner sees, and what it does not.
func TestScan(t *testing.T) {
	x := &swiftIndex{names: map[string]swiftName{}, parents: map[string][]string{}}
	x.scan("a.swift", swiftSample)
	for name, number := range map[string]int64{
		"Call": 0, "Call.uuid": 0, "Call.Kind.one": 1, "Call.Kind.two": 2, "Call.Kind.three": 16, "Call.report(with:update:completion:)": 0,
		"Call.report(with:)": 0, "Call.init(coder:)": 0, "Call.shared(_:)": 0, "Call.inherited()": 0, "Options.big": 262144, "Call.late": 0,
		"Delegate.call(_:perform:)@Answer": 0, "Delegate.call(_:perform:)@End": 0, "top": 0,
	} {
		have, ok := x.find(name)
		if !ok {
			t.Errorf("%s was not found", name)
		} else if number != 0 && (have.number == nil || *have.number != number) {
			t.Errorf("%s has another number than %d", name, number)
		}
	}
	for _, name := range []string{"notThis()", "Call.hidden", "Call.local", "Call.inner()", "Call.secret()", "Call.nor(this:)", "Delegate.call(_:perform:)@Start"} {
		if _, ok := x.find(name); ok {
			t.Errorf("%s was found", name)
		}
	}
}

// TestCheckSwiftFinds holds that what can be wrong with the table about Swift is found.
func TestCheckSwiftFinds(t *testing.T) {
	x := &swiftIndex{names: map[string]swiftName{}, parents: map[string][]string{}}
	x.scan("a.swift", swiftSample)
	classes := []class{{Name: "K", Members: []string{"uuid"}, Values: values{{"One", 1}}}}
	const right = "[K]\nuuid = Call.uuid\nOne = Call.Kind.one\n"
	for _, c := range []struct{ name, text, want string }{
		{"all is well", right, ""},
		{"a missing row", strings.Replace(right, "uuid = Call.uuid\n", "", 1), "uuid has no row"},
		{"a row too many", right + "Pigeon = Call\n", "has no Pigeon"},
		{"a class too many", right + "[D]\n", "no class D"},
		{"a Swift name that is none", strings.Replace(right, "Call.uuid", "Call.id", 1), "no public Call.id"},
		{"a wrong number", strings.Replace(right, "Kind.one", "Kind.two", 1), "One is 1"},
		{"no number", strings.Replace(right, "Call.Kind.one", "Call.uuid", 1), "One is 1"},
	} {
		rows, err := parseTable("swift.txt", c.text)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(checkSwift(x, classes, rows), "\n")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
