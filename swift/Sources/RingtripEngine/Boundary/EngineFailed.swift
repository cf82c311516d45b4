// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Failed says that the system does not let a call start that was asked for.
public struct EngineFailed: BoundaryValue, Sendable, Hashable {
    public var call: String
    /// for people
    public var error: String

    public init(call: String = "", error: String = "") {
        self.call = call
        self.error = error
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.call != "" { json.field("call", self.call) }
        if self.error != "" { json.field("error", self.error) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> EngineFailed {
        var m = EngineFailed()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "call": try json.value(into: &m.call)
            case "error": try json.value(into: &m.error)
            default: try json.skip()
            }
        }
        return m
    }
}
