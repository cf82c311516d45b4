// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// In is what an engine is told. One of its fields is set.
public struct EngineIn: BoundaryValue, Sendable, Hashable {
    /// an event of the call system
    public var system: SystemMessage?
    /// an event of the media adapter
    public var media: MediaMessage?
    /// what the user wants, on the app's own screen
    public var request: EngineRequest?
    /// the user's JWT; empty: logged out
    public var token: String?
    /// the network came, went or changed
    public var network: Bool?

    public init(system: SystemMessage? = nil, media: MediaMessage? = nil, request: EngineRequest? = nil, token: String? = nil, network: Bool? = nil) {
        self.system = system
        self.media = media
        self.request = request
        self.token = token
        self.network = network
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if let v = self.system { json.field("system", v) }
        if let v = self.media { json.field("media", v) }
        if let v = self.request { json.field("request", v) }
        if let v = self.token { json.field("token", v) }
        if let v = self.network { json.field("network", v) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> EngineIn {
        var m = EngineIn()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "system": try json.value(into: &m.system)
            case "media": try json.value(into: &m.media)
            case "request": try json.value(into: &m.request)
            case "token": try json.value(into: &m.token)
            case "network": try json.value(into: &m.network)
            default: try json.skip()
            }
        }
        return m
    }
}
