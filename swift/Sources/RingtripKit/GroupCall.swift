import Foundation
import RingtripEngine

// Group calls: one call on this phone, whoever comes and goes. Their sound is a carrier's room's (LiveKit and the like).

extension Ringtrip {
    /// Begins a group call, and returns when the system has begun to start it. For the system it is one outgoing call, whose ID
    /// is the group's. It dials until the first of the callees answers, goes on while one of them is in it or still rings, and
    /// who ends it here leaves it: those who answered go on with each other.
    ///
    /// It takes a carrier with rooms; without one it is taken back at once and ends as ``RingtripEndReason/mediaFailed``.
    /// - Parameters:
    ///   - callees: 2 to 8 user IDs, each once. Who can't be called at all is told to the delegate as a member who is not in it.
    ///   - name: shown on this phone's call screen; empty is the callees.
    ///   - handle: how Recents calls back; nil calls all of them again.
    ///   - video: whether it is a video call.
    /// - Throws: a ``RingtripError``.
    public func startGroup(with callees: [String], name: String = "", handle: RingtripHandle? = nil, video: Bool = false) async throws -> RingtripCall {
        try await begin(EngineRequest(verb: .startGroup, name: name, handle: system(handle), video: video, callees: callees))
    }

    /// Goes into a group call that lives, without a ring: one that this user missed, declined or left, or came late for. For
    /// the system it is an outgoing call that is answered at once. If the server does not let this phone in, it ends with
    /// the reason.
    /// - Parameters:
    ///   - group: its ID, which every call of it has (``RingtripCall/groupCall``), or your backend tells.
    ///   - name: shown on this phone's call screen; empty is who began it.
    /// - Throws: a ``RingtripError``.
    public func joinGroup(_ group: UUID, name: String = "", handle: RingtripHandle? = nil, video: Bool = false) async throws -> RingtripCall {
        try await begin(EngineRequest(verb: .joinGroup, name: name, handle: system(handle), video: video, group: text(group)))
    }

    /// Takes this phone out of a group call with all of its calls, as ending the call does. Nothing happens if it is in none.
    public func leaveGroup(_ group: UUID) throws { try request(EngineRequest(verb: .leaveGroup, group: text(group))) }

    /// Calls somebody more into a group call that this phone is in: somebody new, or who declined, missed or left it. It is no
    /// call of its own here. It returns when the server rings.
    /// - Throws: a ``RingtripError``, also with the server's own words for a code, as `already_in_group`.
    public func invite(_ callee: String, to group: UUID) async throws {
        _ = try await ask(EngineRequest(verb: .invite, callee: callee, group: text(group)))
    }

    /// Asks the server who is in a group call, who rings for it, and what became of the others who were called into it. The
    /// delegate is told of changes.
    /// - Throws: a ``RingtripError``: `unknownGroup` if it is over, or not this user's.
    public func members(of group: UUID) async throws -> [RingtripMember] {
        try await ask(EngineRequest(verb: .members, group: text(group))).members.map(RingtripMember.init)
    }
}

/// RingtripMember is one user of a group call.
public struct RingtripMember: Sendable, Hashable, Identifiable {
    /// Whether a member is in the call.
    public enum State: String, Sendable {
        /// Is being called.
        case ringing
        /// Is in the call.
        case answered
        /// Is not in it, or not any more; ``RingtripMember/endReason`` says why.
        case ended
    }

    /// The user's ID.
    public var id: String
    /// What the user is called; may be empty.
    public var name: String
    /// How the user is called back; may be empty.
    public var handle: String
    /// Whether the user is in the call.
    public var state: State
    /// Why the user is not in it; nil otherwise.
    public var endReason: RingtripEndReason?
    /// The ID of the user's device that is in the call; may be empty.
    public var device: String

    init(_ m: EngineMember) {
        id = m.user
        name = m.name
        handle = m.handle
        state = State(rawValue: m.state) ?? .ended
        endReason = m.reason.isEmpty ? nil : RingtripEndReason(rawValue: m.reason)
        device = m.device
    }
}
