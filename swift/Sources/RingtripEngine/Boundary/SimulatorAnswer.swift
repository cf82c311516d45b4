// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Answer is what is said to an In.
public struct SimulatorAnswer: BoundaryValue, Sendable, Hashable {
    public var text: String
    public var at: Date?
    public var error: String

    public init(text: String = "", at: Date? = nil, error: String = "") {
        self.text = text
        self.at = at
        self.error = error
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.text != "" { json.field("text", self.text) }
        if let v = self.at { json.field("at", v) }
        if self.error != "" { json.field("error", self.error) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SimulatorAnswer {
        var m = SimulatorAnswer()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "text": try json.value(into: &m.text)
            case "at": try json.value(into: &m.at)
            case "error": try json.value(into: &m.error)
            default: try json.skip()
            }
        }
        return m
    }
}
