// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Update is [callkit.Update]: absent fields change nothing.
public struct SystemUpdate: BoundaryValue, Sendable, Hashable {
    public var remoteHandle: SystemHandle?
    public var localizedCallerName: String?
    public var supportsHolding: Bool?
    public var supportsGrouping: Bool?
    public var supportsUngrouping: Bool?
    public var supportsDTMF: Bool?
    public var hasVideo: Bool?

    public init(remoteHandle: SystemHandle? = nil, localizedCallerName: String? = nil, supportsHolding: Bool? = nil, supportsGrouping: Bool? = nil, supportsUngrouping: Bool? = nil, supportsDTMF: Bool? = nil, hasVideo: Bool? = nil) {
        self.remoteHandle = remoteHandle
        self.localizedCallerName = localizedCallerName
        self.supportsHolding = supportsHolding
        self.supportsGrouping = supportsGrouping
        self.supportsUngrouping = supportsUngrouping
        self.supportsDTMF = supportsDTMF
        self.hasVideo = hasVideo
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if let v = self.remoteHandle { json.field("remoteHandle", v) }
        if let v = self.localizedCallerName { json.field("localizedCallerName", v) }
        if let v = self.supportsHolding { json.field("supportsHolding", v) }
        if let v = self.supportsGrouping { json.field("supportsGrouping", v) }
        if let v = self.supportsUngrouping { json.field("supportsUngrouping", v) }
        if let v = self.supportsDTMF { json.field("supportsDTMF", v) }
        if let v = self.hasVideo { json.field("hasVideo", v) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemUpdate {
        var m = SystemUpdate()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "remoteHandle": try json.value(into: &m.remoteHandle)
            case "localizedCallerName": try json.value(into: &m.localizedCallerName)
            case "supportsHolding": try json.value(into: &m.supportsHolding)
            case "supportsGrouping": try json.value(into: &m.supportsGrouping)
            case "supportsUngrouping": try json.value(into: &m.supportsUngrouping)
            case "supportsDTMF": try json.value(into: &m.supportsDTMF)
            case "hasVideo": try json.value(into: &m.hasVideo)
            default: try json.skip()
            }
        }
        return m
    }
}
