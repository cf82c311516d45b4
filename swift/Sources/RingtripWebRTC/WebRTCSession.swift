#if canImport(WebRTC)
import Foundation
import RingtripKit
@preconcurrency import WebRTC

/// WebRTCSession is one peer connection. What libwebrtc calls back comes on threads of its own.
final class WebRTCSession: NSObject, CallMedia, @unchecked Sendable {
    private let media: WebRTCMedia
    private let factory: RTCPeerConnectionFactory
    private let request: CallMediaRequest
    private let events: CallMediaEvents
    private let lock = NSRecursiveLock()
    // Guarded by lock.
    private var servers: [RTCIceServer]
    private var session: String
    private var connection: RTCPeerConnection?
    private var track: RTCAudioTrack?
    private var sender: RTCRtpSender?
    private var waiting: [RTCIceCandidate] = [] // candidates that came before their description
    private var described = false
    private var audio = false
    private var muted = false
    private var held = false
    private var heard = false // packets have come
    private var told = false // firstMedia, since startAudio
    private var closed = false
    private var counters = CallMediaStats()

    init(_ media: WebRTCMedia, _ factory: RTCPeerConnectionFactory, _ request: CallMediaRequest, _ events: CallMediaEvents, servers: [RTCIceServer]) {
        self.media = media
        self.factory = factory
        self.request = request
        self.events = events
        self.servers = servers
        session = request.session
    }

    // MARK: the three phases

    func prepare() throws {
        try change {
            guard connection == nil else { return }
            guard let c = factory.peerConnection(with: configuration, constraints: constraints, delegate: self) else {
                throw CallMediaError(.other, "libwebrtc made no peer connection")
            }
            connection = c
            let source = factory.audioSource(with: constraints)
            let t = factory.audioTrack(with: source, trackId: "audio")
            track = t
            sender = c.add(t, streamIds: ["ringtrip"])
            balance()
        }
    }

    /// The lock must be held.
    private var configuration: RTCConfiguration {
        let c = RTCConfiguration()
        c.sdpSemantics = .unifiedPlan
        c.continualGatheringPolicy = .gatherContinually
        c.iceServers = servers
        return c
    }

    /// A TURN server prolongs nothing by a password that has expired, so candidates are gathered anew by the new one.
    func renew(credentials: Data) throws {
        let fresh = try media.iceServers(credentials)
        let relayed = try change {
            servers = fresh
            guard let connection else { return false }
            guard connection.setConfiguration(configuration) else { throw CallMediaError(.other, "libwebrtc refuses the new ICE servers") }
            return described && fresh.contains { $0.urlStrings.contains { $0.hasPrefix("turn") } }
        }
        if relayed { try restart() }
    }

    func warm() throws {
        try prepare()
        if request.role == .offerer, holds({ !described && connection?.localDescription == nil }) { offer() }
    }

    func startAudio() throws {
        try change {
            guard connection != nil else { throw CallMediaError(.notPrepared, "startAudio before prepare") }
            audio = true
            told = false
            balance()
        }
        media.run(self, true)
        tellFirst()
    }

    func stopAudio() {
        lock.lock()
        audio = false
        balance()
        lock.unlock()
        media.run(self, false)
    }

    func setMuted(_ on: Bool) { try? change { muted = on; balance() } }
    func setHeld(_ on: Bool) { try? change { held = on; balance() } }

    /// balance switches the tracks: what is sent stops for mute, hold and without the audio session, what is heard for the
    /// latter two. The lock must be held.
    private func balance() {
        track?.isEnabled = audio && !muted && !held
        for r in connection?.receivers ?? [] { r.track?.isEnabled = audio && !held }
    }

    func play(tones: String) throws {
        let dtmf = try change { connection?.iceConnectionState.isUp == true && !held ? sender?.dtmfSender : nil }
        // Digits last 100 ms with 70 ms between them, as the telephone network likes it; a comma is libwebrtc's two seconds.
        guard let dtmf, dtmf.canInsertDtmf, dtmf.insertDtmf(tones, duration: 0.1, interToneGap: 0.07) else {
            throw CallMediaError(.notConnected, "tones can't be sent now")
        }
    }

