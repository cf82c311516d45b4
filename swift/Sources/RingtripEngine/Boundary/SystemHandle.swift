// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// CXHandle.
public struct SystemHandle: BoundaryValue, Sendable, Hashable {
    public var type: Int
    public var value: String

    public init(type: Int = 0, value: String = "") {
        self.type = type
        self.value = value
    }

    public func write(to json: inout BoundaryWriter) {
        json.begin()
        json.field("type", type)
        json.field("value", value)
        json.end()
    }

    public static func read(from json: inout BoundaryReader) throws -> SystemHandle {
        var m = SystemHandle()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "type": try json.value(into: &m.type)
            case "value": try json.value(into: &m.value)
            default: try json.skip()
            }
        }
        return m
    }
}
