// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Log is a line of the engine's log.
public struct EngineLog: BoundaryValue, Sendable, Hashable {
    /// DEBUG, INFO, WARN, ERROR
    public var level: String
    public var text: String

    public init(level: String = "", text: String = "") {
        self.level = level
        self.text = text
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.level != "" { json.field("level", self.level) }
        if self.text != "" { json.field("text", self.text) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> EngineLog {
        var m = EngineLog()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "level": try json.value(into: &m.level)
            case "text": try json.value(into: &m.text)
            default: try json.skip()
            }
        }
        return m
    }
}
