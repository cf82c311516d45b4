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

    public init(verb: EngineVerb = EngineVerb(rawValue: ""), call: String = "", with: String = "", callee: String = "", name: String = "", handle: SystemHandle = SystemHandle(), video: Bool = false, on: Bool = false, digits: String = "", activity: SystemActivity? = nil) {
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
            default: try json.skip()
            }
        }
        return m
    }
}
