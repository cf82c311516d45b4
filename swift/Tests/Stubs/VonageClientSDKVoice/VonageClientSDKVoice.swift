// Declarations of Vonage's Client SDK for voice as far as RingtripVonage uses it, with a fake behind them whose audio runs as
// the real one's does. For tests only; written from the public API.
import AVFoundation
import Foundation
import StubAudio

public typealias VGCallId = String

public final class VGRTCQuality: NSObject {}
public final class VGError: NSObject, Error, @unchecked Sendable {}
public enum VGHangupReason: Int, Sendable { case remoteHangup = 0 }
public enum VGVoiceChannelType: Int, Sendable { case app = 0 }
public enum VGVoiceInviteCancelReason: Int, Sendable { case unknown = 0 }
public enum VGSessionErrorReason: Int, Sendable { case tokenExpired = 0, pingTimeout, transportClosed }

public class VGBaseClient: NSObject, @unchecked Sendable {}

public protocol VGClientDelegate: NSObjectProtocol {
    func client(_ client: VGBaseClient, didReceiveSessionErrorWith reason: VGSessionErrorReason)
}

public protocol VGVoiceClientDelegate: VGClientDelegate {
    func voiceClient(_ client: VGVoiceClient, didReceiveInviteForCall callId: VGCallId, from caller: String, with type: VGVoiceChannelType)
    func voiceClient(_ client: VGVoiceClient, didReceiveInviteCancelForCall callId: VGCallId, with reason: VGVoiceInviteCancelReason)
    func voiceClient(_ client: VGVoiceClient, didReceiveHangupForCall callId: VGCallId, withQuality callQuality: VGRTCQuality, reason: VGHangupReason)
    func voiceClient(_ client: VGVoiceClient, didReceiveMediaReconnectingForCall callId: VGCallId) // optional
    func voiceClient(_ client: VGVoiceClient, didReceiveMediaReconnectionForCall callId: VGCallId) // optional
    func voiceClient(_ client: VGVoiceClient, didReceiveMediaErrorForCall callId: VGCallId, error: VGError) // optional
}

public final class VGVoiceClient: VGBaseClient, @unchecked Sendable {
    public nonisolated(unsafe) static var isUsingCallKit = false
    /// The newest, for tests.
    public nonisolated(unsafe) static weak var shared: VGVoiceClient?
    private nonisolated(unsafe) static var enabled = false
    private nonisolated(unsafe) static var calls: Set<VGCallId> = []

    public weak var delegate: (any VGVoiceClientDelegate)?
    private var session: String?

    public override init() {
        super.init()
        VGVoiceClient.shared = self
        if !VGVoiceClient.isUsingCallKit { StubAudio.shared.violate("Vonage: was not told of CallKit") }
    }

    public class func enableAudio(_ audioSession: AVAudioSession) { enabled = true; balance() }
    public class func disableAudio(_ audioSession: AVAudioSession) { enabled = false; balance() }

    private static func balance() { StubAudio.shared.unit("Vonage", runs: !calls.isEmpty && (enabled || !isUsingCallKit)) }

    public func createSession(_ token: String, callback: @escaping @Sendable ((any Error)?, String?) -> Void) {
        session = token.isEmpty ? nil : "session"
        callback(session == nil ? VGError() : nil, session)
    }

    public func refreshSession(_ token: String, callback: @escaping @Sendable ((any Error)?) -> Void) {
        guard session != nil, !token.isEmpty else { return callback(VGError()) }
        say("session refreshed by \(token)", callback)
    }

    public func serverCall(_ context: [String: Any]?, callback: @escaping @Sendable ((any Error)?, VGCallId?) -> Void) {
        guard session != nil else { return callback(VGError(), nil) }
        begin("out")
        callback(nil, "out")
    }

    public func answer(_ callId: VGCallId, callback: @escaping @Sendable ((any Error)?) -> Void) {
        guard session != nil else { return callback(VGError()) }
        begin(callId)
        callback(nil)
    }

    private func begin(_ id: VGCallId) {
        VGVoiceClient.calls.insert(id)
        VGVoiceClient.balance()
    }

    public func hangup(_ callId: VGCallId, callback: @escaping @Sendable ((any Error)?) -> Void) {
        VGVoiceClient.calls.remove(callId)
        VGVoiceClient.balance()
        StubAudio.shared.say("Vonage: hung up")
        callback(nil)
    }

    public func mute(_ callId: VGCallId, callback: @escaping @Sendable ((any Error)?) -> Void) { say("mute", callback) }
    public func unmute(_ callId: VGCallId, callback: @escaping @Sendable ((any Error)?) -> Void) { say("unmute", callback) }
    public func enableEarmuff(_ callId: VGCallId, callback: @escaping @Sendable ((any Error)?) -> Void) { say("earmuff", callback) }
    public func disableEarmuff(_ callId: VGCallId, callback: @escaping @Sendable ((any Error)?) -> Void) { say("earmuff off", callback) }
    public func sendDTMF(_ callId: VGCallId, withDigits digits: String, callback: @escaping @Sendable ((any Error)?) -> Void) { say("digits \(digits)", callback) }

    private func say(_ words: String, _ callback: ((any Error)?) -> Void) {
        StubAudio.shared.say("Vonage: \(words)")
        callback(nil)
    }
}
