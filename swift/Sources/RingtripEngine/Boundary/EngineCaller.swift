// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Caller is who calls, as a call screen shows it.
public struct EngineCaller: BoundaryValue, Sendable, Hashable {
    public var name: String
    public var handle: SystemHandle
    /// for people: it can't be opened
    public var error: String

    public init(name: String = "", handle: SystemHandle = SystemHandle(), error: String = "") {
        self.name = name
        self.handle = handle
        self.error = error
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.name != "" { json.field("name", self.name) }
        if self.handle != SystemHandle() { json.field("handle", self.handle) }
        if self.error != "" { json.field("error", self.error) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> EngineCaller {
        var m = EngineCaller()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "name": try json.value(into: &m.name)
            case "handle": try json.value(into: &m.handle)
            case "error": try json.value(into: &m.error)
            default: try json.skip()
            }
        }
        return m
    }
}
