// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Verb is what a user wants.
public struct EngineVerb: RawRepresentable, BoundaryValue, Sendable, Hashable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Callee, Name, Handle, Video, Group; the answer has Call
    public static let startCall = EngineVerb(rawValue: "start")
    /// Call
    public static let answerCall = EngineVerb(rawValue: "answer")
    /// Call
    public static let endCall = EngineVerb(rawValue: "end")
    /// Call, On
    public static let holdCall = EngineVerb(rawValue: "hold")
    /// Call, On
    public static let muteCall = EngineVerb(rawValue: "mute")
    /// Call, Digits
    public static let playTones = EngineVerb(rawValue: "tones")
    /// On
    public static let setSpeaker = EngineVerb(rawValue: "speaker")
    /// Activity
    public static let continueUse = EngineVerb(rawValue: "continue")
    /// the user has logged in
    public static let register = EngineVerb(rawValue: "register")
    /// Call
    public static let holdAnswer = EngineVerb(rawValue: "holdAnswer")
    /// Call
    public static let endAnswer = EngineVerb(rawValue: "endAnswer")
    /// Call
    public static let endHeldAnswer = EngineVerb(rawValue: "endHeldAnswer")
    /// Call
    public static let resumeCall = EngineVerb(rawValue: "resume")
    public static let swapCalls = EngineVerb(rawValue: "swap")
    /// Call, With
    public static let mergeCalls = EngineVerb(rawValue: "merge")
    /// Call
    public static let splitCall = EngineVerb(rawValue: "split")
    /// Callees, Name, Handle, Video; the answer has Call
    public static let startGroup = EngineVerb(rawValue: "startGroup")
    /// Group, Name, Handle, Video; the answer has Call
    public static let joinGroup = EngineVerb(rawValue: "joinGroup")
    /// Group
    public static let leaveGroup = EngineVerb(rawValue: "leaveGroup")
    /// Group, Callee, Ticket: somebody more for a group call that this phone is in
    public static let invite = EngineVerb(rawValue: "invite")
    /// Group, Ticket: Done has Members
    public static let members = EngineVerb(rawValue: "members")
    /// Call, Name, Handle, Video: one that another device of the user has goes on here
    public static let moveCall = EngineVerb(rawValue: "move")
    /// Call, Device: it rings there, to go on there
    public static let offerMove = EngineVerb(rawValue: "offerMove")
    /// Call
    public static let withdrawMove = EngineVerb(rawValue: "withdrawMove")
    /// Ticket: Done has Live, those of all devices of the user
    public static let liveCalls = EngineVerb(rawValue: "liveCalls")
    /// Token: of ordinary notifications, as Apple gave it
    public static let alertToken = EngineVerb(rawValue: "alertToken")
    /// Call, Ticket: Done has Credentials, fresh ones of its media
    public static let credentials = EngineVerb(rawValue: "credentials")
}
