// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Call is a call at one moment.
public struct EngineCall: BoundaryValue, Sendable, Hashable {
    public var id: String
    /// idle, reporting, ringing, dialing, alerting, connecting, connected, ended
    public var state: String
    public var outgoing: Bool
    public var video: Bool
    public var name: String
    public var handle: SystemHandle
    public var muted: Bool
    public var held: Bool
    public var remoteHeld: Bool
    public var audioRunning: Bool
    /// cold, warming, up, lost, gone
    public var transport: String
    /// why it ended, in the words of package call; empty while it lives
    public var reason: String
    public var answeredAt: Date?
    public var answeredBy: String
    public var canResume: Bool
    /// of several calls, the one that was answered or resumed last
    public var front: Bool
    /// it rings during another call
    public var waiting: Bool
    /// it waits, and the one that talks can be put on hold for it
    public var canHold: Bool
    /// it waits, and the one in front can be ended for it
    public var canEnd: Bool
    /// it waits, and the one on hold can be ended for it
    public var canEndHeld: Bool
    /// calls of one number are grouped; 0: in no group
    public var group: Int
    /// the id of the group call that this is a part of; empty: a call of two
    public var groupCall: String
    /// it rings here to be taken over from another device of the user
    public var moving: Bool
    /// the name of the user's device that rings for it; empty: none
    public var offeredTo: String

    public init(id: String = "", state: String = "", outgoing: Bool = false, video: Bool = false, name: String = "", handle: SystemHandle = SystemHandle(), muted: Bool = false, held: Bool = false, remoteHeld: Bool = false, audioRunning: Bool = false, transport: String = "", reason: String = "", answeredAt: Date? = nil, answeredBy: String = "", canResume: Bool = false, front: Bool = false, waiting: Bool = false, canHold: Bool = false, canEnd: Bool = false, canEndHeld: Bool = false, group: Int = 0, groupCall: String = "", moving: Bool = false, offeredTo: String = "") {
        self.id = id
        self.state = state
        self.outgoing = outgoing
        self.video = video
        self.name = name
        self.handle = handle
        self.muted = muted
        self.held = held
        self.remoteHeld = remoteHeld
        self.audioRunning = audioRunning
        self.transport = transport
        self.reason = reason
        self.answeredAt = answeredAt
        self.answeredBy = answeredBy
        self.canResume = canResume
        self.front = front
        self.waiting = waiting
        self.canHold = canHold
        self.canEnd = canEnd
        self.canEndHeld = canEndHeld
        self.group = group
        self.groupCall = groupCall
        self.moving = moving
        self.offeredTo = offeredTo
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.id != "" { json.field("id", self.id) }
        if self.state != "" { json.field("state", self.state) }
        if self.outgoing != false { json.field("outgoing", self.outgoing) }
        if self.video != false { json.field("video", self.video) }
        if self.name != "" { json.field("name", self.name) }
        if self.handle != SystemHandle() { json.field("handle", self.handle) }
        if self.muted != false { json.field("muted", self.muted) }
        if self.held != false { json.field("held", self.held) }
        if self.remoteHeld != false { json.field("remoteHeld", self.remoteHeld) }
        if self.audioRunning != false { json.field("audioRunning", self.audioRunning) }
        if self.transport != "" { json.field("transport", self.transport) }
        if self.reason != "" { json.field("reason", self.reason) }
        if let v = self.answeredAt { json.field("answeredAt", v) }
        if self.answeredBy != "" { json.field("answeredBy", self.answeredBy) }
        if self.canResume != false { json.field("canResume", self.canResume) }
        if self.front != false { json.field("front", self.front) }
        if self.waiting != false { json.field("waiting", self.waiting) }
        if self.canHold != false { json.field("canHold", self.canHold) }
        if self.canEnd != false { json.field("canEnd", self.canEnd) }
        if self.canEndHeld != false { json.field("canEndHeld", self.canEndHeld) }
        if self.group != 0 { json.field("group", self.group) }
        if self.groupCall != "" { json.field("groupCall", self.groupCall) }
        if self.moving != false { json.field("moving", self.moving) }
        if self.offeredTo != "" { json.field("offeredTo", self.offeredTo) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> EngineCall {
        var m = EngineCall()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "id": try json.value(into: &m.id)
            case "state": try json.value(into: &m.state)
            case "outgoing": try json.value(into: &m.outgoing)
            case "video": try json.value(into: &m.video)
            case "name": try json.value(into: &m.name)
            case "handle": try json.value(into: &m.handle)
            case "muted": try json.value(into: &m.muted)
            case "held": try json.value(into: &m.held)
            case "remoteHeld": try json.value(into: &m.remoteHeld)
            case "audioRunning": try json.value(into: &m.audioRunning)
            case "transport": try json.value(into: &m.transport)
            case "reason": try json.value(into: &m.reason)
            case "answeredAt": try json.value(into: &m.answeredAt)
            case "answeredBy": try json.value(into: &m.answeredBy)
            case "canResume": try json.value(into: &m.canResume)
            case "front": try json.value(into: &m.front)
            case "waiting": try json.value(into: &m.waiting)
            case "canHold": try json.value(into: &m.canHold)
            case "canEnd": try json.value(into: &m.canEnd)
            case "canEndHeld": try json.value(into: &m.canEndHeld)
            case "group": try json.value(into: &m.group)
            case "groupCall": try json.value(into: &m.groupCall)
            case "moving": try json.value(into: &m.moving)
            case "offeredTo": try json.value(into: &m.offeredTo)
            default: try json.skip()
            }
        }
        return m
    }
}
