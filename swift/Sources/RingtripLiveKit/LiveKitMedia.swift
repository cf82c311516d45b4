#if canImport(LiveKit)
import Foundation
@preconcurrency import LiveKit
import RingtripKit

/// LiveKitMedia carries calls in LiveKit rooms, one room a call. LiveKit's audio engine is not available to it before the
/// system lends the audio session, which is LiveKit's own advice for CallKit (AudioManager.setEngineAvailability).
///
/// Credentials: `{"url":"wss://…","token":"…"}`.
public final class LiveKitMedia: CallMediaFactory, @unchecked Sendable {
    private let credentials: (@Sendable (CallMediaRequest) -> Data)?
    private let lock = NSLock()
    private var running: Set<ObjectIdentifier> = [] // guarded by lock

    /// Makes the factory, once for the app.
    /// - Parameter credentials: what a call needs; nil takes what ringtrip's server says.
    public init(credentials: (@Sendable (CallMediaRequest) -> Data)? = nil) {
        self.credentials = credentials
        AudioManager.shared.audioSession.isAutomaticConfigurationEnabled = false
        try? AudioManager.shared.setEngineAvailability(.none)
    }

    public func makeMedia(for request: CallMediaRequest, events: CallMediaEvents) throws -> any CallMedia {
        let access: LiveKitSession.Access
        do {
            access = try JSONDecoder().decode(LiveKitSession.Access.self, from: credentials?(request) ?? request.credentials)
        } catch {
            throw CallMediaError(.other, "LiveKitMedia: the credentials are not {\"url\":…,\"token\":…}: \(error)")
        }
        return LiveKitSession(self, access, events)
    }

    /// Lets the engine run while any session wants it: with two calls the new one may start before the old one stops.
    fileprivate func run(_ session: AnyObject, _ on: Bool) throws {
        lock.lock()
        defer { lock.unlock() }
        let before = !running.isEmpty
        if on { running.insert(ObjectIdentifier(session)) } else { running.remove(ObjectIdentifier(session)) }
        if before != !running.isEmpty { try AudioManager.shared.setEngineAvailability(running.isEmpty ? .none : .default) }
    }
}

/// LiveKitSession is one room.
final class LiveKitSession: NSObject, CallMedia, @unchecked Sendable {
    struct Access: Decodable, Sendable {
        var url: String
        var token: String
    }

    private let media: LiveKitMedia
    private let access: Access
    private let events: CallMediaEvents
    private let room = Room()
    private let lock = NSLock()
    // Guarded by lock.
    private var prepared = false
    private var warmed = false
    private var audio = false
    private var muted = false
    private var held = false
    private var heard = false
    private var told = false
    private var closed = false
    private var work: Task<Void, Never>? // the last of a chain: LiveKit's calls take their time, and their order counts

    init(_ media: LiveKitMedia, _ access: Access, _ events: CallMediaEvents) {
        self.media = media
        self.access = access
        self.events = events
        super.init()
        room.add(delegate: self)
    }

    func prepare() throws { try change { prepared = true } }

    func warm() throws {
        let first = try change {
            let was = warmed
            (prepared, warmed) = (true, true)
            return !was
        }
        guard first else { return }
        then { [room, access, weak self] in
            do {
                try await room.connect(url: access.url, token: access.token)
            } catch {
                self?.tell { $0.failed(error) }
            }
        }
        balance()
    }

    /// Everything goes through the room and its server.
    func receive(_ message: CallMediaMessage) throws {
        try change {}
        if message.kind == .bye { events.failed(CallMediaError(.bye, "the far end said bye")) }
    }

    func startAudio() throws {
        try change {
            guard prepared else { throw CallMediaError(.notPrepared, "startAudio before prepare") }
            (audio, told) = (true, false)
        }
        try media.run(self, true)
        balance()
        tellFirst()
    }

    func stopAudio() {
        let was = (try? change {
            let was = audio
            audio = false
            return was
        }) ?? false
        if was { try? media.run(self, false) }
        balance()
    }

    func setMuted(_ on: Bool) { set { muted = on } }
    func setHeld(_ on: Bool) { set { held = on } }

    private func set(_ body: () -> Void) {
        if (try? change(body)) != nil { balance() }
    }

    /// balance publishes the microphone, and hears the others, as mute and hold and the audio session allow.
    private func balance() {
        then { [weak self] in
            guard let self, let (speak, hear) = try? change({ (audio && !muted && !held, audio && !held) }) else { return }
            do {
                if speak || !room.localParticipant.audioTracks.isEmpty { try await room.localParticipant.setMicrophone(enabled: speak) }
                for participant in room.remoteParticipants.values {
                    for publication in participant.audioTracks { try await (publication as? RemoteTrackPublication)?.set(enabled: hear) }
                }
            } catch {
                tell { $0.failed(CallMediaError(.other, "LiveKit: \(error)")) }
            }
        }
    }

    /// LiveKit's Swift SDK has no tones.
    func play(tones: String) throws { throw CallMediaError(.other, "LiveKit's Swift SDK sends no tones") }

    /// The SDK reconnects by itself.
    func restart() throws { try change {} }

    var stats: CallMediaStats { CallMediaStats() }

    func close() {
        stopAudio()
        lock.lock()
        let was = closed
        closed = true
        lock.unlock()
        if !was { then { [room] in await room.disconnect() } }
    }

    /// What LiveKit was asked for so far is done; for tests.
    func settled() async { await last?.value }

    private var last: Task<Void, Never>? {
        lock.lock()
        defer { lock.unlock() }
        return work
    }

    private func then(_ next: @escaping @Sendable () async -> Void) {
        lock.lock()
        let before = work
        work = Task {
            await before?.value
            await next()
        }
        lock.unlock()
    }

    private func tell(_ body: (CallMediaEvents) -> Void) {
        lock.lock()
        let over = closed
        lock.unlock()
        if !over { body(events) }
    }

    private func tellFirst() {
        let first = (try? change {
            let first = heard && audio && !told
            if first { told = true }
            return first
        }) ?? false
        if first { events.firstMedia() }
    }

    @discardableResult
    private func change<R>(_ body: () throws -> R) throws -> R {
        lock.lock()
        defer { lock.unlock() }
        guard !closed else { throw CallMediaError(.closed, "the session was closed") }
        return try body()
    }
}

extension LiveKitSession: RoomDelegate {
    func roomDidConnect(_ room: Room) { tell { $0.connected() } }
    func roomIsReconnecting(_ room: Room) { tell { $0.disconnected() } }
    func roomDidReconnect(_ room: Room) { tell { $0.connected() } }
    func room(_ room: Room, didDisconnectWithError error: LiveKitError?) {
        tell { $0.failed(error ?? CallMediaError(.bye, "the room is closed")) }
    }

    func room(_ room: Room, participant: RemoteParticipant, didSubscribeTrack publication: RemoteTrackPublication) {
        guard publication.kind == .audio else { return }
        if (try? change { heard = true }) != nil { tellFirst() }
        balance()
    }
}
#endif
