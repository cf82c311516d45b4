// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Done says what a request came to that the server had to be asked for. It comes once for each such request that was answered
public struct EngineDone: BoundaryValue, Sendable, Hashable {
    public var ticket: Int64
    /// of the error: the server's own word, as unknown_group, or failed if it was not reached
    public var code: String
    /// for people
    public var error: String
    public var members: [EngineMember]
    public var live: [EngineLive]
    public var credentials: EngineCredential?

    public init(ticket: Int64 = 0, code: String = "", error: String = "", members: [EngineMember] = [], live: [EngineLive] = [], credentials: EngineCredential? = nil) {
        self.ticket = ticket
        self.code = code
        self.error = error
        self.members = members
        self.live = live
        self.credentials = credentials
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.ticket != 0 { json.field("ticket", self.ticket) }
        if self.code != "" { json.field("code", self.code) }
        if self.error != "" { json.field("error", self.error) }
        if !self.members.isEmpty { json.field("members", self.members) }
        if !self.live.isEmpty { json.field("live", self.live) }
        if let v = self.credentials { json.field("credentials", v) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> EngineDone {
        var m = EngineDone()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "ticket": try json.value(into: &m.ticket)
            case "code": try json.value(into: &m.code)
            case "error": try json.value(into: &m.error)
            case "members": try json.value(into: &m.members)
            case "live": try json.value(into: &m.live)
            case "credentials": try json.value(into: &m.credentials)
            default: try json.skip()
            }
        }
        return m
    }
}
