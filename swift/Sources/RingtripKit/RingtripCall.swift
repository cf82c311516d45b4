import Foundation
import Observation
import RingtripEngine
#if canImport(Combine)
import Combine
#endif

/// RingtripCall is one call on this device: what a screen of the app's own shows, and its buttons. All of its state is the
/// engine's and changes only by it: each button asks the system, so that its screen and the app's never disagree.
///
/// SwiftUI follows its changes, as an ObservableObject and, from iOS 17 on, by Observation.
@MainActor
public final class RingtripCall: Identifiable {
    /// Where a call is.
    public enum State: String, Sendable {
        /// It came in and is being shown.
        case reporting
        /// It rings here.
        case ringing
        /// It goes out; the other side does not ring yet.
        case dialing
        /// It rings at the other side.
        case alerting
        /// It was answered; the sound is not connected yet.
        case connecting
        case connected
        case ended
    }

    /// The call's ID, the same on every device, at the server and in CallKit.
    public nonisolated let id: UUID

    private weak var ringtrip: Ringtrip?
    private var now: EngineCall
    private let observation = Observed()

    init(_ call: EngineCall, id: UUID, of ringtrip: Ringtrip) {
        self.id = id
        self.ringtrip = ringtrip
        now = call
    }

    /// What the engine says of it now.
    var snapshot: EngineCall {
        get {
            if #available(iOS 17, macOS 14, macCatalyst 17, watchOS 10, tvOS 17, visionOS 1, *) {
                observation.read(self, \.snapshot)
            }
            return now
        }
        set {
            guard newValue != now else { return }
            #if canImport(Combine)
            objectWillChange.send()
            #endif
            if #available(iOS 17, macOS 14, macCatalyst 17, watchOS 10, tvOS 17, visionOS 1, *) {
                observation.write(self, \.snapshot) { now = newValue }
            } else {
                now = newValue
            }
        }
    }

    // MARK: what it is

    /// Where it is.
    public var state: State { State(rawValue: snapshot.state) ?? .reporting }
    /// Whether it was started here.
    public var isOutgoing: Bool { snapshot.outgoing }
    /// Whether it is a video call.
    public var hasVideo: Bool { snapshot.video }
    /// What the other side is called; may be empty.
    public var name: String { snapshot.name }
    /// How the other side is called back.
    public var handle: RingtripHandle { RingtripHandle(snapshot.handle.value, kind: .init(rawValue: snapshot.handle.type) ?? .generic) }
    /// Whether the microphone is off.
    public var isMuted: Bool { snapshot.muted }
    /// Whether it was put on hold here.
    public var isOnHold: Bool { snapshot.held }
    /// Whether the other side has put it on hold.
    public var isOnHoldThere: Bool { snapshot.remoteHeld }
    /// Whether sound is captured and played.
    public var audioRuns: Bool { snapshot.audioRunning }
    /// When it was answered, by the server's clock; nil if it was not.
    public var answeredAt: Date? { snapshot.answeredAt }
    /// The device that answered, if it was another one.
    public var answeredBy: String { snapshot.answeredBy }
    /// On hold, and what it was held for is over: offer a button, since the system does not resume by itself.
    public var canResume: Bool { snapshot.canResume }
    /// Of several calls, the one that was answered or resumed last.
    public var isInFront: Bool { snapshot.front }
    /// It rings during another call: offer what the next three say.
    public var isWaiting: Bool { snapshot.waiting }
    /// Whether ``holdAndAnswer()`` is possible.
    public var canHoldAndAnswer: Bool { snapshot.canHold }
    /// Whether ``endAndAnswer()`` is possible.
    public var canEndAndAnswer: Bool { snapshot.canEnd }
    /// Whether ``endHeldAndAnswer()`` is possible: one call talks, one is on hold.
    public var canEndHeldAndAnswer: Bool { snapshot.canEndHeld }
    /// Calls of the same number are grouped and hear each other; nil is in no group.
    public var group: Int? { snapshot.group == 0 ? nil : snapshot.group }
    /// The ID of the group call that it is a part of; nil is a call of two. ``Ringtrip/members(of:)`` tells who is in it.
    public var groupCall: UUID? { UUID(uuidString: snapshot.groupCall) }
    /// It rings here to be taken over from another device of the user, see ``offerMove(to:)``.
    public var isMoving: Bool { snapshot.moving }
    /// The name of the user's device that rings for it, by ``offerMove(to:)``; nil is none.
    public var offeredTo: String? { snapshot.offeredTo.isEmpty ? nil : snapshot.offeredTo }
    /// Why it ended; nil while it lives.
    public var endReason: RingtripEndReason? { snapshot.reason.isEmpty ? nil : RingtripEndReason(rawValue: snapshot.reason) }

    // MARK: its buttons

    /// Answers it, as the system's button does.
    public func answer() throws { try request(.answerCall) }

    /// Declines, cancels or hangs up.
    public func end() throws { try request(.endCall) }

    /// Holds or resumes it.
    public func hold(_ on: Bool) throws { try request(.holdCall, on: on) }

    /// Mutes or unmutes it.
    public func mute(_ on: Bool) throws { try request(.muteCall, on: on) }

    /// Plays tones: 0-9 * # A-D, and ',' for a pause of two seconds.
    public func play(tones: String) throws { try request(.playTones, digits: tones) }

    /// Answers it and puts the call that talks on hold first.
    public func holdAndAnswer() throws { try request(.holdAnswer) }

    /// Answers it and ends the call in front first, or the one on hold if none is in front.
    public func endAndAnswer() throws { try request(.endAnswer) }

    /// Answers it, ends the call on hold and holds the one that talks.
    public func endHeldAndAnswer() throws { try request(.endHeldAnswer) }

    /// Makes one group of this call and another one, so that all hear each other. It takes media that can mix
    /// (``CallMediaMixer``).
    public func merge(with other: RingtripCall) throws { try request(.mergeCalls, with: other) }

    /// Takes it out of its group.
    public func split() throws { try request(.splitCall) }

    /// Rings another device of the user, also one whose app does not run, to go on with it there: it is over here, as answered
    /// elsewhere, when that one answers, and stays otherwise. ``offeredTo`` shows it.
    /// - Parameter device: its ID, as ``RingtripConfiguration/deviceID`` there.
    /// - Throws: a ``RingtripError``: `noCall` unless it is answered, `group` for a group call that was begun here.
    public func offerMove(to device: String) throws { try request(.offerMove, device: device) }

    /// Stops the ring of ``offerMove(to:)``.
    public func withdrawMove() throws { try request(.withdrawMove) }

    /// Asks the server for fresh credentials of its media, as for an SDK that wants a new token during a long call.
    /// - Throws: a ``RingtripError``, also with the server's own words for a code.
    public func credentials() async throws -> RingtripCredentials {
        guard let ringtrip else { throw RingtripError(.closed, "the Ringtrip of this call is gone") }
        let done = try await ringtrip.ask(EngineRequest(verb: .credentials, call: text(id)))
        return RingtripCredentials(carrier: done.credentials?.carrier ?? "", data: done.credentials?.data ?? Data(), until: done.credentials?.until)
    }

    private func request(_ verb: EngineVerb, on: Bool = false, digits: String = "", with other: RingtripCall? = nil, device: String = "") throws {
        guard let ringtrip else { throw RingtripError(.closed, "the Ringtrip of this call is gone") }
        try ringtrip.request(EngineRequest(verb: verb, call: text(id), with: other.map { text($0.id) } ?? "", on: on, digits: digits, device: device))
    }
}

