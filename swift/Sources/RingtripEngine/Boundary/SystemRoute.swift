// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Route is [callkit.AudioRoute].
public struct SystemRoute: BoundaryValue, Sendable, Hashable {
    public var inputs: [SystemPort]
    public var outputs: [SystemPort]

    public init(inputs: [SystemPort] = [], outputs: [SystemPort] = []) {
        self.inputs = inputs
        self.outputs = outputs
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if !self.inputs.isEmpty { json.field("inputs", self.inputs) }
        if !self.outputs.isEmpty { json.field("outputs", self.outputs) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemRoute {
        var m = SystemRoute()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "inputs": try json.value(into: &m.inputs)
            case "outputs": try json.value(into: &m.outputs)
            default: try json.skip()
            }
        }
        return m
    }
}
