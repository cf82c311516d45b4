// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Interaction is [callkit.Interaction].
public struct SystemInteraction: BoundaryValue, Sendable, Hashable {
    public var identifier: String
    public var group: String
    public var intent: SystemActivity
    public var direction: Int
    public var start: Date?
    /// nanoseconds
    public var duration: Int64

    public init(identifier: String = "", group: String = "", intent: SystemActivity = SystemActivity(), direction: Int = 0, start: Date? = nil, duration: Int64 = 0) {
        self.identifier = identifier
        self.group = group
        self.intent = intent
        self.direction = direction
        self.start = start
        self.duration = duration
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.identifier != "" { json.field("identifier", self.identifier) }
        if self.group != "" { json.field("group", self.group) }
        if self.intent != SystemActivity() { json.field("intent", self.intent) }
        if self.direction != 0 { json.field("direction", self.direction) }
        if let v = self.start { json.field("start", v) }
        if self.duration != 0 { json.field("duration", self.duration) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemInteraction {
        var m = SystemInteraction()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "identifier": try json.value(into: &m.identifier)
            case "group": try json.value(into: &m.group)
            case "intent": try json.value(into: &m.intent)
            case "direction": try json.value(into: &m.direction)
            case "start": try json.value(into: &m.start)
            case "duration": try json.value(into: &m.duration)
            default: try json.skip()
            }
        }
        return m
    }
}
