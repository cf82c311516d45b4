import AgoraRtcKit
import Daily
import Foundation
import LiveKit
import RingtripKit
import StubAudio
import TwilioVoice
import VonageClientSDKVoice
import WebRTC
import XCTest

@testable import RingtripAgora
@testable import RingtripDaily
@testable import RingtripLiveKit
@testable import RingtripTwilio
@testable import RingtripVonage
@testable import RingtripWebRTC

/// Each adapter carries a whole call on the simulated iPhone: prepared and warmed while it rings, started on didActivate,
/// stopped on didDeactivate, muted, held, ended, with its SDK's audio never running but while the system lends the session.
final class AdapterTests: XCTestCase {
    func testWebRTC() throws {
        let p = try AdapterPhone { WebRTCMedia() }
        var c: RTCPeerConnection?
        try p.play("WebRTC", connect: {
            c = RTCPeerConnection.all.last
            c?.become(.connected)
        }, at: { point in
            let c = try XCTUnwrap(c)
            let track = c.senders.first?.track
            switch point {
            case .warm:
                XCTAssertEqual(c.localDescription?.sdp, "v=0 offer", "the callee offers while it rings")
                XCTAssertEqual(c.configuration.sdpSemantics, .unifiedPlan)
                XCTAssertEqual(track?.isEnabled, false)
            case .talking, .unmuted, .resumed: XCTAssertEqual(track?.isEnabled, true)
            case .muted, .held: XCTAssertEqual(track?.isEnabled, false)
            case .tones: XCTAssertTrue(p.log.contains("WebRTC: tones 5"), "\(p.log)")
            case .ended: XCTAssertTrue(p.log.contains("WebRTC: closed"), "\(p.log)")
            }
        })
        XCTAssertEqual(RTCPeerConnection.all.count, 0)
    }

