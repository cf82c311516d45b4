// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Call is [callkit.Call].
public struct SystemCall: BoundaryValue, Sendable, Hashable {
    public var uuid: String
    public var isOutgoing: Bool
    public var isOnHold: Bool
    public var hasConnected: Bool
    public var hasEnded: Bool

    public init(uuid: String = "", isOutgoing: Bool = false, isOnHold: Bool = false, hasConnected: Bool = false, hasEnded: Bool = false) {
        self.uuid = uuid
        self.isOutgoing = isOutgoing
        self.isOnHold = isOnHold
        self.hasConnected = hasConnected
        self.hasEnded = hasEnded
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.uuid != "" { json.field("uuid", self.uuid) }
        if self.isOutgoing != false { json.field("isOutgoing", self.isOutgoing) }
        if self.isOnHold != false { json.field("isOnHold", self.isOnHold) }
        if self.hasConnected != false { json.field("hasConnected", self.hasConnected) }
        if self.hasEnded != false { json.field("hasEnded", self.hasEnded) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemCall {
        var m = SystemCall()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "uuid": try json.value(into: &m.uuid)
            case "isOutgoing": try json.value(into: &m.isOutgoing)
            case "isOnHold": try json.value(into: &m.isOnHold)
            case "hasConnected": try json.value(into: &m.hasConnected)
            case "hasEnded": try json.value(into: &m.hasEnded)
            default: try json.skip()
            }
        }
        return m
    }
}
