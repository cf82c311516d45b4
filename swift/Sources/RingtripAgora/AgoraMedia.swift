#if canImport(AgoraRtcKit)
@preconcurrency import AgoraRtcKit
import Foundation
import RingtripKit

/// AgoraMedia carries calls in Agora channels, one channel a call, or a group. Agora may not touch the audio session at all
/// (AgoraAudioSessionOperationRestriction.all), for the system owns it; the channel is joined while it rings, and nothing is
/// captured, published or played before the system lends the session.
///
/// Credentials: `{"channel":"…","token":"…","uid":1}`. Agora puts out whose token has expired, so the engine renews it in time.
public final class AgoraMedia: CallMediaFactory, @unchecked Sendable {
    private let engine: AgoraRtcEngineKit
    private let credentials: (@Sendable (CallMediaRequest) -> Data)?
    private let lock = NSLock()
    private var running: Set<ObjectIdentifier> = [] // guarded by lock

    /// Makes the factory, once for the app.
    /// - Parameters:
    ///   - appID: of the project, 32 hexadecimal digits.
    ///   - credentials: what a call needs; nil takes what ringtrip's server says.
    public init(appID: String, credentials: (@Sendable (CallMediaRequest) -> Data)? = nil) {
        self.credentials = credentials
        engine = AgoraRtcEngineKit.sharedEngine(withAppId: appID, delegate: nil)
        engine.setAudioSessionOperationRestriction(.all)
        engine.enableAudio()
        engine.enableLocalAudio(false)
    }

    public func makeMedia(for request: CallMediaRequest, events: CallMediaEvents) throws -> any CallMedia {
        AgoraSession(self, engine, request, try access(request), events)
    }

    /// Reads the credentials that a request comes with, or those that the app says instead.
    fileprivate func access(_ request: CallMediaRequest) throws -> AgoraSession.Access {
        do {
            return try JSONDecoder().decode(AgoraSession.Access.self, from: credentials?(request) ?? request.credentials)
        } catch {
            throw CallMediaError(.other, "AgoraMedia: the credentials are not {\"channel\":…,\"token\":…,\"uid\":…}: \(error)")
        }
    }

    /// Captures while any session wants it: with two calls the new one may start before the old one stops.
    fileprivate func run(_ session: AnyObject, _ on: Bool) {
        lock.lock()
        let before = !running.isEmpty
        if on { running.insert(ObjectIdentifier(session)) } else { running.remove(ObjectIdentifier(session)) }
        let now = !running.isEmpty
        lock.unlock()
        if before != now { engine.enableLocalAudio(now) }
    }
}

/// AgoraSession is one channel.
final class AgoraSession: NSObject, CallMedia, @unchecked Sendable {
    struct Access: Decodable, Sendable {
        var channel: String
        var token: String
        var uid: UInt?

        var connection: AgoraRtcConnection { AgoraRtcConnection(channelId: channel, localUid: Int(uid ?? 0)) }
    }

    private let media: AgoraMedia
    private let engine: AgoraRtcEngineKit
    private let request: CallMediaRequest
    private let events: CallMediaEvents
    private let lock = NSRecursiveLock()
    // Guarded by lock.
    private var connection: AgoraRtcConnection
    private var access: Access
    private var prepared = false
    private var warmed = false
    private var joined = false
    private var audio = false
    private var muted = false
    private var held = false
    private var heard = false
    private var told = false
    private var closed = false

    init(_ media: AgoraMedia, _ engine: AgoraRtcEngineKit, _ request: CallMediaRequest, _ access: Access, _ events: CallMediaEvents) {
        self.media = media
        self.engine = engine
        self.request = request
        self.access = access
        self.events = events
        connection = access.connection
    }

    func prepare() throws { try change { prepared = true } }

    func warm() throws {
        let first = try change {
            let was = warmed
            (prepared, warmed) = (true, true)
            return !was
        }
        if first { try change { try join() } }
    }

