// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Config is what an engine is made from. ServerURL and DeviceID must be set.
public struct EngineConfig: BoundaryValue, Sendable, Hashable {
    /// as "https://calls.example.com"
    public var serverURL: String
    /// once per installation, 1-64 of [A-Za-z0-9._-]
    public var deviceID: String
    /// for people: "Bob's iPhone"
    public var deviceName: String
    public var bundleID: String
    /// the push token is valid in APNs' production environment
    public var production: Bool
    public var appVersion: String
    public var osVersion: String
    /// Folder is where the journal of live calls is kept; it must exist and be readable from the first unlock on.
    public var folder: String
    public var callerName: String
    public var callerHandle: String
    public var provider: SystemConfiguration?
    /// the other answer policy
    public var fulfillFirst: Bool
    /// the longest ring, below 60; 0: 45
    public var ringSeconds: Double
    /// the media adapter can mix the calls of a group
    public var mixes: Bool
    /// the user resumes what was held for a call that is over
    public var stayOnHold: Bool
    /// the app turns a call into a video call when Out.Video says so
    public var takesVideo: Bool
    /// the app keeps a sealing key, which Out.SealKey asks for
    public var seals: Bool
    /// shown of a caller that can't be opened; empty: "Incoming call"
    public var sealedName: String
    /// why the process was started
    public var launch: SystemLaunch?
    /// Exchange names the simulator whose exchange stands in for the server. It is for tests: only a library that is built
    public var exchange: String

    public init(serverURL: String = "", deviceID: String = "", deviceName: String = "", bundleID: String = "", production: Bool = false, appVersion: String = "", osVersion: String = "", folder: String = "", callerName: String = "", callerHandle: String = "", provider: SystemConfiguration? = nil, fulfillFirst: Bool = false, ringSeconds: Double = 0, mixes: Bool = false, stayOnHold: Bool = false, takesVideo: Bool = false, seals: Bool = false, sealedName: String = "", launch: SystemLaunch? = nil, exchange: String = "") {
        self.serverURL = serverURL
        self.deviceID = deviceID
        self.deviceName = deviceName
        self.bundleID = bundleID
        self.production = production
        self.appVersion = appVersion
        self.osVersion = osVersion
        self.folder = folder
        self.callerName = callerName
        self.callerHandle = callerHandle
        self.provider = provider
        self.fulfillFirst = fulfillFirst
        self.ringSeconds = ringSeconds
        self.mixes = mixes
        self.stayOnHold = stayOnHold
        self.takesVideo = takesVideo
        self.seals = seals
        self.sealedName = sealedName
        self.launch = launch
        self.exchange = exchange
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.serverURL != "" { json.field("serverURL", self.serverURL) }
        if self.deviceID != "" { json.field("deviceID", self.deviceID) }
        if self.deviceName != "" { json.field("deviceName", self.deviceName) }
        if self.bundleID != "" { json.field("bundleID", self.bundleID) }
        if self.production != false { json.field("production", self.production) }
        if self.appVersion != "" { json.field("appVersion", self.appVersion) }
        if self.osVersion != "" { json.field("osVersion", self.osVersion) }
        if self.folder != "" { json.field("folder", self.folder) }
        if self.callerName != "" { json.field("callerName", self.callerName) }
        if self.callerHandle != "" { json.field("callerHandle", self.callerHandle) }
        if let v = self.provider { json.field("provider", v) }
        if self.fulfillFirst != false { json.field("fulfillFirst", self.fulfillFirst) }
        if self.ringSeconds != 0 { json.field("ringSeconds", self.ringSeconds) }
        if self.mixes != false { json.field("mixes", self.mixes) }
        if self.stayOnHold != false { json.field("stayOnHold", self.stayOnHold) }
        if self.takesVideo != false { json.field("takesVideo", self.takesVideo) }
        if self.seals != false { json.field("seals", self.seals) }
        if self.sealedName != "" { json.field("sealedName", self.sealedName) }
        if let v = self.launch { json.field("launch", v) }
        if self.exchange != "" { json.field("exchange", self.exchange) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> EngineConfig {
        var m = EngineConfig()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "serverURL": try json.value(into: &m.serverURL)
            case "deviceID": try json.value(into: &m.deviceID)
            case "deviceName": try json.value(into: &m.deviceName)
            case "bundleID": try json.value(into: &m.bundleID)
            case "production": try json.value(into: &m.production)
            case "appVersion": try json.value(into: &m.appVersion)
            case "osVersion": try json.value(into: &m.osVersion)
            case "folder": try json.value(into: &m.folder)
            case "callerName": try json.value(into: &m.callerName)
            case "callerHandle": try json.value(into: &m.callerHandle)
            case "provider": try json.value(into: &m.provider)
            case "fulfillFirst": try json.value(into: &m.fulfillFirst)
            case "ringSeconds": try json.value(into: &m.ringSeconds)
            case "mixes": try json.value(into: &m.mixes)
            case "stayOnHold": try json.value(into: &m.stayOnHold)
            case "takesVideo": try json.value(into: &m.takesVideo)
            case "seals": try json.value(into: &m.seals)
            case "sealedName": try json.value(into: &m.sealedName)
            case "launch": try json.value(into: &m.launch)
            case "exchange": try json.value(into: &m.exchange)
            default: try json.skip()
            }
        }
        return m
    }
}
