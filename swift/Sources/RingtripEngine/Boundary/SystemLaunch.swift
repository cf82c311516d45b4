// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Launch is [callkit.LaunchOptions].
public struct SystemLaunch: BoundaryValue, Sendable, Hashable {
    public var background: Bool
    public var activity: SystemActivity?

    public init(background: Bool = false, activity: SystemActivity? = nil) {
        self.background = background
        self.activity = activity
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.background != false { json.field("background", self.background) }
        if let v = self.activity { json.field("activity", v) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemLaunch {
        var m = SystemLaunch()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "background": try json.value(into: &m.background)
            case "activity": try json.value(into: &m.activity)
            default: try json.skip()
            }
        }
        return m
    }
}
