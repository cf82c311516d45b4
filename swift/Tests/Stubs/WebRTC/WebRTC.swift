// Declarations of libwebrtc's Objective-C API as Swift sees it, as far as RingtripWebRTC uses it, with a fake behind them:
// no media flows, and the audio unit obeys manual audio as the real one does. For tests only; written from the public API.
import AVFoundation
import Foundation
import StubAudio

public final class RTCAudioSession: NSObject, @unchecked Sendable {
    private static let shared = RTCAudioSession()
    public class func sharedInstance() -> RTCAudioSession { shared }

    public var useManualAudio = false
    public var isAudioEnabled = false { didSet { balance() } }
    private var active = false

    public func audioSessionDidActivate(_ session: AVAudioSession) { active = true; balance() }
    public func audioSessionDidDeactivate(_ session: AVAudioSession) { active = false; balance() }

    fileprivate func balance() {
        let connected = RTCPeerConnection.all.contains { $0.iceConnectionState == .connected }
        let runs = useManualAudio ? isAudioEnabled && active && !RTCPeerConnection.all.isEmpty : connected
        StubAudio.shared.unit("WebRTC", runs: runs)
    }
}

public enum RTCIceConnectionState: Int, Sendable { case new, checking, connected, completed, failed, disconnected, closed, count }
public enum RTCSignalingState: Int, Sendable { case stable, haveLocalOffer, haveLocalPrAnswer, haveRemoteOffer, haveRemotePrAnswer, closed }
public enum RTCIceGatheringState: Int, Sendable { case new, gathering, complete }
public enum RTCSdpType: Int, Sendable { case offer, prAnswer, answer, rollback }
public enum RTCSdpSemantics: Int, Sendable { case planB, unifiedPlan }
public enum RTCContinualGatheringPolicy: Int, Sendable { case gatherOnce, gatherContinually }
public enum RTCRtpMediaType: Int, Sendable { case audio, video, data, unsupported }

public final class RTCIceServer: NSObject {
    public let urlStrings: [String]
    public let username: String?
    public let credential: String?
    public init(urlStrings: [String], username: String?, credential: String?) {
        (self.urlStrings, self.username, self.credential) = (urlStrings, username, credential)
    }
}

public final class RTCConfiguration: NSObject {
    public var iceServers: [RTCIceServer] = []
    public var sdpSemantics = RTCSdpSemantics.planB
    public var continualGatheringPolicy = RTCContinualGatheringPolicy.gatherOnce
}

public final class RTCMediaConstraints: NSObject {
    public init(mandatoryConstraints mandatory: [String: String]?, optionalConstraints optional: [String: String]?) {}
}

public final class RTCSessionDescription: NSObject {
    public let type: RTCSdpType
    public let sdp: String
    public init(type: RTCSdpType, sdp: String) { (self.type, self.sdp) = (type, sdp) }
}

public final class RTCIceCandidate: NSObject {
    public let sdp: String
    public let sdpMLineIndex: Int32
    public let sdpMid: String?
    public init(sdp: String, sdpMLineIndex: Int32, sdpMid: String?) { (self.sdp, self.sdpMLineIndex, self.sdpMid) = (sdp, sdpMLineIndex, sdpMid) }
}

public class RTCMediaSource: NSObject {}
public final class RTCAudioSource: RTCMediaSource {}
public final class RTCMediaStream: NSObject {}
public final class RTCDataChannel: NSObject {}

public class RTCMediaStreamTrack: NSObject {
    public let trackId: String
    public var isEnabled = true
    init(_ id: String) { trackId = id }
}

public final class RTCAudioTrack: RTCMediaStreamTrack {}

public protocol RTCDtmfSender: NSObjectProtocol {
    var canInsertDtmf: Bool { get }
    func insertDtmf(_ tones: String, duration: TimeInterval, interToneGap: TimeInterval) -> Bool
}

final class FakeDtmfSender: NSObject, RTCDtmfSender {
    var canInsertDtmf: Bool { true }
    func insertDtmf(_ tones: String, duration: TimeInterval, interToneGap: TimeInterval) -> Bool {
        StubAudio.shared.say("WebRTC: tones \(tones)")
        return true
    }
}

public final class RTCRtpSender: NSObject {
    public var track: RTCMediaStreamTrack?
    public let dtmfSender: (any RTCDtmfSender)? = FakeDtmfSender()
}

public protocol RTCRtpReceiverDelegate: NSObjectProtocol {
    func rtpReceiver(_ rtpReceiver: RTCRtpReceiver, didReceiveFirstPacketFor mediaType: RTCRtpMediaType)
}

public final class RTCRtpReceiver: NSObject {
    public var track: RTCMediaStreamTrack?
    public weak var delegate: (any RTCRtpReceiverDelegate)?
}

public final class RTCStatistics: NSObject {
    public let type: String
    public let values: [String: NSObject]
    init(type: String, values: [String: NSObject]) { (self.type, self.values) = (type, values) }
}

public final class RTCStatisticsReport: NSObject {
    public let statistics: [String: RTCStatistics]
    init(_ statistics: [String: RTCStatistics]) { self.statistics = statistics }
}

