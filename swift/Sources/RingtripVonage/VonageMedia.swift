#if canImport(VonageClientSDKVoice)
import AVFoundation
import Foundation
import RingtripKit
@preconcurrency import VonageClientSDKVoice

/// VonageMedia carries calls by Vonage's Client SDK for voice. Ringtrip rings; Vonage carries the sound of each device to
/// where the application's answer URL says. Its audio is given to CallKit's session (VGVoiceClient.isUsingCallKit) and runs
/// only while the system lends it.
///
/// Credentials, for a device that calls: `{"jwt":"…","context":{"to":"…"}}`; for one that answers a call that the server
/// knows: `{"jwt":"…","call":"…"}`, Vonage's call ID.
public final class VonageMedia: CallMediaFactory, @unchecked Sendable {
    private let client: VGVoiceClient
    private let credentials: (@Sendable (CallMediaRequest) -> Data)?
    private let lock = NSLock()
    private var running: Set<ObjectIdentifier> = [] // guarded by lock
    private let listener = VonageListener()

    /// Makes the factory, once for the app.
    /// - Parameter credentials: what a call needs; nil takes what ringtrip's server says.
    public init(credentials: (@Sendable (CallMediaRequest) -> Data)? = nil) {
        self.credentials = credentials
        VGVoiceClient.isUsingCallKit = true // before the client is made
        client = VGVoiceClient()
        client.delegate = listener
    }

    public func makeMedia(for request: CallMediaRequest, events: CallMediaEvents) throws -> any CallMedia {
        let session = VonageSession(self, client, request, try access(request), events)
        listener.add(session)
        return session
    }

    /// Reads the credentials that a request comes with, or those that the app says instead.
    fileprivate func access(_ request: CallMediaRequest) throws -> VonageSession.Access {
        do {
            return try JSONDecoder().decode(VonageSession.Access.self, from: credentials?(request) ?? request.credentials)
        } catch {
            throw CallMediaError(.other, "VonageMedia: the credentials are not {\"jwt\":…} with \"call\" or \"context\": \(error)")
        }
    }

    /// Runs the audio while any session wants it: with two calls the new one may start before the old one stops.
    fileprivate func run(_ session: AnyObject, _ on: Bool) {
        lock.lock()
        let before = !running.isEmpty
        if on { running.insert(ObjectIdentifier(session)) } else { running.remove(ObjectIdentifier(session)) }
        let now = !running.isEmpty
        lock.unlock()
        guard before != now else { return }
        if now {
            VGVoiceClient.enableAudio(AVAudioSession.sharedInstance())
        } else {
            VGVoiceClient.disableAudio(AVAudioSession.sharedInstance())
        }
    }
}

/// VonageSession is one Vonage call.
final class VonageSession: CallMedia, @unchecked Sendable {
    struct Access: Decodable, Sendable {
        var jwt: String
        var call: String?
        var context: [String: String]?
    }

    private let media: VonageMedia
    private let client: VGVoiceClient
    private let request: CallMediaRequest
    private let access: Access
    private let events: CallMediaEvents
    private let lock = NSRecursiveLock()
    // Guarded by lock.
    private var token: String // the newest
    private var begun = false // Vonage has made the session
    private var call: VGCallId?
    private var prepared = false
    private var warmed = false
    private var up = false
    private var audio = false
    private var muted = false
    private var held = false
    private var silent = false // what Vonage was told last
    private var deaf = false
    private var told = false
    private var closed = false

    init(_ media: VonageMedia, _ client: VGVoiceClient, _ request: CallMediaRequest, _ access: Access, _ events: CallMediaEvents) {
        self.media = media
        self.client = client
        self.request = request
        self.access = access
        token = access.jwt
        self.events = events
    }

    func prepare() throws { try change { prepared = true } }

    func warm() throws {
        let first = try change {
            let was = warmed
            (prepared, warmed) = (true, true)
            return !was
        }
        guard first else { return }
        client.createSession(try change { token }) { [weak self] error, _ in
            guard let self else { return }
            if let error { return fail(error) }
            _ = try? change { begun = true }
            connect()
        }
    }

    /// Sound goes on when the token expires, but an SDK that has to reconnect is not let in any more. If Vonage refuses the new
    /// token, the old one stands.
    func renew(credentials: Data) throws {
        var renewed = request
        renewed.credentials = credentials
        let fresh = try media.access(renewed).jwt
        let live = try change {
            token = fresh
            return begun
        }
        if live { client.refreshSession(fresh) { _ in } }
    }

