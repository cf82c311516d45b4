// Declarations of LiveKit's Swift SDK as far as RingtripLiveKit uses it, with a fake behind them whose audio engine obeys
// setEngineAvailability as the real one does. For tests only; written from the public API.
import Foundation
import StubAudio

public struct AudioEngineAvailability: Sendable, Equatable {
    public static let `default` = AudioEngineAvailability(isInputAvailable: true, isOutputAvailable: true)
    public static let none = AudioEngineAvailability(isInputAvailable: false, isOutputAvailable: false)
    public let isInputAvailable: Bool
    public let isOutputAvailable: Bool
}

public final class AudioSessionEngineObserver: @unchecked Sendable {
    public var isAutomaticConfigurationEnabled = true
}

public final class AudioManager: @unchecked Sendable {
    public static let shared = AudioManager()
    public let audioSession = AudioSessionEngineObserver()
    private var availability = AudioEngineAvailability.default

    public func setEngineAvailability(_ availability: AudioEngineAvailability) throws {
        self.availability = availability
        balance()
    }

    fileprivate func balance() {
        if Room.connected > 0, audioSession.isAutomaticConfigurationEnabled { StubAudio.shared.violate("LiveKit: configures the session itself") }
        StubAudio.shared.unit("LiveKit", runs: Room.connected > 0 && availability != .none)
    }
}

public struct LiveKitError: Error, Sendable { public init() {} }

public protocol RoomDelegate: AnyObject, Sendable { // all optional
    func roomDidConnect(_ room: Room)
    func roomIsReconnecting(_ room: Room)
    func roomDidReconnect(_ room: Room)
    func room(_ room: Room, didDisconnectWithError error: LiveKitError?)
    func room(_ room: Room, participant: RemoteParticipant, didSubscribeTrack publication: RemoteTrackPublication)
}

public class Track: @unchecked Sendable {
    public enum Kind: Sendable { case audio, video, none }
}

public class TrackPublication: @unchecked Sendable {
    public let kind: Track.Kind
    init(_ kind: Track.Kind) { self.kind = kind }
}

public final class LocalTrackPublication: TrackPublication, @unchecked Sendable {}

public final class RemoteTrackPublication: TrackPublication, @unchecked Sendable {
    public private(set) var isEnabled = true
    public func set(enabled: Bool) async throws { isEnabled = enabled }
}

public class Participant: @unchecked Sendable {
    public struct Identity: Hashable, Sendable { public let stringValue: String }
    public fileprivate(set) var audioTracks: [TrackPublication] = []
}

public final class RemoteParticipant: Participant, @unchecked Sendable {}

public final class LocalParticipant: Participant, @unchecked Sendable {
    /// Whether the microphone is published; nil before it ever was.
    public private(set) var microphone: Bool?

    @discardableResult
    public func setMicrophone(enabled: Bool) async throws -> LocalTrackPublication? {
        let p = LocalTrackPublication(.audio)
        microphone = enabled
        audioTracks = [p]
        StubAudio.shared.say("LiveKit: microphone \(enabled ? "on" : "off")")
        return p
    }
}

public final class Room: @unchecked Sendable {
    fileprivate nonisolated(unsafe) static var connected = 0
    /// Every room that was made, for tests.
    public nonisolated(unsafe) static var all: [Room] = []

    public let localParticipant = LocalParticipant()
    public private(set) var remoteParticipants: [Participant.Identity: RemoteParticipant] = [:]
    public private(set) var url = ""
    private weak var delegate: (any RoomDelegate)?
    private var isConnected = false

    public init() { Room.all.append(self) }

    public func add(delegate: any RoomDelegate) { self.delegate = delegate }

    public func connect(url: String, token: String) async throws {
        guard !token.isEmpty else { throw LiveKitError() }
        self.url = url
        await door.pass()
        isConnected = true
        Room.connected += 1
        AudioManager.shared.balance()
        delegate?.roomDidConnect(self)
    }

    public func disconnect() async {
        guard isConnected else { return }
        isConnected = false
        Room.connected -= 1
        AudioManager.shared.balance()
        StubAudio.shared.say("LiveKit: disconnected")
    }

    private let door = Door()

    /// For tests: the server lets the room connect.
    public func open() { door.open() }

    /// Door is passed once it is open.
    private final class Door: @unchecked Sendable {
        private let lock = NSLock()
        private var isOpen = false
        private var waiting: [CheckedContinuation<Void, Never>] = []

        func open() {
            lock.lock()
            isOpen = true
            let all = waiting
            waiting = []
            lock.unlock()
            for w in all { w.resume() }
        }

        func pass() async {
            await withCheckedContinuation { c in
                lock.lock()
                let now = isOpen
                if !now { waiting.append(c) }
                lock.unlock()
                if now { c.resume() }
            }
        }
    }

    /// For tests: the far end joins, and its sound is subscribed to.
    public func join() -> RemoteTrackPublication {
        let (p, track) = (RemoteParticipant(), RemoteTrackPublication(.audio))
        p.audioTracks = [track]
        remoteParticipants[Participant.Identity(stringValue: "far")] = p
        delegate?.room(self, participant: p, didSubscribeTrack: track)
        return track
    }
}
