// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Out is what an engine says. One of its fields is set.
public struct EngineOut: BoundaryValue, Sendable, Hashable {
    /// a command for the call system
    public var system: SystemMessage?
    /// a command for the media adapter
    public var media: MediaMessage?
    public var snapshot: EngineSnapshot?
    /// the user's JWT is wanted: answered at once, or later by In.Token
    public var token: Bool
    public var log: EngineLog?
    /// a start that the system refused after it was answered
    public var failed: EngineFailed?
    /// the call whose video button the user pressed; only with Config.TakesVideo
    public var video: String
    /// SealKey asks for the device's private sealing key, which is answered at once, by Answer.Key or an error: a push may be
    public var sealKey: Bool
    /// somebody rings for, joined or left a group call that this phone is in
    public var group: EngineGroup?
    /// what a request with a ticket came to
    public var done: EngineDone?

    public init(system: SystemMessage? = nil, media: MediaMessage? = nil, snapshot: EngineSnapshot? = nil, token: Bool = false, log: EngineLog? = nil, failed: EngineFailed? = nil, video: String = "", sealKey: Bool = false, group: EngineGroup? = nil, done: EngineDone? = nil) {
        self.system = system
        self.media = media
        self.snapshot = snapshot
        self.token = token
        self.log = log
        self.failed = failed
        self.video = video
        self.sealKey = sealKey
        self.group = group
        self.done = done
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if let v = self.system { json.field("system", v) }
        if let v = self.media { json.field("media", v) }
        if let v = self.snapshot { json.field("snapshot", v) }
        if self.token != false { json.field("token", self.token) }
        if let v = self.log { json.field("log", v) }
        if let v = self.failed { json.field("failed", v) }
        if self.video != "" { json.field("video", self.video) }
        if self.sealKey != false { json.field("sealKey", self.sealKey) }
        if let v = self.group { json.field("group", v) }
        if let v = self.done { json.field("done", v) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> EngineOut {
        var m = EngineOut()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "system": try json.value(into: &m.system)
            case "media": try json.value(into: &m.media)
            case "snapshot": try json.value(into: &m.snapshot)
            case "token": try json.value(into: &m.token)
            case "log": try json.value(into: &m.log)
            case "failed": try json.value(into: &m.failed)
            case "video": try json.value(into: &m.video)
            case "sealKey": try json.value(into: &m.sealKey)
            case "group": try json.value(into: &m.group)
            case "done": try json.value(into: &m.done)
            default: try json.skip()
            }
        }
        return m
    }
}
