import Foundation
import RingtripEngine

/// CallMedia carries the sound of one call: WebRTC, LiveKit, Twilio, Agora, Daily, Vonage, or your own. It is package
/// media's Session in Swift, and every media SDK that lives beside CallKit fits its three phases:
///
///     ringing       prepare, warm   manual audio; the transport connects, silently
///     didActivate   startAudio      the system lends the audio session: the audio unit starts
///     didDeactivate stopAudio       the system takes it back: the audio unit stops, the transport stays
///     ended         close
///
/// The engine says when. Starting audio at any other time is the commonest way to lose a call's sound on iOS (Apple:
/// Responding to audio session activation), so implementations refuse it where they can tell.
///
/// Methods are called one at a time, most often on the main queue, and must return without waiting for the network. All may
/// be called in any order and more than once; one that changes nothing does nothing. What goes wrong is thrown, best as a
/// ``CallMediaError``.
public protocol CallMedia: AnyObject, Sendable {
    /// Configures the SDK for manual audio. It does not activate anything and opens no socket.
    func prepare() throws
    /// Starts to connect the transport. No sound is captured or played.
    func warm() throws
    /// Takes a message of the far end. It may come twice, late or out of order; a bad one is refused and changes nothing.
    func receive(_ message: CallMediaMessage) throws
    /// Starts capture and playback: the system has activated the audio session.
    func startAudio() throws
    /// Stops capture and playback; the transport stays.
    func stopAudio()
    /// Stops or resumes what is sent, not what is heard.
    func setMuted(_ muted: Bool)
    /// Stops or resumes both directions.
    func setHeld(_ held: Bool)
    /// Sends digits (0-9 * # A-D, and ',' for a pause of two seconds).
    func play(tones: String) throws
    /// Gathers anew after the network changed.
    func restart() throws
    /// Takes credentials that are good for longer than those that it has, of the same form and for the same call or room. The
    /// engine asks the server for them in time. A carrier that lets who is in a call stay in it needs none: then it does
    /// nothing, which is the default. If it throws, it keeps what it had, and is asked again.
    func renew(credentials: Data) throws
    /// What was sent and received so far.
    var stats: CallMediaStats { get }
    /// Ends the session and frees everything. Nothing is told to the events any more when it returns.
    func close()
}

extension CallMedia {
    /// Needs no new credentials.
    public func renew(credentials: Data) throws {}
}

/// CallMediaFactory makes one ``CallMedia`` for each session: of a call, or of a room of a carrier's, which all calls of this
/// device that are in it share.
public protocol CallMediaFactory: Sendable {
    /// Makes a cold session: it must not block and must not open sockets. `events` is where it tells what happens.
    func makeMedia(for request: CallMediaRequest, events: CallMediaEvents) throws -> any CallMedia
}

/// CallMediaMixer is a factory whose sessions can be mixed on the device: the calls of a group hear each other. It is
/// optional: without it calls are not grouped on this device, and the system is told so.
public protocol CallMediaMixer: CallMediaFactory {
    /// Puts a session of this factory into a group, or takes it out of its group if `group` is empty. A session of a group
    /// sends the microphone and what the others of the group receive; muting stops the microphone only.
    func mix(_ media: any CallMedia, group: String) throws
}

/// CallMediaRequest says what session is wanted.
public struct CallMediaRequest: Sendable, Hashable {
    /// Who makes the offer: the callee's device does, for only it knows that it is there.
    public enum Role: Int, Sendable {
        /// Waits for an offer of the far end.
        case answerer = 1
        /// Sends an offer when warmed.
        case offerer = 2
    }

    /// The call, for logs; in a room the first of those that share the session.
    public var call: UUID
    /// What the session is called between its two ends. An answerer's may be empty; it takes that of the offer.
    public var session: String
    /// Which end this one is.
    public var role: Role
    /// What the carrier needs, as JSON (WebRTC: `{"iceServers":[…]}`, others: room and token); may be empty.
    public var credentials: Data

    public init(call: UUID, session: String = "", role: Role, credentials: Data = Data()) {
        self.call = call
        self.session = session
        self.role = role
        self.credentials = credentials
    }
}

/// CallMediaMessage is what two ends of a session say to each other through the server, which does not look inside.
public struct CallMediaMessage: Sendable, Hashable {
    /// What ``CallMediaMessage/data`` is; the numbers are on the wire.
    public enum Kind: Int, Sendable {
        /// SDP; an empty one asks the offerer for a new one.
        case offer = 1
        /// SDP.
        case answer = 2
        /// One ICE candidate as JSON (RTCIceCandidateInit); an empty one is the end of candidates.
        case candidate = 3
        /// This session is over.
        case bye = 4
    }

