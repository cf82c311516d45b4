// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// CallRecord is [callkit.CallRecord].
public struct SystemCallRecord: BoundaryValue, Sendable, Hashable {
    public var identifier: String
    public var date: Date?
    public var caller: SystemContact
    public var type: Int
    public var capability: Int
    /// nanoseconds
    public var duration: Int64

    public init(identifier: String = "", date: Date? = nil, caller: SystemContact = SystemContact(), type: Int = 0, capability: Int = 0, duration: Int64 = 0) {
        self.identifier = identifier
        self.date = date
        self.caller = caller
        self.type = type
        self.capability = capability
        self.duration = duration
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.identifier != "" { json.field("identifier", self.identifier) }
        if let v = self.date { json.field("date", v) }
        if self.caller != SystemContact() { json.field("caller", self.caller) }
        if self.type != 0 { json.field("type", self.type) }
        if self.capability != 0 { json.field("capability", self.capability) }
        if self.duration != 0 { json.field("duration", self.duration) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemCallRecord {
        var m = SystemCallRecord()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "identifier": try json.value(into: &m.identifier)
            case "date": try json.value(into: &m.date)
            case "caller": try json.value(into: &m.caller)
            case "type": try json.value(into: &m.type)
            case "capability": try json.value(into: &m.capability)
            case "duration": try json.value(into: &m.duration)
            default: try json.skip()
            }
        }
        return m
    }
}
