// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Notification is [callkit.NotificationRequest] and its content.
public struct SystemNotification: BoundaryValue, Sendable, Hashable {
    public var identifier: String
    public var title: String
    public var body: String
    /// base64 of the push's payload as JSON
    public var userInfo: Data?

    public init(identifier: String = "", title: String = "", body: String = "", userInfo: Data? = nil) {
        self.identifier = identifier
        self.title = title
        self.body = body
        self.userInfo = userInfo
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.identifier != "" { json.field("identifier", self.identifier) }
        if self.title != "" { json.field("title", self.title) }
        if self.body != "" { json.field("body", self.body) }
        if let v = self.userInfo { json.field("userInfo", v) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemNotification {
        var m = SystemNotification()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "identifier": try json.value(into: &m.identifier)
            case "title": try json.value(into: &m.title)
            case "body": try json.value(into: &m.body)
            case "userInfo": try json.value(into: &m.userInfo)
            default: try json.skip()
            }
        }
        return m
    }
}
