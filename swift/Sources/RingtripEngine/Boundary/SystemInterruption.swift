// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Interruption is [callkit.Interruption].
public struct SystemInterruption: BoundaryValue, Sendable, Hashable {
    public var type: Int
    public var options: Int
    public var reason: Int
    public var wasSuspended: Bool

    public init(type: Int = 0, options: Int = 0, reason: Int = 0, wasSuspended: Bool = false) {
        self.type = type
        self.options = options
        self.reason = reason
        self.wasSuspended = wasSuspended
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.type != 0 { json.field("type", self.type) }
        if self.options != 0 { json.field("options", self.options) }
        if self.reason != 0 { json.field("reason", self.reason) }
        if self.wasSuspended != false { json.field("wasSuspended", self.wasSuspended) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemInterruption {
        var m = SystemInterruption()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "type": try json.value(into: &m.type)
            case "options": try json.value(into: &m.options)
            case "reason": try json.value(into: &m.reason)
            case "wasSuspended": try json.value(into: &m.wasSuspended)
            default: try json.skip()
            }
        }
        return m
    }
}
