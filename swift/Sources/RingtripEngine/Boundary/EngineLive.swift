// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Live is an answered call of the user, on whatever device.
public struct EngineLive: BoundaryValue, Sendable, Hashable {
    public var call: String
    public var device: String
    public var deviceName: String
    /// of the other side
    public var name: String
    public var handle: SystemHandle
    public var video: Bool
    public var groupCall: String
    public var answeredAt: Date?

    public init(call: String = "", device: String = "", deviceName: String = "", name: String = "", handle: SystemHandle = SystemHandle(), video: Bool = false, groupCall: String = "", answeredAt: Date? = nil) {
        self.call = call
        self.device = device
        self.deviceName = deviceName
        self.name = name
        self.handle = handle
        self.video = video
        self.groupCall = groupCall
        self.answeredAt = answeredAt
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.call != "" { json.field("call", self.call) }
        if self.device != "" { json.field("device", self.device) }
        if self.deviceName != "" { json.field("deviceName", self.deviceName) }
        if self.name != "" { json.field("name", self.name) }
        if self.handle != SystemHandle() { json.field("handle", self.handle) }
        if self.video != false { json.field("video", self.video) }
        if self.groupCall != "" { json.field("groupCall", self.groupCall) }
        if let v = self.answeredAt { json.field("answeredAt", v) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> EngineLive {
        var m = EngineLive()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "call": try json.value(into: &m.call)
            case "device": try json.value(into: &m.device)
            case "deviceName": try json.value(into: &m.deviceName)
            case "name": try json.value(into: &m.name)
            case "handle": try json.value(into: &m.handle)
            case "video": try json.value(into: &m.video)
            case "groupCall": try json.value(into: &m.groupCall)
            case "answeredAt": try json.value(into: &m.answeredAt)
            default: try json.skip()
            }
        }
        return m
    }
}
