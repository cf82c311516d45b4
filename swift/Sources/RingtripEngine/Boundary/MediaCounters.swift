// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Counters is [media.Stats].
public struct MediaCounters: BoundaryValue, Sendable, Hashable {
    public var packetsSent: UInt64
    public var packetsReceived: UInt64
    public var packetsLost: UInt64
    public var bytesSent: UInt64
    public var bytesReceived: UInt64
    public var jitterMillis: Double
    public var roundTripMillis: Double
    public var localCandidate: String
    public var remoteCandidate: String
    /// 0 silence to 1 full scale
    public var audioLevel: Double

    public init(packetsSent: UInt64 = 0, packetsReceived: UInt64 = 0, packetsLost: UInt64 = 0, bytesSent: UInt64 = 0, bytesReceived: UInt64 = 0, jitterMillis: Double = 0, roundTripMillis: Double = 0, localCandidate: String = "", remoteCandidate: String = "", audioLevel: Double = 0) {
        self.packetsSent = packetsSent
        self.packetsReceived = packetsReceived
        self.packetsLost = packetsLost
        self.bytesSent = bytesSent
        self.bytesReceived = bytesReceived
        self.jitterMillis = jitterMillis
        self.roundTripMillis = roundTripMillis
        self.localCandidate = localCandidate
        self.remoteCandidate = remoteCandidate
        self.audioLevel = audioLevel
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.packetsSent != 0 { json.field("packetsSent", self.packetsSent) }
        if self.packetsReceived != 0 { json.field("packetsReceived", self.packetsReceived) }
        if self.packetsLost != 0 { json.field("packetsLost", self.packetsLost) }
        if self.bytesSent != 0 { json.field("bytesSent", self.bytesSent) }
        if self.bytesReceived != 0 { json.field("bytesReceived", self.bytesReceived) }
        if self.jitterMillis != 0 { json.field("jitterMillis", self.jitterMillis) }
        if self.roundTripMillis != 0 { json.field("roundTripMillis", self.roundTripMillis) }
        if self.localCandidate != "" { json.field("localCandidate", self.localCandidate) }
        if self.remoteCandidate != "" { json.field("remoteCandidate", self.remoteCandidate) }
        if self.audioLevel != 0 { json.field("audioLevel", self.audioLevel) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> MediaCounters {
        var m = MediaCounters()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "packetsSent": try json.value(into: &m.packetsSent)
            case "packetsReceived": try json.value(into: &m.packetsReceived)
            case "packetsLost": try json.value(into: &m.packetsLost)
            case "bytesSent": try json.value(into: &m.bytesSent)
            case "bytesReceived": try json.value(into: &m.bytesReceived)
            case "jitterMillis": try json.value(into: &m.jitterMillis)
            case "roundTripMillis": try json.value(into: &m.roundTripMillis)
            case "localCandidate": try json.value(into: &m.localCandidate)
            case "remoteCandidate": try json.value(into: &m.remoteCandidate)
            case "audioLevel": try json.value(into: &m.audioLevel)
            default: try json.skip()
            }
        }
        return m
    }
}
