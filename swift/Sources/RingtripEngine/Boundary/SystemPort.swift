// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Port is [callkit.AudioPortDescription].
public struct SystemPort: BoundaryValue, Sendable, Hashable {
    public var type: String
    public var name: String
    public var uid: String

    public init(type: String = "", name: String = "", uid: String = "") {
        self.type = type
        self.name = name
        self.uid = uid
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.type != "" { json.field("type", self.type) }
        if self.name != "" { json.field("name", self.name) }
        if self.uid != "" { json.field("uid", self.uid) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemPort {
        var m = SystemPort()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "type": try json.value(into: &m.type)
            case "name": try json.value(into: &m.name)
            case "uid": try json.value(into: &m.uid)
            default: try json.skip()
            }
        }
        return m
    }
}
