// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Config is what a simulator is made from. Everything may be left out.
public struct SimulatorConfig: BoundaryValue, Sendable, Hashable {
    /// a profile, as "18"; empty: the newest
    public var os: String
    public var knobs: [String: String]
    public var seed: UInt64
    /// what the app has or lacks: see callkittest.Traits
    public var traits: [String]
    /// Exchange names the exchange that stands in for the server, see package exchange; empty makes none.
    public var exchange: String

    public init(os: String = "", knobs: [String: String] = [:], seed: UInt64 = 0, traits: [String] = [], exchange: String = "") {
        self.os = os
        self.knobs = knobs
        self.seed = seed
        self.traits = traits
        self.exchange = exchange
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.os != "" { json.field("os", self.os) }
        if !self.knobs.isEmpty { json.field("knobs", self.knobs) }
        if self.seed != 0 { json.field("seed", self.seed) }
        if !self.traits.isEmpty { json.field("traits", self.traits) }
        if self.exchange != "" { json.field("exchange", self.exchange) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SimulatorConfig {
        var m = SimulatorConfig()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "os": try json.value(into: &m.os)
            case "knobs": try json.value(into: &m.knobs)
            case "seed": try json.value(into: &m.seed)
            case "traits": try json.value(into: &m.traits)
            case "exchange": try json.value(into: &m.exchange)
            default: try json.skip()
            }
        }
        return m
    }
}
