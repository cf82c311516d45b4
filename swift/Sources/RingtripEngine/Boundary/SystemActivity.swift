// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Activity is [callkit.UserActivity], flat.
public struct SystemActivity: BoundaryValue, Sendable, Hashable {
    public var type: String
    public var contacts: [SystemContact]
    public var callCapability: Int
    /// it has an intent
    public var intent: Bool
    /// userInfo["handle"]
    public var handle: String
    public var destinationType: Int
    public var audioRoute: Int
    public var record: SystemCallRecord?

    public init(type: String = "", contacts: [SystemContact] = [], callCapability: Int = 0, intent: Bool = false, handle: String = "", destinationType: Int = 0, audioRoute: Int = 0, record: SystemCallRecord? = nil) {
        self.type = type
        self.contacts = contacts
        self.callCapability = callCapability
        self.intent = intent
        self.handle = handle
        self.destinationType = destinationType
        self.audioRoute = audioRoute
        self.record = record
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.type != "" { json.field("type", self.type) }
        if !self.contacts.isEmpty { json.field("contacts", self.contacts) }
        if self.callCapability != 0 { json.field("callCapability", self.callCapability) }
        if self.intent != false { json.field("intent", self.intent) }
        if self.handle != "" { json.field("handle", self.handle) }
        if self.destinationType != 0 { json.field("destinationType", self.destinationType) }
        if self.audioRoute != 0 { json.field("audioRoute", self.audioRoute) }
        if let v = self.record { json.field("record", v) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemActivity {
        var m = SystemActivity()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "type": try json.value(into: &m.type)
            case "contacts": try json.value(into: &m.contacts)
            case "callCapability": try json.value(into: &m.callCapability)
            case "intent": try json.value(into: &m.intent)
            case "handle": try json.value(into: &m.handle)
            case "destinationType": try json.value(into: &m.destinationType)
            case "audioRoute": try json.value(into: &m.audioRoute)
            case "record": try json.value(into: &m.record)
            default: try json.skip()
            }
        }
        return m
    }
}
