// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Op says what a command asks of the SDK, or what an event tells.
public struct MediaOp: RawRepresentable, BoundaryValue, Sendable, Hashable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Call, Name, Role, Credentials
    public static let new = MediaOp(rawValue: "new")
    public static let prepare = MediaOp(rawValue: "prepare")
    public static let warm = MediaOp(rawValue: "warm")
    /// Kind, Name, Data
    public static let receive = MediaOp(rawValue: "receive")
    public static let startAudio = MediaOp(rawValue: "startAudio")
    public static let stopAudio = MediaOp(rawValue: "stopAudio")
    /// On
    public static let setMuted = MediaOp(rawValue: "setMuted")
    /// On
    public static let setHeld = MediaOp(rawValue: "setHeld")
    /// Data
    public static let playDTMF = MediaOp(rawValue: "playDTMF")
    public static let restart = MediaOp(rawValue: "restart")
    /// the answer has Stats
    public static let stats = MediaOp(rawValue: "stats")
    /// Name: the group; empty: out of its group
    public static let mix = MediaOp(rawValue: "mix")
    /// Credentials, which are good for longer
    public static let renew = MediaOp(rawValue: "renew")
    public static let close = MediaOp(rawValue: "close")
    /// Kind, Name, Data: a message for the far end
    public static let send = MediaOp(rawValue: "send")
    /// Event, Data: the digit of a DTMF, Error: of a Failed
    public static let notify = MediaOp(rawValue: "notify")
}
