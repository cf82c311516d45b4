// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Answer is what is said to an Out, or to an In.
public struct EngineAnswer: BoundaryValue, Sendable, Hashable {
    public var system: SystemMessage?
    public var media: MediaMessage?
    public var token: String
    /// to Out.SealKey: 32 bytes; the error says why it can't be read now
    public var key: Data?
    /// of a start
    public var call: String
    /// of the error: closed, no_call, on_call, not_connected, no_callee, too_many_calls, nothing_to_swap, cannot_mix, bad_callees, group, failed, bad_message, panic
    public var code: String
    /// for people
    public var error: String

    public init(system: SystemMessage? = nil, media: MediaMessage? = nil, token: String = "", key: Data? = nil, call: String = "", code: String = "", error: String = "") {
        self.system = system
        self.media = media
        self.token = token
        self.key = key
        self.call = call
        self.code = code
        self.error = error
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if let v = self.system { json.field("system", v) }
        if let v = self.media { json.field("media", v) }
        if self.token != "" { json.field("token", self.token) }
        if let v = self.key { json.field("key", v) }
        if self.call != "" { json.field("call", self.call) }
        if self.code != "" { json.field("code", self.code) }
        if self.error != "" { json.field("error", self.error) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> EngineAnswer {
        var m = EngineAnswer()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "system": try json.value(into: &m.system)
            case "media": try json.value(into: &m.media)
            case "token": try json.value(into: &m.token)
            case "key": try json.value(into: &m.key)
            case "call": try json.value(into: &m.call)
            case "code": try json.value(into: &m.code)
            case "error": try json.value(into: &m.error)
            default: try json.skip()
            }
        }
        return m
    }
}