    func testLiveKit() throws {
        let access: @Sendable (CallMediaRequest) -> Data = { _ in Data(#"{"url":"wss://livekit.example.com","token":"t"}"#.utf8) }
        let p = try AdapterPhone { LiveKitMedia(credentials: access) }
        var far: RemoteTrackPublication?
        let settle = { [self] in // with the main queue running, which the phone is called on
            let (done, session) = (expectation(description: "LiveKit has done what it was asked for"), p.session as? LiveKitSession)
            Task.detached {
                await session?.settled()
                done.fulfill()
            }
            wait(for: [done], timeout: 30)
        }
        try p.play("LiveKit", connect: {
            Room.all.last?.open()
            settle()
            far = Room.all.last?.join()
        }, at: { point in
            settle()
            let room = try XCTUnwrap(Room.all.last)
            switch point {
            case .warm:
                XCTAssertEqual(room.url, "wss://livekit.example.com")
                XCTAssertNil(room.localParticipant.microphone, "the microphone is published while it rings")
            case .talking, .unmuted, .resumed, .tones: // LiveKit has no tones, and the call goes on
                XCTAssertEqual(room.localParticipant.microphone, true)
                XCTAssertEqual(far?.isEnabled, true)
            case .muted:
                XCTAssertEqual(room.localParticipant.microphone, false)
                XCTAssertEqual(far?.isEnabled, true)
            case .held:
                XCTAssertEqual(room.localParticipant.microphone, false)
                XCTAssertEqual(far?.isEnabled, false)
            case .ended: XCTAssertTrue(p.log.contains("LiveKit: disconnected"), "\(p.log)")
            }
        })
    }

    func testTwilio() throws {
        let access: @Sendable (CallMediaRequest) -> Data = { _ in Data(#"{"token":"t","params":{"To":"room-1"}}"#.utf8) }
        let p = try AdapterPhone { TwilioMedia(credentials: access) }
        try p.play("Twilio", connect: { Call.all.last.map { $0.delegate?.callDidConnect(call: $0) } }, at: { point in
            let call = try XCTUnwrap(Call.all.last)
            switch point {
            case .warm:
                XCTAssertEqual(call.params, ["To": "room-1"])
                XCTAssertEqual(call.uuid?.uuidString.suffix(2), "01", "Twilio and CallKit know the call by one UUID")
                XCTAssertTrue(call.isMuted)
            case .talking, .unmuted, .resumed:
                XCTAssertFalse(call.isMuted)
                XCTAssertFalse(call.isOnHold)
            case .muted: XCTAssertTrue(call.isMuted)
            case .held: XCTAssertTrue(call.isOnHold)
            case .tones: XCTAssertTrue(p.log.contains("Twilio: digits 5"), "\(p.log)")
            case .ended: XCTAssertTrue(p.log.contains("Twilio: disconnected"), "\(p.log)")
            }
        })
    }

    /// The other way into a Twilio call: an invite that Twilio posted to the server.
    func testTwilioInvite() throws {
        let access: @Sendable (CallMediaRequest) -> Data = { _ in
            Data(#"{"token":"t","notification":{"twi_message_type":"twilio.voice.call"}}"#.utf8)
        }
        let before = Call.all.count
        let p = try AdapterPhone { TwilioMedia(credentials: access) }
        try p.play("Twilio", connect: { Call.all.last.map { $0.delegate?.callDidConnect(call: $0) } }, at: { _ in })
        XCTAssertEqual(Call.all.count, before + 1)
        XCTAssertEqual(Call.all.last?.uuid?.uuidString.suffix(2), "01")
    }

    func testAgora() throws {
        let access: @Sendable (CallMediaRequest) -> Data = { _ in Data(#"{"channel":"c1","token":"t","uid":7}"#.utf8) }
        let p = try AdapterPhone { AgoraMedia(appID: "0123456789abcdef0123456789abcdef", credentials: access) }
        try p.play("Agora", connect: {
            AgoraRtcEngineKit.shared?.become(.connected)
            AgoraRtcEngineKit.shared?.hear()
        }, at: { point in
            let channel = AgoraRtcEngineKit.shared?.channels.first
            let options = channel?.options
            switch point {
            case .warm:
                XCTAssertEqual(channel?.connection.channelId, "c1")
                XCTAssertEqual(options?.publishMicrophoneTrack, false)
            case .talking, .unmuted, .resumed, .tones: // Agora has no tones, and the call goes on
                XCTAssertEqual(options?.publishMicrophoneTrack, true)
                XCTAssertEqual(options?.autoSubscribeAudio, true)
            case .muted:
                XCTAssertEqual(options?.publishMicrophoneTrack, false)
                XCTAssertEqual(options?.autoSubscribeAudio, true)
            case .held: XCTAssertEqual(options?.autoSubscribeAudio, false)
            case .ended: XCTAssertNil(channel)
            }
        })
    }

    func testDaily() throws {
        let access: @Sendable (CallMediaRequest) -> Data = { _ in Data(#"{"url":"https://example.daily.co/r1","token":"t"}"#.utf8) }
        let p = try AdapterPhone { DailyMedia(credentials: access) }
        try p.play("Daily", connect: {}, at: { point in
            let clients = MainActor.assumeIsolated { CallClient.inside.map(\.microphone) }
            switch point {
            case .warm, .held, .ended: XCTAssertEqual(clients, [], "in the room while the session is not lent")
            case .talking, .unmuted, .resumed, .tones: XCTAssertEqual(clients, [true])
            case .muted: XCTAssertEqual(clients, [false])
            }
        })
    }

    func testVonage() throws {
        let access: @Sendable (CallMediaRequest) -> Data = { _ in Data(#"{"jwt":"j","call":"8a0f"}"#.utf8) }
        let p = try AdapterPhone { VonageMedia(credentials: access) }
        try p.play("Vonage", connect: {}, at: { point in
            switch point {
            case .warm: XCTAssertEqual(p.log, [])
            case .muted: XCTAssertEqual(p.log.last, "Vonage: mute")
            case .unmuted: XCTAssertEqual(p.log.last, "Vonage: unmute")
            case .held: XCTAssertTrue(p.log.contains("Vonage: earmuff"), "\(p.log)")
            case .resumed: XCTAssertTrue(p.log.contains("Vonage: earmuff off"), "\(p.log)")
            case .tones: XCTAssertTrue(p.log.contains("Vonage: digits 5"), "\(p.log)")
            case .ended: XCTAssertTrue(p.log.contains("Vonage: hung up"), "\(p.log)")
            case .talking: break
            }
        })
    }
}