    /// Names the session, see ``CallMediaRequest/session``.
    public var session: String
    /// What ``data`` is.
    public var kind: Kind
    /// As ``kind`` says.
    public var data: String

    public init(session: String = "", kind: Kind, data: String = "") {
        self.session = session
        self.kind = kind
        self.data = data
    }
}

/// CallMediaStats are counters of one session since it was made.
public struct CallMediaStats: Sendable, Hashable {
    /// Media packets (RTP).
    public var packetsSent: UInt64 = 0
    /// Media packets that came.
    public var packetsReceived: UInt64 = 0
    /// Media packets that never came.
    public var packetsLost: UInt64 = 0
    /// Bytes of media, without headers.
    public var bytesSent: UInt64 = 0
    /// As ``bytesSent``.
    public var bytesReceived: UInt64 = 0
    /// Of what is received, in seconds (RFC 3550 §6.4.1).
    public var jitter: TimeInterval = 0
    /// In seconds; 0 while unknown.
    public var roundTrip: TimeInterval = 0
    /// The pair in use; empty until connected.
    public var localCandidate = ""
    /// As ``localCandidate``.
    public var remoteCandidate = ""
    /// What is heard: 0 silence to 1 full scale.
    public var audioLevel: Double = 0

    public init() {}
}

/// CallMediaError is an error that the engine knows.
public struct CallMediaError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The errors that mean something to the engine.
    public enum Code: String, Sendable {
        /// The session was closed.
        case closed
        /// ``CallMedia/startAudio()`` before ``CallMedia/prepare()``.
        case notPrepared
        /// A message of the far end that makes no sense.
        case badMessage
        /// Nothing can be sent now: not connected, or on hold.
        case notConnected
        /// The far end said that the session is over.
        case bye
        /// Anything else.
        case other = ""
    }

    /// What went wrong.
    public var code: Code
    /// For people.
    public var text: String

    public init(_ code: Code = .other, _ text: String) {
        self.code = code
        self.text = text
    }

    public var description: String { text }
}

/// CallMediaEvents is where a ``CallMedia`` tells what happens, from any thread.
public final class CallMediaEvents: Sendable {
    private let tell: @Sendable (MediaMessage) -> Void

    init(tell: @escaping @Sendable (MediaMessage) -> Void) { self.tell = tell }

    /// For tests of an implementation: events go to `listener` as words, as "connected", "failed: why", "dtmf 5",
    /// "send offer v=0".
    public init(listener: @escaping @Sendable (String) -> Void) {
        tell = { m in
            switch (m.op, m.event) {
            case (.send, _): listener("send \(CallMediaMessage.Kind(rawValue: m.kind).map { "\($0)" } ?? "?") \(m.data)")
            case (_, Event.connected): listener("connected")
            case (_, Event.disconnected): listener("disconnected")
            case (_, Event.failed): listener("failed: \(m.error)")
            case (_, Event.firstMedia): listener("firstMedia")
            default: listener("dtmf \(m.data)")
            }
        }
    }

    /// A message for the far end.
    public func send(_ message: CallMediaMessage) {
        tell(MediaMessage(op: .send, name: message.session, kind: message.kind.rawValue, data: message.data))
    }

    /// The transport is up: sound could flow.
    public func connected() { tell(MediaMessage(op: .notify, event: Event.connected)) }

    /// The transport is lost; the session tries to get it back by itself.
    public func disconnected() { tell(MediaMessage(op: .notify, event: Event.disconnected)) }

    /// The transport will not come (back). It is the session's last event.
    public func failed(_ error: any Error) {
        var m = failure(error)
        m.op = .notify
        m.event = Event.failed
        tell(m)
    }

    /// The first sound of the far end was decoded since ``CallMedia/startAudio()``.
    public func firstMedia() { tell(MediaMessage(op: .notify, event: Event.firstMedia)) }

    /// The far end pressed a key: 0-9 * # A-D.
    public func dtmf(_ digit: Character) { tell(MediaMessage(op: .notify, data: String(digit), event: Event.dtmf)) }

    private enum Event {
        static let connected = 1, disconnected = 2, failed = 3, firstMedia = 4, dtmf = 5
    }
}

/// failure is the message that carries an error.
func failure(_ error: any Error) -> MediaMessage {
    let e = error as? CallMediaError ?? CallMediaError(.other, "\(error)")
    return MediaMessage(error: e.text.isEmpty ? "\(e.code)" : e.text, code: e.code.rawValue)
}
