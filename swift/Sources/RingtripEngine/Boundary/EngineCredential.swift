// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Credential is what a device joins a carrier's media with.
public struct EngineCredential: BoundaryValue, Sendable, Hashable {
    /// empty: the devices between themselves
    public var carrier: String
    /// what the carrier's media adapter reads
    public var data: Data?
    /// when they expire, the server's clock; absent: never
    public var until: Date?

    public init(carrier: String = "", data: Data? = nil, until: Date? = nil) {
        self.carrier = carrier
        self.data = data
        self.until = until
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.carrier != "" { json.field("carrier", self.carrier) }
        if let v = self.data { json.field("data", v) }
        if let v = self.until { json.field("until", v) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> EngineCredential {
        var m = EngineCredential()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "carrier": try json.value(into: &m.carrier)
            case "data": try json.value(into: &m.data)
            case "until": try json.value(into: &m.until)
            default: try json.skip()
            }
        }
        return m
    }
}