    func restart() throws {
        guard let c = try change({ connection }) else { return }
        if request.role == .offerer {
            c.restartIce()
            offer()
        } else {
            send(.offer, "") // only one end ever offers: it is asked for a new one
        }
    }

    var stats: CallMediaStats {
        lock.lock()
        let (c, last) = (connection, counters)
        lock.unlock()
        c?.statistics { [weak self] in self?.count($0) } // for the next one who asks
        return last
    }

    func close() {
        lock.lock()
        guard !closed else { return lock.unlock() }
        let (c, met) = (connection, described)
        if met { send(.bye, "") }
        closed = true
        audio = false
        connection = nil
        lock.unlock()
        media.run(self, false)
        c?.close()
    }

    // MARK: the far end

    func receive(_ message: CallMediaMessage) throws {
        if request.role == .answerer, message.kind == .offer, !message.data.isEmpty { try prepare() }
        guard let c = try change({
            if session.isEmpty { session = message.session }
            return connection
        }) else { throw CallMediaError(.notPrepared, "a message of the far end before prepare") }
        switch message.kind {
        case .offer where message.data.isEmpty:
            guard request.role == .offerer else { throw CallMediaError(.badMessage, "both ends answer") }
            c.restartIce()
            offer()
        case .offer:
            guard request.role == .answerer else { throw CallMediaError(.badMessage, "both ends offer") }
            c.setRemoteDescription(RTCSessionDescription(type: .offer, sdp: message.data)) { [weak self] in self?.describedRemotely($0, answering: true) }
        case .answer:
            c.setRemoteDescription(RTCSessionDescription(type: .answer, sdp: message.data)) { [weak self] in self?.describedRemotely($0, answering: false) }
        case .candidate:
            guard let candidate = try candidate(message.data) else { return }
            let ready = holds {
                if !described { waiting.append(candidate) }
                return described
            }
            if ready { c.add(candidate) { _ in } }
        case .bye:
            events.failed(CallMediaError(.bye, "the far end said bye"))
        }
    }

    private func candidate(_ json: String) throws -> RTCIceCandidate? {
        struct Candidate: Codable {
            var candidate: String
            var sdpMid: String?
            var sdpMLineIndex: Int32?
        }
        guard !json.isEmpty else { return nil } // the end of candidates
        guard let c = try? JSONDecoder().decode(Candidate.self, from: Data(json.utf8)) else {
            throw CallMediaError(.badMessage, "the candidate is no RTCIceCandidateInit")
        }
        return RTCIceCandidate(sdp: c.candidate, sdpMLineIndex: c.sdpMLineIndex ?? 0, sdpMid: c.sdpMid)
    }

    private func describedRemotely(_ error: (any Error)?, answering: Bool) {
        if let error { return fail(error) }
        lock.lock()
        described = true
        let (c, late) = (closed ? nil : connection, waiting)
        waiting = []
        balance()
        lock.unlock()
        for candidate in late { c?.add(candidate) { _ in } }
        guard answering else { return }
        c?.answer(for: constraints) { [weak self] in self?.describe($0, $1, as: .answer) }
    }

    private func offer() {
        lock.lock()
        let c = closed ? nil : connection
        lock.unlock()
        c?.offer(for: constraints) { [weak self] in self?.describe($0, $1, as: .offer) }
    }

    private func describe(_ description: RTCSessionDescription?, _ error: (any Error)?, as kind: CallMediaMessage.Kind) {
        guard let description else { return fail(error ?? CallMediaError(.other, "libwebrtc made no description")) }
        lock.lock()
        let c = closed ? nil : connection
        lock.unlock()
        let sdp = description.sdp
        c?.setLocalDescription(description) { [weak self] in
            if let error = $0 { self?.fail(error) } else { self?.send(kind, sdp) }
        }
    }

    private func send(_ kind: CallMediaMessage.Kind, _ data: String) {
        lock.lock()
        let (name, over) = (session, closed)
        lock.unlock()
        if !over { events.send(CallMediaMessage(session: name, kind: kind, data: data)) }
    }

    private func fail(_ error: any Error) { tell { events.failed(error) } }

    /// tell runs body unless the session is closed.
    private func tell(_ body: () -> Void) {
        lock.lock()
        let over = closed
        lock.unlock()
        if !over { body() }
    }

