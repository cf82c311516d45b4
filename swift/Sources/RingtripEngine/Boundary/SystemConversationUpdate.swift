// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// ConversationUpdate is lck.Update: absent fields change nothing.
public struct SystemConversationUpdate: BoundaryValue, Sendable, Hashable {
    public var localMember: SystemContact?
    public var members: [SystemContact]?
    public var activeRemoteMembers: [SystemContact]?
    public var capabilities: Int?

    public init(localMember: SystemContact? = nil, members: [SystemContact]? = nil, activeRemoteMembers: [SystemContact]? = nil, capabilities: Int? = nil) {
        self.localMember = localMember
        self.members = members
        self.activeRemoteMembers = activeRemoteMembers
        self.capabilities = capabilities
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if let v = self.localMember { json.field("localMember", v) }
        if let v = self.members { json.field("members", v) }
        if let v = self.activeRemoteMembers { json.field("activeRemoteMembers", v) }
        if let v = self.capabilities { json.field("capabilities", v) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemConversationUpdate {
        var m = SystemConversationUpdate()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "localMember": try json.value(into: &m.localMember)
            case "members": try json.value(into: &m.members)
            case "activeRemoteMembers": try json.value(into: &m.activeRemoteMembers)
            case "capabilities": try json.value(into: &m.capabilities)
            default: try json.skip()
            }
        }
        return m
    }
}
