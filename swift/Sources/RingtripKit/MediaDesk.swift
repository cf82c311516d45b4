import Foundation
import RingtripEngine

/// MediaDesk carries the engine's media commands out on the app's ``CallMediaFactory``.
final class MediaDesk: @unchecked Sendable {
    private let factory: any CallMediaFactory
    private let tell: @Sendable (MediaMessage) -> Void
    private let lock = NSLock()
    private var sessions: [Int: any CallMedia] = [:] // guarded by lock

    init(factory: any CallMediaFactory, tell: @escaping @Sendable (MediaMessage) -> Void) {
        self.factory = factory
        self.tell = tell
    }

    /// Carries a command out. What is thrown is the answer's error.
    func carry(_ m: MediaMessage) -> MediaMessage {
        do {
            return try run(m)
        } catch {
            return failure(error)
        }
    }

    private func run(_ m: MediaMessage) throws -> MediaMessage {
        if m.op == .new {
            guard let call = UUID(uuidString: m.call), let role = CallMediaRequest.Role(rawValue: m.role) else {
                throw CallMediaError(.other, "the engine asks for media of call \(m.call) in role \(m.role), which is none")
            }
            let session = m.session
            let events = CallMediaEvents { [tell] in
                var event = $0
                event.session = session
                tell(event)
            }
            let request = CallMediaRequest(call: call, session: m.name, role: role, credentials: m.credentials ?? Data())
            let media = try factory.makeMedia(for: request, events: events)
            locked { sessions[session] = media }
            return MediaMessage()
        }
        let found = locked { m.op == .close ? sessions.removeValue(forKey: m.session) : sessions[m.session] }
        guard let media = found else {
            throw CallMediaError(.closed, "there is no media session \(m.session)")
        }
        switch m.op {
        case .prepare: try media.prepare()
        case .warm: try media.warm()
        case .receive:
            guard let kind = CallMediaMessage.Kind(rawValue: m.kind) else {
                throw CallMediaError(.badMessage, "no message is of kind \(m.kind)")
            }
            try media.receive(CallMediaMessage(session: m.name, kind: kind, data: m.data))
        case .startAudio: try media.startAudio()
        case .stopAudio: media.stopAudio()
        case .setMuted: media.setMuted(m.on)
        case .setHeld: media.setHeld(m.on)
        case .playDTMF: try media.play(tones: m.data)
        case .restart: try media.restart()
        case .renew: try media.renew(credentials: m.credentials ?? Data())
        case .stats: return MediaMessage(stats: counters(media.stats))
        case .mix:
            guard let mixer = factory as? any CallMediaMixer else { throw CallMediaError(.other, "the media can't mix calls") }
            try mixer.mix(media, group: m.name)
        case .close: media.close()
        default: throw CallMediaError(.other, "no command is named \(m.op.rawValue)")
        }
        return MediaMessage()
    }

    /// Closes what is left, when the engine is gone.
    func close() {
        let left = locked {
            let all = sessions
            sessions = [:]
            return all
        }
        for media in left.values { media.close() }
    }

    private func counters(_ s: CallMediaStats) -> MediaCounters {
        MediaCounters(
            packetsSent: s.packetsSent, packetsReceived: s.packetsReceived, packetsLost: s.packetsLost, bytesSent: s.bytesSent,
            bytesReceived: s.bytesReceived, jitterMillis: s.jitter * 1000, roundTripMillis: s.roundTrip * 1000,
            localCandidate: s.localCandidate, remoteCandidate: s.remoteCandidate, audioLevel: s.audioLevel)
    }

    private func locked<R>(_ body: () -> R) -> R {
        lock.lock()
        defer { lock.unlock() }
        return body()
    }
}
