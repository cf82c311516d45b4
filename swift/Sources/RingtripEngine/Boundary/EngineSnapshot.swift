// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Snapshot is what the app's own screens show.
public struct EngineSnapshot: BoundaryValue, Sendable, Hashable {
    public var online: Bool
    public var registered: Bool
    public var canStart: Bool
    /// another app or the mobile network has a call on this phone
    public var otherApps: Bool
    /// one call talks, one is on hold
    public var canSwap: Bool
    public var calls: [EngineCall]

    public init(online: Bool = false, registered: Bool = false, canStart: Bool = false, otherApps: Bool = false, canSwap: Bool = false, calls: [EngineCall] = []) {
        self.online = online
        self.registered = registered
        self.canStart = canStart
        self.otherApps = otherApps
        self.canSwap = canSwap
        self.calls = calls
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.online != false { json.field("online", self.online) }
        if self.registered != false { json.field("registered", self.registered) }
        if self.canStart != false { json.field("canStart", self.canStart) }
        if self.otherApps != false { json.field("otherApps", self.otherApps) }
        if self.canSwap != false { json.field("canSwap", self.canSwap) }
        if !self.calls.isEmpty { json.field("calls", self.calls) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> EngineSnapshot {
        var m = EngineSnapshot()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "online": try json.value(into: &m.online)
            case "registered": try json.value(into: &m.registered)
            case "canStart": try json.value(into: &m.canStart)
            case "otherApps": try json.value(into: &m.otherApps)
            case "canSwap": try json.value(into: &m.canSwap)
            case "calls": try json.value(into: &m.calls)
            default: try json.skip()
            }
        }
        return m
    }
}