    private func connect() {
        if let id = access.call {
            take(id)
            client.answer(id) { [weak self] error in
                if let error { self?.fail(error) } else { self?.connected() }
            }
            return
        }
        client.serverCall(access.context ?? [:]) { [weak self] error, id in
            guard let self else { return }
            guard let id else { return fail(error ?? CallMediaError(.other, "Vonage made no call")) }
            take(id)
            connected()
        }
    }

    private func take(_ id: VGCallId) {
        lock.lock()
        let over = closed
        if !over { call = id }
        lock.unlock()
        if over { client.hangup(id) { _ in } }
    }

    private func connected() {
        guard (try? change { () -> Void in up = true; balance() }) != nil else { return }
        events.connected()
        tellFirst()
    }

    /// Everything goes through Vonage.
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
        tellFirst()
    }

    func stopAudio() {
        _ = try? change { audio = false }
        media.run(self, false)
    }

    func setMuted(_ on: Bool) { try? change { muted = on; balance() } }
    func setHeld(_ on: Bool) { try? change { held = on; balance() } }

    /// balance mutes for mute and hold, and stops hearing for hold. Nothing is repeated. The lock must be held.
    private func balance() {
        guard up, let call else { return }
        let failed: (String) -> @Sendable ((any Error)?) -> Void = { [events] what in
            { if let error = $0 { events.failed(CallMediaError(.other, "Vonage: \(what): \(error)")) } }
        }
        if silent != (muted || held) {
            silent.toggle()
            silent ? client.mute(call, callback: failed("mute")) : client.unmute(call, callback: failed("unmute"))
        }
        if deaf != held {
            deaf.toggle()
            deaf ? client.enableEarmuff(call, callback: failed("earmuff")) : client.disableEarmuff(call, callback: failed("earmuff off"))
        }
    }

    func play(tones: String) throws {
        guard let call = try change({ up && !held ? call : nil }) else { throw CallMediaError(.notConnected, "tones can't be sent now") }
        client.sendDTMF(call, withDigits: tones) { _ in }
    }

    /// The SDK reconnects by itself.
    func restart() throws { try change {} }

    var stats: CallMediaStats { CallMediaStats() }

    func close() {
        stopAudio()
        lock.lock()
        let over = closed ? nil : call
        closed = true
        call = nil
        lock.unlock()
        if let over { client.hangup(over) { _ in } }
    }

    // MARK: what Vonage says

    func heard(_ id: VGCallId, _ what: (CallMediaEvents) -> Void) {
        if (try? change { call == id }) == true { what(events) }
    }

    private func fail(_ error: any Error) {
        if (try? change {}) != nil { events.failed(error) }
    }

    /// Vonage does not say when the first sound came: it flows when the call is up and the audio runs.
    private func tellFirst() {
        let first = (try? change {
            let first = up && audio && !told
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

/// VonageListener hands what the one client says to the session that it is about.
final class VonageListener: NSObject, VGVoiceClientDelegate, @unchecked Sendable {
    private struct Weak { weak var session: VonageSession? }
    private let lock = NSLock()
    private var sessions: [Weak] = [] // guarded by lock

    func add(_ s: VonageSession) {
        lock.lock()
        sessions.removeAll { $0.session == nil }
        sessions.append(Weak(session: s))
        lock.unlock()
    }

    private func tell(_ id: VGCallId, _ what: (CallMediaEvents) -> Void) {
        lock.lock()
        let all = sessions.compactMap(\.session)
        lock.unlock()
        for s in all { s.heard(id, what) }
    }

    func voiceClient(_ client: VGVoiceClient, didReceiveHangupForCall callId: VGCallId, withQuality callQuality: VGRTCQuality, reason: VGHangupReason) {
        tell(callId) { $0.failed(CallMediaError(.bye, "Vonage's call is over")) }
    }

    func voiceClient(_ client: VGVoiceClient, didReceiveMediaReconnectingForCall callId: VGCallId) { tell(callId) { $0.disconnected() } }
    func voiceClient(_ client: VGVoiceClient, didReceiveMediaReconnectionForCall callId: VGCallId) { tell(callId) { $0.connected() } }
    func voiceClient(_ client: VGVoiceClient, didReceiveMediaErrorForCall callId: VGCallId, error: VGError) { tell(callId) { $0.failed(error) } }

    /// Ringtrip rings; an invite of Vonage's own is not its business.
    func voiceClient(_ client: VGVoiceClient, didReceiveInviteForCall callId: VGCallId, from caller: String, with type: VGVoiceChannelType) {}
    func voiceClient(_ client: VGVoiceClient, didReceiveInviteCancelForCall callId: VGCallId, with reason: VGVoiceInviteCancelReason) {}
    func client(_ client: VGBaseClient, didReceiveSessionErrorWith reason: VGSessionErrorReason) {}
}
#endif