    /// The lock must be held.
    private func join() throws {
        let code = engine.joinChannelEx(byToken: access.token, connection: connection, delegate: self, mediaOptions: options, joinSuccess: nil)
        guard code == 0 else { throw CallMediaError(.other, "Agora refuses to join channel \(access.channel): error \(code)") }
    }

    /// Agora takes a new token of a connection by its media options (AgoraRtcChannelMediaOptions.token; renewToken is that of
    /// the one channel that joinChannel joins). It has to be for the same uid. The credentials of another call in the same
    /// channel may be for another one: then the channel is left and joined anew.
    func renew(credentials: Data) throws {
        var renewed = request
        renewed.credentials = credentials
        let fresh = try media.access(renewed)
        try change {
            if fresh.channel != access.channel || fresh.uid != access.uid {
                if warmed { engine.leaveChannelEx(connection, leaveChannelBlock: nil) }
                (access, connection) = (fresh, fresh.connection)
                if warmed { try join() }
                return
            }
            if warmed {
                let o = options
                o.token = fresh.token
                let code = engine.updateChannelEx(with: o, connection: connection)
                guard code == 0 else { throw CallMediaError(.other, "Agora refuses the new token for channel \(access.channel): error \(code)") }
            }
            access = fresh
        }
    }

    /// What is published and heard now.
    private var options: AgoraRtcChannelMediaOptions {
        let o = AgoraRtcChannelMediaOptions()
        o.channelProfile = .communication
        o.clientRoleType = .broadcaster
        o.publishMicrophoneTrack = audio && !muted && !held
        o.autoSubscribeAudio = audio && !held
        return o
    }

    /// The lock must be held.
    private func balance() {
        if warmed { engine.updateChannelEx(with: options, connection: connection) }
    }

    /// Everything goes through the channel.
    func receive(_ message: CallMediaMessage) throws {
        try change {}
        if message.kind == .bye { events.failed(CallMediaError(.bye, "the far end said bye")) }
    }

    func startAudio() throws {
        try change {
            guard prepared else { throw CallMediaError(.notPrepared, "startAudio before prepare") }
            (audio, told) = (true, false)
        }
        media.run(self, true)
        try change { balance() }
        tellFirst()
    }

    func stopAudio() {
        try? change {
            audio = false
            balance()
        }
        media.run(self, false)
    }

    func setMuted(_ on: Bool) { try? change { muted = on; balance() } }
    func setHeld(_ on: Bool) { try? change { held = on; balance() } }

    /// Agora's voice channels have no tones.
    func play(tones: String) throws { throw CallMediaError(.other, "Agora's channels carry no tones") }

    /// The SDK reconnects by itself.
    func restart() throws { try change {} }

    var stats: CallMediaStats { CallMediaStats() }

    func close() {
        stopAudio()
        lock.lock()
        let leave = warmed && !closed
        closed = true
        lock.unlock()
        if leave { engine.leaveChannelEx(connection, leaveChannelBlock: nil) }
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

extension AgoraSession: AgoraRtcEngineDelegate {
    func rtcEngine(_ engine: AgoraRtcEngineKit, connectionChangedTo state: AgoraConnectionState, reason: AgoraConnectionChangedReason) {
        switch state {
        case .connected:
            if (try? change { joined = true }) != nil { events.connected() }
        case .reconnecting:
            if (try? change { joined }) == true { events.disconnected() }
        case .failed:
            tell { $0.failed(CallMediaError(.other, "Agora: the connection failed, reason \(reason.rawValue)")) }
        default: break
        }
    }

    func rtcEngine(
        _ engine: AgoraRtcEngineKit, remoteAudioStateChangedOfUid uid: UInt, state: AgoraAudioRemoteState, reason: AgoraAudioRemoteReason, elapsed: Int
    ) {
        guard state == .decoding, (try? change { heard = true }) != nil else { return }
        tellFirst()
    }
}
#endif
