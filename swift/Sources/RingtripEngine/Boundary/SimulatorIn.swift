// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// In is what is done to a simulator. One of its fields is set.
public struct SimulatorIn: BoundaryValue, Sendable, Hashable {
    /// Do is a line of a scenario, as "U answer", "N voipPush u1 name=Bob" or "SYS cellularRing +1555".
    public var `do`: String
    /// Push delivers a VoIP push with a payload as it came, base64.
    public var push: Data?
    /// Empty delivers a VoIP push with an empty payload.
    public var empty: Bool
    /// Wait lets so many milliseconds pass; 0 with Settle only does what is due.
    public var wait: Int64
    public var settle: Bool
    /// Look says what can be seen: screen, calls, app, strikes, recents, audio.
    public var look: String
    /// the log so far
    public var log: Bool
    /// Exchange is what happens at the server and at the far end, as "call u1 name=Bob"; "said" tells what the device said, "known" what it registered.
    public var exchange: String

    public init(`do`: String = "", push: Data? = nil, empty: Bool = false, wait: Int64 = 0, settle: Bool = false, look: String = "", log: Bool = false, exchange: String = "") {
        self.do = `do`
        self.push = push
        self.empty = empty
        self.wait = wait
        self.settle = settle
        self.look = look
        self.log = log
        self.exchange = exchange
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.do != "" { json.field("do", self.do) }
        if let v = self.push { json.field("push", v) }
        if self.empty != false { json.field("empty", self.empty) }
        if self.wait != 0 { json.field("wait", self.wait) }
        if self.settle != false { json.field("settle", self.settle) }
        if self.look != "" { json.field("look", self.look) }
        if self.log != false { json.field("log", self.log) }
        if self.exchange != "" { json.field("exchange", self.exchange) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SimulatorIn {
        var m = SimulatorIn()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "do": try json.value(into: &m.do)
            case "push": try json.value(into: &m.push)
            case "empty": try json.value(into: &m.empty)
            case "wait": try json.value(into: &m.wait)
            case "settle": try json.value(into: &m.settle)
            case "look": try json.value(into: &m.look)
            case "log": try json.value(into: &m.log)
            case "exchange": try json.value(into: &m.exchange)
            default: try json.skip()
            }
        }
        return m
    }
}
