// Declarations of Agora's RTC SDK (4.x) as far as RingtripAgora uses it, with a fake behind them that takes the audio session
// by itself unless it was forbidden, as the real one does. For tests only; written from the public API.
import Foundation
import StubAudio

public struct AgoraAudioSessionOperationRestriction: OptionSet, Sendable {
    public let rawValue: UInt
    public init(rawValue: UInt) { self.rawValue = rawValue }
    public static let all = AgoraAudioSessionOperationRestriction(rawValue: 1 << 7)
}

public enum AgoraChannelProfile: Int, Sendable { case communication = 0, liveBroadcasting = 1 }
public enum AgoraClientRole: Int, Sendable { case broadcaster = 1, audience = 2 }
public enum AgoraConnectionState: Int, Sendable { case disconnected = 1, connecting, connected, reconnecting, failed }
public enum AgoraConnectionChangedReason: Int, Sendable { case connecting = 0, joinSuccess = 1, interrupted = 2, joinFailed = 4 }
public enum AgoraAudioRemoteState: UInt, Sendable { case stopped = 0, starting = 1, decoding = 2, frozen = 3, failed = 4 }
public enum AgoraAudioRemoteReason: UInt, Sendable { case reasonInternal = 0 }

public final class AgoraRtcConnection: NSObject {
    public let channelId: String
    public let localUid: Int
    public init(channelId: String, localUid: Int) { (self.channelId, self.localUid) = (channelId, localUid) }
}

public final class AgoraRtcChannelMediaOptions: NSObject {
    public var channelProfile = AgoraChannelProfile.liveBroadcasting
    public var clientRoleType = AgoraClientRole.audience
    public var publishMicrophoneTrack = true
    public var autoSubscribeAudio = true
    public var token: String? // taken by updateChannelEx only
}

public final class AgoraChannelStats: NSObject {}

public protocol AgoraRtcEngineDelegate: NSObjectProtocol { // all optional
    func rtcEngine(_ engine: AgoraRtcEngineKit, connectionChangedTo state: AgoraConnectionState, reason: AgoraConnectionChangedReason)
    func rtcEngine(
        _ engine: AgoraRtcEngineKit, remoteAudioStateChangedOfUid uid: UInt, state: AgoraAudioRemoteState, reason: AgoraAudioRemoteReason, elapsed: Int)
}

public final class AgoraRtcEngineKit: NSObject, @unchecked Sendable {
    public nonisolated(unsafe) static var shared: AgoraRtcEngineKit?

    private var restriction: AgoraAudioSessionOperationRestriction = []
    private var capture = true
    /// The channels that are joined, for tests.
    public private(set) var channels: [Channel] = []

    public struct Channel {
        public let connection: AgoraRtcConnection
        public var token: String
        public var options: AgoraRtcChannelMediaOptions
        public let delegate: (any AgoraRtcEngineDelegate)?
    }

    public class func sharedEngine(withAppId appId: String, delegate: (any AgoraRtcEngineDelegate)?) -> AgoraRtcEngineKit {
        let e = AgoraRtcEngineKit()
        shared = e
        return e
    }

    public func setAudioSessionOperationRestriction(_ restriction: AgoraAudioSessionOperationRestriction) { self.restriction = restriction }

    @discardableResult
    public func enableAudio() -> Int32 { 0 }

    @discardableResult
    public func enableLocalAudio(_ enabled: Bool) -> Int32 {
        capture = enabled
        balance()
        return 0
    }

    @discardableResult
    public func joinChannelEx(
        byToken token: String?, connection: AgoraRtcConnection, delegate: (any AgoraRtcEngineDelegate)?, mediaOptions: AgoraRtcChannelMediaOptions,
        joinSuccess joinSuccessBlock: ((String, UInt, Int) -> Void)?
    ) -> Int32 {
        guard let token, !token.isEmpty else { return -2 }
        if !restriction.contains(.all) { StubAudio.shared.violate("Agora: configures the session itself") }
        channels.append(Channel(connection: connection, token: token, options: mediaOptions, delegate: delegate))
        balance()
        return 0
    }

    @discardableResult
    public func updateChannelEx(with mediaOptions: AgoraRtcChannelMediaOptions, connection: AgoraRtcConnection) -> Int32 {
        guard let i = channels.firstIndex(where: { $0.connection === connection }) else { return -8 }
        if let token = mediaOptions.token {
            guard !token.isEmpty else { return -2 }
            channels[i].token = token
        }
        channels[i].options = mediaOptions
        balance()
        return 0
    }

    @discardableResult
    public func leaveChannelEx(_ connection: AgoraRtcConnection, leaveChannelBlock: ((AgoraChannelStats) -> Void)?) -> Int32 {
        channels.removeAll { $0.connection === connection }
        balance()
        StubAudio.shared.say("Agora: left")
        return 0
    }

    private func balance() {
        let sounds = channels.contains { $0.options.publishMicrophoneTrack && capture || $0.options.autoSubscribeAudio }
        StubAudio.shared.unit("Agora", runs: sounds || capture && !channels.isEmpty)
    }

    /// For tests: the network's doing.
    public func become(_ state: AgoraConnectionState) {
        for c in channels { c.delegate?.rtcEngine(self, connectionChangedTo: state, reason: .joinSuccess) }
    }

    /// For tests: the far end is heard.
    public func hear() {
        for c in channels { c.delegate?.rtcEngine(self, remoteAudioStateChangedOfUid: 7, state: .decoding, reason: .reasonInternal, elapsed: 1) }
    }
}
