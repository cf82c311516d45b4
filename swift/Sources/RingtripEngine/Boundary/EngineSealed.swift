// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Sealed is who calls, or called, encrypted for a device: what a VoIP push or the notification of a missed call has.
public struct EngineSealed: BoundaryValue, Sendable, Hashable {
    /// the device's private sealing key, 32 bytes
    public var key: Data?
    /// the call that it was sealed for
    public var call: String
    /// the device that it was sealed for
    public var device: String
    public var sealed: Data?

    public init(key: Data? = nil, call: String = "", device: String = "", sealed: Data? = nil) {
        self.key = key
        self.call = call
        self.device = device
        self.sealed = sealed
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if let v = self.key { json.field("key", v) }
        if self.call != "" { json.field("call", self.call) }
        if self.device != "" { json.field("device", self.device) }
        if let v = self.sealed { json.field("sealed", v) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> EngineSealed {
        var m = EngineSealed()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "key": try json.value(into: &m.key)
            case "call": try json.value(into: &m.call)
            case "device": try json.value(into: &m.device)
            case "sealed": try json.value(into: &m.sealed)
            default: try json.skip()
            }
        }
        return m
    }
}
