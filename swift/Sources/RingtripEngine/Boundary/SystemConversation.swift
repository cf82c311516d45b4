// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Conversation is lck.Conversation.
public struct SystemConversation: BoundaryValue, Sendable, Hashable {
    public var uuid: String
    /// idle, joining, joined, paused, leaving, left
    public var state: Int
    public var localMember: SystemContact?

    public init(uuid: String = "", state: Int = 0, localMember: SystemContact? = nil) {
        self.uuid = uuid
        self.state = state
        self.localMember = localMember
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.uuid != "" { json.field("uuid", self.uuid) }
        if self.state != 0 { json.field("state", self.state) }
        if let v = self.localMember { json.field("localMember", v) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemConversation {
        var m = SystemConversation()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "uuid": try json.value(into: &m.uuid)
            case "state": try json.value(into: &m.state)
            case "localMember": try json.value(into: &m.localMember)
            default: try json.skip()
            }
        }
        return m
    }
}