#if canImport(Combine)
extension RingtripCall: ObservableObject {}
#endif

@available(iOS 17, macOS 14, macCatalyst 17, watchOS 10, tvOS 17, visionOS 1, *)
extension RingtripCall: Observable {}

/// RingtripCredentials are what a device joins a carrier's media with.
public struct RingtripCredentials: Sendable, Hashable, CustomStringConvertible {
    /// Who carries it, as "livekit"; empty is nobody, the devices do so between themselves.
    public var carrier: String
    /// What the carrier's adapter reads (JSON); see docs/ios.md.
    public var data: Data
    /// When they expire, by the server's clock; nil is never.
    public var until: Date?

    /// Says nothing of the credentials themselves, which are a secret.
    public var description: String { "[credentials for \(carrier.isEmpty ? "the devices" : carrier)]" }
}

/// RingtripEndReason says why a call ended, in the words of ringtrip's server, API and webhooks.
public struct RingtripEndReason: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// The word, as the server says it.
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public static let hungup = RingtripEndReason(rawValue: "hungup")
    public static let cancelled = RingtripEndReason(rawValue: "cancelled")
    public static let declined = RingtripEndReason(rawValue: "declined")
    public static let busy = RingtripEndReason(rawValue: "busy")
    public static let unanswered = RingtripEndReason(rawValue: "unanswered")
    public static let answeredElsewhere = RingtripEndReason(rawValue: "answered_elsewhere")
    public static let declinedElsewhere = RingtripEndReason(rawValue: "declined_elsewhere")
    public static let busyElsewhere = RingtripEndReason(rawValue: "busy_elsewhere")
    public static let blocked = RingtripEndReason(rawValue: "blocked")
    public static let doNotDisturb = RingtripEndReason(rawValue: "do_not_disturb")
    public static let unreachable = RingtripEndReason(rawValue: "unreachable")
    public static let mediaFailed = RingtripEndReason(rawValue: "media_failed")
    public static let replaced = RingtripEndReason(rawValue: "replaced")
    public static let expired = RingtripEndReason(rawValue: "expired")
    public static let crashed = RingtripEndReason(rawValue: "crashed")
    public static let serverEnded = RingtripEndReason(rawValue: "server_ended")

    public var description: String { rawValue }
}
