// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Member is one user of a group call.
public struct EngineMember: BoundaryValue, Sendable, Hashable {
    public var user: String
    public var name: String
    public var handle: String
    /// ringing, answered: is in the call, or ended: is not, and why says Reason
    public var state: String
    /// in the words of package call
    public var reason: String
    /// the member's call in the group
    public var call: String
    /// that is in the call
    public var device: String

    public init(user: String = "", name: String = "", handle: String = "", state: String = "", reason: String = "", call: String = "", device: String = "") {
        self.user = user
        self.name = name
        self.handle = handle
        self.state = state
        self.reason = reason
        self.call = call
        self.device = device
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.user != "" { json.field("user", self.user) }
        if self.name != "" { json.field("name", self.name) }
        if self.handle != "" { json.field("handle", self.handle) }
        if self.state != "" { json.field("state", self.state) }
        if self.reason != "" { json.field("reason", self.reason) }
        if self.call != "" { json.field("call", self.call) }
        if self.device != "" { json.field("device", self.device) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> EngineMember {
        var m = EngineMember()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "user": try json.value(into: &m.user)
            case "name": try json.value(into: &m.name)
            case "handle": try json.value(into: &m.handle)
            case "state": try json.value(into: &m.state)
            case "reason": try json.value(into: &m.reason)
            case "call": try json.value(into: &m.call)
            case "device": try json.value(into: &m.device)
            default: try json.skip()
            }
        }
        return m
    }
}
