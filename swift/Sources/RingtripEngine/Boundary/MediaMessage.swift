// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Message is a command, an event, or the answer to either. Absent is zero.
public struct MediaMessage: BoundaryValue, Sendable, Hashable {
    public var op: MediaOp
    public var session: Int
    /// UUID, for logs
    public var call: String
    /// of the session between its two ends
    public var name: String
    /// 1 answerer, 2 offerer
    public var role: Int
    public var credentials: Data?
    /// 1 offer, 2 answer, 3 candidate, 4 bye
    public var kind: Int
    public var data: String
    public var on: Bool
    /// 1 connected, 2 disconnected, 3 failed, 4 first media, 5 DTMF
    public var event: Int
    public var stats: MediaCounters?
    public var error: String
    /// of the error, where package media has one: closed, notPrepared, badMessage, notConnected, bye
    public var code: String

    public init(op: MediaOp = MediaOp(rawValue: ""), session: Int = 0, call: String = "", name: String = "", role: Int = 0, credentials: Data? = nil, kind: Int = 0, data: String = "", on: Bool = false, event: Int = 0, stats: MediaCounters? = nil, error: String = "", code: String = "") {
        self.op = op
        self.session = session
        self.call = call
        self.name = name
        self.role = role
        self.credentials = credentials
        self.kind = kind
        self.data = data
        self.on = on
        self.event = event
        self.stats = stats
        self.error = error
        self.code = code
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.op != MediaOp(rawValue: "") { json.field("op", self.op) }
        if self.session != 0 { json.field("session", self.session) }
        if self.call != "" { json.field("call", self.call) }
        if self.name != "" { json.field("name", self.name) }
        if self.role != 0 { json.field("role", self.role) }
        if let v = self.credentials { json.field("credentials", v) }
        if self.kind != 0 { json.field("kind", self.kind) }
        if self.data != "" { json.field("data", self.data) }
        if self.on != false { json.field("on", self.on) }
        if self.event != 0 { json.field("event", self.event) }
        if let v = self.stats { json.field("stats", v) }
        if self.error != "" { json.field("error", self.error) }
        if self.code != "" { json.field("code", self.code) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> MediaMessage {
        var m = MediaMessage()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "op": try json.value(into: &m.op)
            case "session": try json.value(into: &m.session)
            case "call": try json.value(into: &m.call)
            case "name": try json.value(into: &m.name)
            case "role": try json.value(into: &m.role)
            case "credentials": try json.value(into: &m.credentials)
            case "kind": try json.value(into: &m.kind)
            case "data": try json.value(into: &m.data)
            case "on": try json.value(into: &m.on)
            case "event": try json.value(into: &m.event)
            case "stats": try json.value(into: &m.stats)
            case "error": try json.value(into: &m.error)
            case "code": try json.value(into: &m.code)
            default: try json.skip()
            }
        }
        return m
    }
}
