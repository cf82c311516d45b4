#if canImport(Daily)
@preconcurrency import Daily
import Foundation
import RingtripKit

/// DailyMedia carries calls in Daily rooms, one room a call. It is experimental: Daily documents no way to give its audio
/// session to CallKit, so the room is joined when the system lends the session, and left as it is taken back.
/// The transport can't be warmed, and it takes as long to the first sound as Daily takes to join; it counts as connected
/// from the start, or every answer would wait for what can't come.
///
/// Credentials: `{"url":"https://….daily.co/…","token":"…"}`.
public final class DailyMedia: CallMediaFactory, @unchecked Sendable {
    private let credentials: (@Sendable (CallMediaRequest) -> Data)?

    /// Makes the factory, once for the app.
    /// - Parameter credentials: what a call needs; nil takes what ringtrip's server says.
    public init(credentials: (@Sendable (CallMediaRequest) -> Data)? = nil) { self.credentials = credentials }

    public func makeMedia(for request: CallMediaRequest, events: CallMediaEvents) throws -> any CallMedia {
        DailySession(self, request, try access(request), events)
    }

    /// Reads the credentials that a request comes with, or those that the app says instead.
    fileprivate func access(_ request: CallMediaRequest) throws -> DailySession.Access {
        do {
            return try JSONDecoder().decode(DailySession.Access.self, from: credentials?(request) ?? request.credentials)
        } catch {
            throw CallMediaError(.other, "DailyMedia: the credentials are not {\"url\":…,\"token\":…}: \(error)")
        }
    }
}

/// DailySession is one room. Daily's client lives on the main actor.
final class DailySession: CallMedia, @unchecked Sendable {
    struct Access: Decodable, Sendable {
        var url: URL
        var token: String?
    }

    private let media: DailyMedia
    private let request: CallMediaRequest
    private let events: CallMediaEvents
    private let lock = NSLock()
    // Guarded by lock.
    private var access: Access
    private var prepared = false
    private var warmed = false
    private var audio = false
    private var muted = false
    private var held = false
    private var closed = false
    private var work: Task<Void, Never>? // the last of a chain: Daily's calls take their time, and their order counts
    @MainActor private var client: CallClient?

    init(_ media: DailyMedia, _ request: CallMediaRequest, _ access: Access, _ events: CallMediaEvents) {
        self.media = media
        self.request = request
        self.access = access
        self.events = events
    }

    func prepare() throws { try change { prepared = true } }

    func warm() throws {
        let first = try change {
            let was = warmed
            (prepared, warmed) = (true, true)
            return !was
        }
        if first { DispatchQueue.main.async { [weak self] in self?.tell { $0.connected() } } }
    }

    /// Everything goes through the room.
    func receive(_ message: CallMediaMessage) throws {
        try change {}
        if message.kind == .bye { events.failed(CallMediaError(.bye, "the far end said bye")) }
    }

    func startAudio() throws {
        try change {
            guard prepared else { throw CallMediaError(.notPrepared, "startAudio before prepare") }
            audio = true
        }
        balance()
    }

    func stopAudio() {
        _ = try? change { audio = false }
        balance()
    }

    func setMuted(_ on: Bool) {
        _ = try? change { muted = on }
        balance()
    }

    func setHeld(_ on: Bool) {
        _ = try? change { held = on }
        balance()
    }

    /// balance joins and leaves, and switches the microphone: on hold nothing is sent and the room is left.
    private func balance() {
        then { @MainActor [weak self] in
            guard let self, let (inside, speaks, access) = try? change({ (audio && !held, !muted, access) }) else { return }
            do {
                if inside, client == nil {
                    let new = CallClient()
                    client = new
                    _ = try await new.join(url: access.url, token: access.token.map { MeetingToken(stringValue: $0) })
                    tell { $0.firstMedia() }
                } else if !inside, let old = client {
                    client = nil
                    try await old.leave()
                }
                if let client { _ = try await client.setInputEnabled(.microphone, speaks) }
            } catch {
                tell { $0.failed(CallMediaError(.other, "Daily: \(error)")) }
            }
        }
    }

    /// Daily's rooms have no tones.
    func play(tones: String) throws { throw CallMediaError(.other, "Daily's rooms carry no tones") }

    /// The SDK reconnects by itself.
    func restart() throws { try change {} }

    /// Who is in the room stays in it when the token expires; who comes back after a hold needs a good one.
    func renew(credentials: Data) throws {
        var renewed = request
        renewed.credentials = credentials
        let fresh = try media.access(renewed)
        try change { access = fresh }
    }

    var stats: CallMediaStats { CallMediaStats() }

    func close() {
        lock.lock()
        let was = closed
        closed = true
        lock.unlock()
        guard !was else { return }
        then { @MainActor in
            let old = self.client
            self.client = nil
            try? await old?.leave()
        }
    }

    /// What Daily was asked for so far is done; for tests.
    func settled() async { await last?.value }

    private var last: Task<Void, Never>? {
        lock.lock()
        defer { lock.unlock() }
        return work
    }

    private func then(_ next: @escaping @MainActor @Sendable () async -> Void) {
        lock.lock()
        let before = work
        work = Task { @MainActor in
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

    @discardableResult
    private func change<R>(_ body: () throws -> R) throws -> R {
        lock.lock()
        defer { lock.unlock() }
        guard !closed else { throw CallMediaError(.closed, "the session was closed") }
        return try body()
    }
}
#endif