public protocol RTCPeerConnectionDelegate: NSObjectProtocol {
    func peerConnection(_ peerConnection: RTCPeerConnection, didChange stateChanged: RTCSignalingState)
    func peerConnection(_ peerConnection: RTCPeerConnection, didAdd stream: RTCMediaStream)
    func peerConnection(_ peerConnection: RTCPeerConnection, didRemove stream: RTCMediaStream)
    func peerConnectionShouldNegotiate(_ peerConnection: RTCPeerConnection)
    func peerConnection(_ peerConnection: RTCPeerConnection, didChange newState: RTCIceConnectionState)
    func peerConnection(_ peerConnection: RTCPeerConnection, didChange newState: RTCIceGatheringState)
    func peerConnection(_ peerConnection: RTCPeerConnection, didGenerate candidate: RTCIceCandidate)
    func peerConnection(_ peerConnection: RTCPeerConnection, didRemove candidates: [RTCIceCandidate])
    func peerConnection(_ peerConnection: RTCPeerConnection, didOpen dataChannel: RTCDataChannel)
    func peerConnection(_ peerConnection: RTCPeerConnection, didAdd rtpReceiver: RTCRtpReceiver, streams mediaStreams: [RTCMediaStream]) // optional
}

public final class RTCPeerConnectionFactory: NSObject {
    public func peerConnection(
        with configuration: RTCConfiguration, constraints: RTCMediaConstraints, delegate: (any RTCPeerConnectionDelegate)?
    ) -> RTCPeerConnection? {
        RTCPeerConnection(configuration, delegate)
    }
    public func audioSource(with constraints: RTCMediaConstraints?) -> RTCAudioSource { RTCAudioSource() }
    public func audioTrack(with source: RTCAudioSource, trackId: String) -> RTCAudioTrack { RTCAudioTrack(trackId) }
}

public final class RTCPeerConnection: NSObject, @unchecked Sendable {
    /// Those that are not closed.
    public nonisolated(unsafe) static var all: [RTCPeerConnection] = []

    public weak var delegate: (any RTCPeerConnectionDelegate)?
    public private(set) var configuration: RTCConfiguration
    public private(set) var iceConnectionState = RTCIceConnectionState.new
    public private(set) var localDescription: RTCSessionDescription?
    public private(set) var remoteDescription: RTCSessionDescription?
    public private(set) var receivers: [RTCRtpReceiver] = []
    public private(set) var senders: [RTCRtpSender] = []
    public private(set) var candidates: [RTCIceCandidate] = []

    init(_ configuration: RTCConfiguration, _ delegate: (any RTCPeerConnectionDelegate)?) {
        self.configuration = configuration
        self.delegate = delegate
        super.init()
        RTCPeerConnection.all.append(self)
    }

    public func add(_ track: RTCMediaStreamTrack, streamIds: [String]) -> RTCRtpSender? {
        let s = RTCRtpSender()
        s.track = track
        senders.append(s)
        return s
    }

    public func offer(for constraints: RTCMediaConstraints, completionHandler: (@Sendable (RTCSessionDescription?, (any Error)?) -> Void)? = nil) {
        completionHandler?(RTCSessionDescription(type: .offer, sdp: "v=0 offer"), nil)
    }
    public func answer(for constraints: RTCMediaConstraints, completionHandler: (@Sendable (RTCSessionDescription?, (any Error)?) -> Void)? = nil) {
        completionHandler?(RTCSessionDescription(type: .answer, sdp: "v=0 answer"), nil)
    }
    public func setLocalDescription(_ sdp: RTCSessionDescription, completionHandler: (@Sendable ((any Error)?) -> Void)? = nil) {
        localDescription = sdp
        completionHandler?(nil)
        delegate?.peerConnection(self, didGenerate: RTCIceCandidate(sdp: "candidate:1", sdpMLineIndex: 0, sdpMid: "0"))
    }
    public func setRemoteDescription(_ sdp: RTCSessionDescription, completionHandler: (@Sendable ((any Error)?) -> Void)? = nil) {
        guard sdp.sdp.hasPrefix("v=0") else {
            completionHandler?(NSError(domain: "org.webrtc.RTCPeerConnection", code: -1, userInfo: [NSLocalizedDescriptionKey: "this is no SDP"]))
            return
        }
        remoteDescription = sdp
        if receivers.isEmpty {
            let r = RTCRtpReceiver()
            r.track = RTCMediaStreamTrack("far")
            receivers.append(r)
            delegate?.peerConnection(self, didAdd: r, streams: [])
        }
        completionHandler?(nil)
    }
    public func add(_ candidate: RTCIceCandidate, completionHandler: @escaping @Sendable ((any Error)?) -> Void) {
        if remoteDescription == nil { StubAudio.shared.violate("WebRTC: a candidate before its description") }
        candidates.append(candidate)
        completionHandler(nil)
    }
    public func setConfiguration(_ configuration: RTCConfiguration) -> Bool {
        self.configuration = configuration
        return true
    }
    public func restartIce() { StubAudio.shared.say("WebRTC: ICE restarts") }
    public func statistics(completionHandler: @escaping @Sendable (RTCStatisticsReport) -> Void) {
        completionHandler(RTCStatisticsReport([
            "o": RTCStatistics(type: "outbound-rtp", values: ["packetsSent": 50 as NSNumber, "bytesSent": 5000 as NSNumber]),
            "i": RTCStatistics(type: "inbound-rtp", values: ["packetsReceived": 49 as NSNumber, "packetsLost": 1 as NSNumber, "jitter": 0.01 as NSNumber]),
        ]))
    }
    public func close() {
        iceConnectionState = .closed
        RTCPeerConnection.all.removeAll { $0 === self }
        StubAudio.shared.say("WebRTC: closed")
        RTCAudioSession.sharedInstance().balance()
    }

    // MARK: what tests do

    /// The network changes the connection's state.
    public func become(_ state: RTCIceConnectionState) {
        iceConnectionState = state
        RTCAudioSession.sharedInstance().balance()
        delegate?.peerConnection(self, didChange: state)
    }

    /// The far end is heard for the first time.
    public func hear() {
        for r in receivers { r.delegate?.rtpReceiver(r, didReceiveFirstPacketFor: .audio) }
    }
}
