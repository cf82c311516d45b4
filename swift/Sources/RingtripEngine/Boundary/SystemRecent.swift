// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Recent is lck.RecentConversation.
public struct SystemRecent: BoundaryValue, Sendable, Hashable {
    public var id: String
    public var date: Date?
    /// nanoseconds
    public var duration: Int64
    public var incoming: Bool
    /// connected, missed, declined, cancelled, elsewhere, failed
    public var status: Int
    public var handles: [SystemContact]
    public var isRead: Bool

    public init(id: String = "", date: Date? = nil, duration: Int64 = 0, incoming: Bool = false, status: Int = 0, handles: [SystemContact] = [], isRead: Bool = false) {
        self.id = id
        self.date = date
        self.duration = duration
        self.incoming = incoming
        self.status = status
        self.handles = handles
        self.isRead = isRead
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.id != "" { json.field("id", self.id) }
        if let v = self.date { json.field("date", v) }
        if self.duration != 0 { json.field("duration", self.duration) }
        if self.incoming != false { json.field("incoming", self.incoming) }
        if self.status != 0 { json.field("status", self.status) }
        if !self.handles.isEmpty { json.field("handles", self.handles) }
        if self.isRead != false { json.field("isRead", self.isRead) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemRecent {
        var m = SystemRecent()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "id": try json.value(into: &m.id)
            case "date": try json.value(into: &m.date)
            case "duration": try json.value(into: &m.duration)
            case "incoming": try json.value(into: &m.incoming)
            case "status": try json.value(into: &m.status)
            case "handles": try json.value(into: &m.handles)
            case "isRead": try json.value(into: &m.isRead)
            default: try json.skip()
            }
        }
        return m
    }
}
