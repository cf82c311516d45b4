// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Contact is [callkit.Person].
public struct SystemContact: BoundaryValue, Sendable, Hashable {
    public var handle: SystemHandle
    public var name: String

    public init(handle: SystemHandle = SystemHandle(), name: String = "") {
        self.handle = handle
        self.name = name
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.handle != SystemHandle() { json.field("handle", self.handle) }
        if self.name != "" { json.field("name", self.name) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemContact {
        var m = SystemContact()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "handle": try json.value(into: &m.handle)
            case "name": try json.value(into: &m.name)
            default: try json.skip()
            }
        }
        return m
    }
}
