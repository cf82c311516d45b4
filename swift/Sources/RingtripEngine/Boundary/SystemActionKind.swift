// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// ActionKind is the class of an action without CX and CallAction.
public struct SystemActionKind: RawRepresentable, BoundaryValue, Sendable, Hashable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let start = SystemActionKind(rawValue: "Start")
    public static let answer = SystemActionKind(rawValue: "Answer")
    public static let end = SystemActionKind(rawValue: "End")
    public static let setHeld = SystemActionKind(rawValue: "SetHeld")
    public static let setMuted = SystemActionKind(rawValue: "SetMuted")
    public static let setGroup = SystemActionKind(rawValue: "SetGroup")
    public static let playDTMF = SystemActionKind(rawValue: "PlayDTMF")
    public static let setTranslating = SystemActionKind(rawValue: "SetTranslating")
}
