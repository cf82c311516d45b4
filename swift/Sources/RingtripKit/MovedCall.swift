import Foundation
import RingtripEngine

// Calls that go on on another device of the same user.

extension Ringtrip {
    /// Asks the server which answered calls this user's devices have, oldest first, this phone's own included.
    /// - Throws: a ``RingtripError``.
    public func liveCalls() async throws -> [RingtripLiveCall] {
        try await ask(EngineRequest(verb: .liveCalls)).live.compactMap(RingtripLiveCall.init)
    }

    /// Goes on here with a call that another device of the user has, which ends there as answered elsewhere. For the system it
    /// is an outgoing call, whoever called: CallKit knows no other way to begin one that does not ring. If the server does not
    /// give the call, it ends here with the reason, and nothing changes where it was.
    /// - Parameters:
    ///   - id: the call's ID, of ``liveCalls()``.
    ///   - name: shown on this phone's call screen; empty is what the server knows.
    ///   - handle: how Recents calls back; nil is what the server knows.
    /// - Throws: a ``RingtripError``.
    public func move(_ id: UUID, name: String = "", handle: RingtripHandle? = nil, video: Bool = false) async throws -> RingtripCall {
        try await begin(EngineRequest(verb: .moveCall, call: text(id), name: name, handle: system(handle), video: video))
    }
}

/// RingtripLiveCall is an answered call of the user, on whatever device.
public struct RingtripLiveCall: Sendable, Hashable, Identifiable {
    /// The call's ID, the same on every device.
    public var id: UUID
    /// The ID of the device that has it.
    public var device: String
    /// What that is called, for people; may be empty.
    public var deviceName: String
    /// What the other side is called; may be empty.
    public var name: String
    /// How the other side is called back; nil if the server does not know.
    public var handle: RingtripHandle?
    /// Whether it is a video call.
    public var hasVideo: Bool
    /// The ID of the group call that it is a part of; nil is a call of two.
    public var groupCall: UUID?
    /// When it was answered, by the server's clock.
    public var answeredAt: Date?

    init?(_ l: EngineLive) {
        guard let id = UUID(uuidString: l.call) else { return nil }
        self.id = id
        device = l.device
        deviceName = l.deviceName
        name = l.name
        handle = l.handle.value.isEmpty ? nil : RingtripHandle(l.handle.value, kind: .init(rawValue: l.handle.type) ?? .generic)
        hasVideo = l.video
        groupCall = UUID(uuidString: l.groupCall)
        answeredAt = l.answeredAt
    }
}
