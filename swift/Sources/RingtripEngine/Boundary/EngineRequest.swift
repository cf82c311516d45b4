// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Request is what a user wants of a call.
public struct EngineRequest: BoundaryValue, Sendable, Hashable {
    public var verb: EngineVerb
    public var call: String
    /// the other call
    public var with: String
    public var callee: String
    public var name: String
    public var handle: SystemHandle
    public var video: Bool
    public var on: Bool
    public var digits: String
    public var activity: SystemActivity?
    public var callees: [String]
    /// the id of a group call
    public var group: String
    /// another device of the user
    public var device: String
    public var token: Data?
    /// names the request in Out.Done; the app's to choose
    public var ticket: Int64

    public init(verb: EngineVerb = EngineVerb(rawValue: ""), call: String = "", with: String = "", callee: String = "", name: String = "", handle: SystemHandle = SystemHandle(), video: Bool = false, on: Bool = false, digits: String = "", activity: SystemActivity? = nil, callees: [String] = [], group: String = "", device: String = "", token: Data? = nil, ticket: Int64 = 0) {
        self.verb = verb
        self.call = call
        self.with = with
        self.callee = callee
        self.name = name
        self.handle = handle
        self.video = video
        self.on = on
        self.digits = digits
        self.activity = activity
        self.callees = callees
        self.group = group
        self.device = device
        self.token = token
        self.ticket = ticket
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.verb != EngineVerb(rawValue: "") { json.field("verb", self.verb) }
        if self.call != "" { json.field("call", self.call) }
        if self.with != "" { json.field("with", self.with) }
        if self.callee != "" { json.field("callee", self.callee) }
        if self.name != "" { json.field("name", self.name) }
        if self.handle != SystemHandle() { json.field("handle", self.handle) }
        if self.video != false { json.field("video", self.video) }
        if self.on != false { json.field("on", self.on) }
        if self.digits != "" { json.field("digits", self.digits) }
        if let v = self.activity { json.field("activity", v) }
        if !self.callees.isEmpty { json.field("callees", self.callees) }
        if self.group != "" { json.field("group", self.group) }
        if self.device != "" { json.field("device", self.device) }
        if let v = self.token { json.field("token", v) }
        if self.ticket != 0 { json.field("ticket", self.ticket) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> EngineRequest {
        var m = EngineRequest()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "verb": try json.value(into: &m.verb)
            case "call": try json.value(into: &m.call)
            case "with": try json.value(into: &m.with)
            case "callee": try json.value(into: &m.callee)
            case "name": try json.value(into: &m.name)
            case "handle": try json.value(into: &m.handle)
            case "video": try json.value(into: &m.video)
            case "on": try json.value(into: &m.on)
            case "digits": try json.value(into: &m.digits)
            case "activity": try json.value(into: &m.activity)
            case "callees": try json.value(into: &m.callees)
            case "group": try json.value(into: &m.group)
            case "device": try json.value(into: &m.device)
            case "token": try json.value(into: &m.token)
            case "ticket": try json.value(into: &m.ticket)
            default: try json.skip()
            }
        }
        return m
    }
}
