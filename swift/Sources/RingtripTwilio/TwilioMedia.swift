#if canImport(TwilioVoice)
import Foundation
import RingtripKit
@preconcurrency import TwilioVoice

/// TwilioMedia carries calls by Twilio Voice. Ringtrip rings; Twilio carries the sound of each device to where the TwiML
/// application or the invite says. Twilio's audio device is off except while the system lends the audio session.
///
/// Credentials, for a device that connects to a TwiML application: `{"token":"…","params":{"To":"…"}}`. For one that accepts
/// an invite, which Twilio posted to the server (Client Call Notification Webhook): `{"token":"…","notification":{"twi_…":"…"}}`.
public final class TwilioMedia: CallMediaFactory, @unchecked Sendable {
    private let device: DefaultAudioDevice
    private let credentials: (@Sendable (CallMediaRequest) -> Data)?
    private let lock = NSLock()
    private var running: Set<ObjectIdentifier> = [] // guarded by lock

    /// Makes the factory, once for the app, before anything else of Twilio's is used.
    /// - Parameter credentials: what a call needs; nil takes what ringtrip's server says.
    public init(credentials: (@Sendable (CallMediaRequest) -> Data)? = nil) {
        self.credentials = credentials
        device = DefaultAudioDevice()
        device.isEnabled = false
        TwilioVoiceSDK.audioDevice = device
    }

    public func makeMedia(for request: CallMediaRequest, events: CallMediaEvents) throws -> any CallMedia {
        let access: TwilioSession.Access
        do {
            access = try JSONDecoder().decode(TwilioSession.Access.self, from: credentials?(request) ?? request.credentials)
        } catch {
            throw CallMediaError(.other, "TwilioMedia: the credentials have no token, or params that are no texts: \(error)")
        }
        return TwilioSession(self, access, request.call, events)
    }

    /// Switches the device on while any session wants it: with two calls the new one may start before the old one stops.
    fileprivate func run(_ session: AnyObject, _ on: Bool) {
        lock.lock()
        if on { running.insert(ObjectIdentifier(session)) } else { running.remove(ObjectIdentifier(session)) }
        let wanted = !running.isEmpty
        lock.unlock()
        if device.isEnabled != wanted { device.isEnabled = wanted }
    }
}

/// TwilioSession is one Twilio call.
final class TwilioSession: NSObject, CallMedia, @unchecked Sendable {
    struct Access: Decodable, Sendable {
        var token: String
        var params: [String: String]?
        var notification: [String: String]?
    }

    private let media: TwilioMedia
    private let access: Access
    private let uuid: UUID
    private let events: CallMediaEvents
    private let lock = NSRecursiveLock()
    // Guarded by lock.
    private var call: Call?
    private var prepared = false
    private var warmed = false
    private var up = false
    private var audio = false
    private var muted = false
    private var held = false
    private var told = false
    private var closed = false

    init(_ media: TwilioMedia, _ access: Access, _ uuid: UUID, _ events: CallMediaEvents) {
        self.media = media
        self.access = access
        self.uuid = uuid
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
        if let notification = access.notification {
            guard TwilioVoiceSDK.handleNotification(notification, delegate: self, delegateQueue: nil) else {
                throw CallMediaError(.other, "Twilio does not know this notification")
            }
            return
        }
        let options = ConnectOptions(accessToken: access.token) { [access, uuid] builder in
            builder.params = access.params ?? [:]
            builder.uuid = uuid
        }
        take(TwilioVoiceSDK.connect(options: options, delegate: self))
    }

    private func take(_ new: Call) {
        lock.lock()
        let over = closed
        if !over { call = new }
        balance()
        lock.unlock()
        if over { new.disconnect() }
    }

    /// Everything goes through Twilio.
    func receive(_ message: CallMediaMessage) throws {
        try change {}
        if message.kind == .bye { events.failed(CallMediaError(.bye, "the far end said bye")) }
    }

    func startAudio() throws {
        try change {
            guard prepared else { throw CallMediaError(.notPrepared, "startAudio before prepare") }
            (audio, told) = (true, false)
            balance()
        }
        media.run(self, true)
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

    /// Hold is Twilio's own: the call stays, and neither end hears the other.
    func setHeld(_ on: Bool) { try? change { held = on; balance() } }

    /// The lock must be held.
    private func balance() {
        call?.isMuted = muted || !audio
        call?.isOnHold = held
    }

    func play(tones: String) throws {
        guard let call = try change({ up && !held ? call : nil }) else { throw CallMediaError(.notConnected, "tones can't be sent now") }
        call.sendDigits(tones.replacingOccurrences(of: ",", with: "wwww")) // a w is half a second
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
        over?.disconnect()
    }

    private func tell(_ body: (CallMediaEvents) -> Void) {
        lock.lock()
        let over = closed
        lock.unlock()
        if !over { body(events) }
    }

    /// Twilio does not say when the first sound came: it flows when the call is connected and the device is on.
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

extension TwilioSession: CallDelegate {
    func callDidConnect(call: Call) {
        guard (try? change { () -> Void in up = true; balance() }) != nil else { return }
        events.connected()
        tellFirst()
    }

    func callDidFailToConnect(call: Call, error: any Error) { tell { $0.failed(error) } }

    func callDidDisconnect(call: Call, error: (any Error)?) {
        tell { $0.failed(error ?? CallMediaError(.bye, "Twilio's call is over")) }
    }

    func call(call: Call, isReconnectingWithError error: any Error) {
        if (try? change { up = false }) != nil { events.disconnected() }
    }

    func callDidReconnect(call: Call) {
        if (try? change { up = true }) != nil { events.connected() }
    }
}

extension TwilioSession: NotificationDelegate {
    func callInviteReceived(callInvite: CallInvite) {
        let options = AcceptOptions(callInvite: callInvite) { [uuid] builder in builder.uuid = uuid }
        take(callInvite.accept(options: options, delegate: self))
    }

    func cancelledCallInviteReceived(cancelledCallInvite: CancelledCallInvite, error: any Error) { tell { $0.failed(error) } }
}
#endif
