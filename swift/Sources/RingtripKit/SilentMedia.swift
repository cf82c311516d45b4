import Foundation
import RingtripEngine

/// SilentMedia is a media SDK without sound, for tests of an app and for trying out: its transport "connects" a moment after
/// it is warmed, and it enforces the audio rules. What breaks one is refused and kept in ``violations``.
///
///   - startAudio before prepare, or outside of didActivate … didDeactivate (``audioIsLent`` says when), is a violation.
///   - after close nothing is done and nothing is told.
public final class SilentMedia: CallMediaFactory, @unchecked Sendable {
    private let lock = NSLock()
    private var sessions: [Session] = [] // guarded by lock, as all below
    private var broken: [String] = []
    private let connectDelay: TimeInterval
    private let soundDelay: TimeInterval
    private let after: @Sendable (TimeInterval, @escaping @Sendable () -> Void) -> Void
    private let lent: @Sendable () -> Bool

    /// Makes a factory.
    /// - Parameters:
    ///   - connectDelay: how long the transport takes to connect, in seconds.
    ///   - soundDelay: how long the far end's first sound takes after startAudio, in seconds.
    ///   - audioIsLent: whether the system lends the audio session now.
    ///   - after: runs something later; nil is the main queue.
    public init(
        connectDelay: TimeInterval = 0.02, soundDelay: TimeInterval = 0.04, audioIsLent: @escaping @Sendable () -> Bool = { true },
        after: (@Sendable (TimeInterval, @escaping @Sendable () -> Void) -> Void)? = nil
    ) {
        self.connectDelay = connectDelay
        self.soundDelay = soundDelay
        lent = audioIsLent
        self.after = after ?? { seconds, work in DispatchQueue.main.asyncAfter(deadline: .now() + seconds, execute: work) }
    }

    /// What broke a rule so far.
    public var violations: [String] { locked { broken } }
    /// How many sessions were made, and how many of them are not closed.
    public var count: (made: Int, open: Int) { locked { (made, sessions.count) } }
    /// How the open sessions are, in words, as "prepared connected audio muted".
    public var states: [String] { locked { sessions.map(\.words) } }
    private var made = 0

    /// A session, whose transport connects a moment after it is warmed.
    public func makeMedia(for request: CallMediaRequest, events: CallMediaEvents) throws -> any CallMedia {
        let s = Session(self, request, events)
        locked {
            made += 1
            sessions.append(s)
        }
        return s
    }

    /// Loses the transport of all sessions; with `forGood` it never comes back.
    public func loseTransport(forGood: Bool = false) {
        for s in locked({ sessions }) {
            locked { s.connected = false }
            forGood ? s.events.failed(CallMediaError(.other, "SilentMedia lost its transport for good")) : s.events.disconnected()
        }
    }

    private func locked<R>(_ body: () -> R) -> R {
        lock.lock()
        defer { lock.unlock() }
        return body()
    }

    private final class Session: CallMedia, @unchecked Sendable {
        let events: CallMediaEvents
        private let factory: SilentMedia
        private let request: CallMediaRequest
        // Guarded by the factory's lock.
        private var prepared = false
        private var warmed = false
        var connected = false
        private var audio = false
        private var muted = false
        private var held = false
        private var tones = ""
        private var closed = false

        init(_ factory: SilentMedia, _ request: CallMediaRequest, _ events: CallMediaEvents) {
            self.factory = factory
            self.request = request
            self.events = events
        }

        var words: String {
            let all = [("prepared", prepared), ("connected", connected), ("audio", audio), ("muted", muted), ("held", held)]
            return (all.filter(\.1).map(\.0) + (tones.isEmpty ? [] : ["tones=\(tones)"])).joined(separator: " ")
        }

        func prepare() throws { try change { prepared = true } }

        func warm() throws {
            let first = try change {
                let was = warmed
                warmed = true
                return !was
            }
            guard first else { return }
            if request.role == .offerer {
                factory.after(0) { [weak self] in self?.offer() }
            }
            factory.after(factory.connectDelay) { [weak self] in self?.connect() }
        }

        private func offer() {
            let told = factory.locked { !closed }
            if told { events.send(CallMediaMessage(session: request.session, kind: .offer, data: "silence")) }
        }

        private func connect() {
            let told = factory.locked {
                guard !closed, !connected else { return false }
                connected = true
                return true
            }
            if told { events.connected() }
        }

        func receive(_ message: CallMediaMessage) throws {
            guard message.kind == .bye else { return try change {} }
            events.failed(CallMediaError(.bye, "the far end said bye"))
        }

        func startAudio() throws {
            let lent = factory.lent()
            let first = try change {
                guard prepared else {
                    factory.broken.append("startAudio before prepare")
                    throw CallMediaError(.notPrepared, "startAudio before prepare")
                }
                guard lent else {
                    factory.broken.append("startAudio outside of didActivate … didDeactivate")
                    throw CallMediaError(.other, "startAudio outside of didActivate … didDeactivate")
                }
                let was = audio
                audio = true
                return !was
            }
            guard first else { return }
            factory.after(factory.soundDelay) { [weak self] in
                guard let self, factory.locked({ self.audio && self.connected && !self.closed }) else { return }
                events.firstMedia()
            }
        }

        func stopAudio() { _ = try? change { audio = false } }
        func setMuted(_ on: Bool) { _ = try? change { muted = on } }
        func setHeld(_ on: Bool) { _ = try? change { held = on } }

        func play(tones: String) throws {
            try change {
                guard connected, !held else { throw CallMediaError(.notConnected, "nothing can be sent now") }
                self.tones += tones
            }
        }

        func restart() throws { factory.after(factory.connectDelay) { [weak self] in self?.connect() } }

        var stats: CallMediaStats { CallMediaStats() }

        func close() {
            factory.locked {
                closed = true
                factory.sessions.removeAll { $0 === self }
            }
        }

        @discardableResult
        private func change<R>(_ body: () throws -> R) throws -> R {
            factory.lock.lock()
            defer { factory.lock.unlock() }
            guard !closed else { throw CallMediaError(.closed, "the session was closed") }
            return try body()
        }
    }
}
