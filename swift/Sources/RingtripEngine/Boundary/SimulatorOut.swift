// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Out is what a simulator says to a process of the app, answered by a [wire.Message].
public struct SimulatorOut: BoundaryValue, Sendable, Hashable {
    public var process: Int
    /// the process is one of an extension: notificationService, callDirectory or intents
    public var `extension`: String
    /// an event; "launched" is the first
    public var system: SystemMessage?
    /// the process is gone
    public var died: Bool
    /// it stands still, or goes on
    public var suspended: Bool?

    public init(process: Int = 0, `extension`: String = "", system: SystemMessage? = nil, died: Bool = false, suspended: Bool? = nil) {
        self.process = process
        self.extension = `extension`
        self.system = system
        self.died = died
        self.suspended = suspended
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.process != 0 { json.field("process", self.process) }
        if self.extension != "" { json.field("extension", self.extension) }
        if let v = self.system { json.field("system", v) }
        if self.died != false { json.field("died", self.died) }
        if let v = self.suspended { json.field("suspended", v) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SimulatorOut {
        var m = SimulatorOut()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "process": try json.value(into: &m.process)
            case "extension": try json.value(into: &m.extension)
            case "system": try json.value(into: &m.system)
            case "died": try json.value(into: &m.died)
            case "suspended": try json.value(into: &m.suspended)
            default: try json.skip()
            }
        }
        return m
    }
}
