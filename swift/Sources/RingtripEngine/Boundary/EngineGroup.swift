// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Group is a change in a group call that this phone is in.
public struct EngineGroup: BoundaryValue, Sendable, Hashable {
    /// its id
    public var group: String
    public var member: EngineMember

    public init(group: String = "", member: EngineMember = EngineMember()) {
        self.group = group
        self.member = member
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.group != "" { json.field("group", self.group) }
        if self.member != EngineMember() { json.field("member", self.member) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> EngineGroup {
        var m = EngineGroup()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "group": try json.value(into: &m.group)
            case "member": try json.value(into: &m.member)
            default: try json.skip()
            }
        }
        return m
    }
}
