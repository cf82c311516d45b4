// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Error is an NSError.
public struct SystemError: BoundaryValue, Sendable, Hashable {
    public var domain: String
    public var code: Int
    public var text: String

    public init(domain: String = "", code: Int = 0, text: String = "") {
        self.domain = domain
        self.code = code
        self.text = text
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.domain != "" { json.field("domain", self.domain) }
        if self.code != 0 { json.field("code", self.code) }
        if self.text != "" { json.field("text", self.text) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemError {
        var m = SystemError()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "domain": try json.value(into: &m.domain)
            case "code": try json.value(into: &m.code)
            case "text": try json.value(into: &m.text)
            default: try json.skip()
            }
        }
        return m
    }
}