    private func tellFirst() {
        lock.lock()
        let first = heard && audio && !told && !closed
        if first { told = true }
        lock.unlock()
        if first { events.firstMedia() }
    }

    private func count(_ report: RTCStatisticsReport) {
        var s = CallMediaStats()
        for (_, one) in report.statistics {
            let v = one.values
            func number(_ name: String) -> Double { (v[name] as? NSNumber)?.doubleValue ?? 0 }
            switch one.type {
            case "outbound-rtp": (s.packetsSent, s.bytesSent) = (UInt64(number("packetsSent")), UInt64(number("bytesSent")))
            case "inbound-rtp":
                (s.packetsReceived, s.bytesReceived) = (UInt64(number("packetsReceived")), UInt64(number("bytesReceived")))
                (s.packetsLost, s.jitter, s.audioLevel) = (UInt64(max(0, number("packetsLost"))), number("jitter"), number("audioLevel"))
            case "candidate-pair" where number("nominated") != 0: s.roundTrip = number("currentRoundTripTime")
            default: break
            }
        }
        lock.lock()
        counters = s
        lock.unlock()
    }

    private var constraints: RTCMediaConstraints { RTCMediaConstraints(mandatoryConstraints: nil, optionalConstraints: nil) }

    @discardableResult
    private func change<R>(_ body: () throws -> R) throws -> R {
        lock.lock()
        defer { lock.unlock() }
        guard !closed else { throw CallMediaError(.closed, "the session was closed") }
        return try body()
    }

    /// holds is body, of a session that is not closed.
    private func holds(_ body: () -> Bool) -> Bool {
        lock.lock()
        defer { lock.unlock() }
        return !closed && body()
    }
}

extension RTCIceConnectionState {
    fileprivate var isUp: Bool { self == .connected || self == .completed }
}

extension WebRTCSession: RTCPeerConnectionDelegate {
    func peerConnection(_ peerConnection: RTCPeerConnection, didChange newState: RTCIceConnectionState) {
        switch newState {
        case .connected, .completed: tell { events.connected() }
        case .disconnected: tell { events.disconnected() }
        case .failed: fail(CallMediaError(.other, "no way to the far end was found (ICE failed); is there a TURN server?"))
        default: break
        }
    }

    func peerConnection(_ peerConnection: RTCPeerConnection, didGenerate candidate: RTCIceCandidate) {
        var json: [String: Any] = ["candidate": candidate.sdp, "sdpMLineIndex": Int(candidate.sdpMLineIndex)]
        json["sdpMid"] = candidate.sdpMid
        guard let data = try? JSONSerialization.data(withJSONObject: json, options: [.sortedKeys]) else { return }
        send(.candidate, String(decoding: data, as: UTF8.self))
    }

    func peerConnection(_ peerConnection: RTCPeerConnection, didAdd rtpReceiver: RTCRtpReceiver, streams mediaStreams: [RTCMediaStream]) {
        rtpReceiver.delegate = self
        lock.lock()
        balance()
        lock.unlock()
    }

    func peerConnection(_ peerConnection: RTCPeerConnection, didChange stateChanged: RTCSignalingState) {}
    func peerConnection(_ peerConnection: RTCPeerConnection, didAdd stream: RTCMediaStream) {}
    func peerConnection(_ peerConnection: RTCPeerConnection, didRemove stream: RTCMediaStream) {}
    func peerConnectionShouldNegotiate(_ peerConnection: RTCPeerConnection) {}
    func peerConnection(_ peerConnection: RTCPeerConnection, didChange newState: RTCIceGatheringState) {}
    func peerConnection(_ peerConnection: RTCPeerConnection, didRemove candidates: [RTCIceCandidate]) {}
    func peerConnection(_ peerConnection: RTCPeerConnection, didOpen dataChannel: RTCDataChannel) {}
}

extension WebRTCSession: RTCRtpReceiverDelegate {
    func rtpReceiver(_ rtpReceiver: RTCRtpReceiver, didReceiveFirstPacketFor mediaType: RTCRtpMediaType) {
        lock.lock()
        heard = true
        lock.unlock()
        tellFirst()
    }
}
#endif
