// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Action is a [callkit.Action] with the fields of its kind.
public struct SystemAction: BoundaryValue, Sendable, Hashable {
    public var kind: SystemActionKind
    /// UUID of the action; the system gives it
    public var id: String
    /// UUID
    public var call: String
    public var timeout: Date?
    /// onHold, muted, isTranslating
    public var on: Bool
    public var handle: SystemHandle
    public var contact: String
    public var video: Bool
    /// UUID; absent leaves the group
    public var groupWith: String
    public var digits: String
    public var tone: Int
    public var local: String
    public var remote: String
    public var engine: UInt
    /// the handles of a StartConversationAction
    public var members: [SystemContact]

    public init(kind: SystemActionKind = SystemActionKind(rawValue: ""), id: String = "", call: String = "", timeout: Date? = nil, on: Bool = false, handle: SystemHandle = SystemHandle(), contact: String = "", video: Bool = false, groupWith: String = "", digits: String = "", tone: Int = 0, local: String = "", remote: String = "", engine: UInt = 0, members: [SystemContact] = []) {
        self.kind = kind
        self.id = id
        self.call = call
        self.timeout = timeout
        self.on = on
        self.handle = handle
        self.contact = contact
        self.video = video
        self.groupWith = groupWith
        self.digits = digits
        self.tone = tone
        self.local = local
        self.remote = remote
        self.engine = engine
        self.members = members
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.kind != SystemActionKind(rawValue: "") { json.field("kind", self.kind) }
        if self.id != "" { json.field("id", self.id) }
        if self.call != "" { json.field("call", self.call) }
        if let v = self.timeout { json.field("timeout", v) }
        if self.on != false { json.field("on", self.on) }
        if self.handle != SystemHandle() { json.field("handle", self.handle) }
        if self.contact != "" { json.field("contact", self.contact) }
        if self.video != false { json.field("video", self.video) }
        if self.groupWith != "" { json.field("groupWith", self.groupWith) }
        if self.digits != "" { json.field("digits", self.digits) }
        if self.tone != 0 { json.field("tone", self.tone) }
        if self.local != "" { json.field("local", self.local) }
        if self.remote != "" { json.field("remote", self.remote) }
        if self.engine != 0 { json.field("engine", self.engine) }
        if !self.members.isEmpty { json.field("members", self.members) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemAction {
        var m = SystemAction()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "kind": try json.value(into: &m.kind)
            case "id": try json.value(into: &m.id)
            case "call": try json.value(into: &m.call)
            case "timeout": try json.value(into: &m.timeout)
            case "on": try json.value(into: &m.on)
            case "handle": try json.value(into: &m.handle)
            case "contact": try json.value(into: &m.contact)
            case "video": try json.value(into: &m.video)
            case "groupWith": try json.value(into: &m.groupWith)
            case "digits": try json.value(into: &m.digits)
            case "tone": try json.value(into: &m.tone)
            case "local": try json.value(into: &m.local)
            case "remote": try json.value(into: &m.remote)
            case "engine": try json.value(into: &m.engine)
            case "members": try json.value(into: &m.members)
            default: try json.skip()
            }
        }
        return m
    }
}
