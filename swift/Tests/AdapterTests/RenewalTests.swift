import AgoraRtcKit
import Daily
import Foundation
import RingtripKit
import RingtripSimulator
import StubAudio
import WebRTC
import XCTest

@testable import RingtripAgora
@testable import RingtripDaily
@testable import RingtripLiveKit
@testable import RingtripVonage
@testable import RingtripWebRTC

/// What an adapter does with credentials that are good for longer: what its carrier needs of a call that goes on.
final class RenewalTests: XCTestCase {
    private var phone: SimulatedPhone? // what AVAudioSession.sharedInstance() is of

    override func setUpWithError() throws {
        phone = try SimulatedPhone { _ in }
        StubAudio.shared.reset { true }
    }

    override func tearDown() {
        phone?.close()
        phone = nil
    }

    private func media(_ factory: any CallMediaFactory, _ credentials: String, role: CallMediaRequest.Role = .offerer) throws -> any CallMedia {
        let request = CallMediaRequest(call: UUID(), session: "s", role: role, credentials: Data(credentials.utf8))
        let media = try factory.makeMedia(for: request, events: CallMediaEvents(listener: { _ in }))
        try media.prepare()
        return media
    }

    private func renew(_ media: any CallMedia, _ credentials: String) throws { try media.renew(credentials: Data(credentials.utf8)) }

    func testAgora() throws {
        let s = try media(AgoraMedia(appID: "a"), #"{"channel":"c","token":"t0","uid":7}"#)
        let engine = try XCTUnwrap(AgoraRtcEngineKit.shared)
        try renew(s, #"{"channel":"c","token":"t1","uid":7}"#) // before it has joined
        try s.warm()
        XCTAssertEqual(engine.channels.map(\.token), ["t1"])
        let connection = engine.channels.first?.connection
        try s.startAudio()
        try renew(s, #"{"channel":"c","token":"t2","uid":7}"#)
        s.setMuted(true)
        XCTAssertEqual(engine.channels.map(\.token), ["t2"])
        XCTAssertTrue(engine.channels.first?.connection === connection, "the channel was left for a token of the same uid")
        XCTAssertEqual(engine.channels.first?.options.publishMicrophoneTrack, false)
        XCTAssertThrowsError(try renew(s, "{}"))
        XCTAssertThrowsError(try renew(s, #"{"channel":"c","token":"","uid":7}"#))
        XCTAssertEqual(engine.channels.map(\.token), ["t2"])

        // Another call of the same room, in which this device has another uid.
        try renew(s, #"{"channel":"c","token":"t3","uid":8}"#)
        XCTAssertEqual(engine.channels.map(\.token), ["t3"])
        XCTAssertEqual(engine.channels.first?.connection.localUid, 8)
        XCTAssertEqual(engine.channels.first?.options.publishMicrophoneTrack, false, "who was muted is heard again")
        s.close()
        XCTAssertEqual(engine.channels.count, 0)
        XCTAssertThrowsError(try renew(s, #"{"channel":"c","token":"t4","uid":8}"#))
    }

    /// An app that says the credentials itself says the fresh ones, too.
    func testAppsOwn() throws {
        let own: @Sendable (CallMediaRequest) -> Data = { r in Data(#"{"channel":"c","token":"own \#(r.credentials.count)","uid":7}"#.utf8) }
        let s = try media(AgoraMedia(appID: "a", credentials: own), "")
        try s.warm()
        try renew(s, "fresh")
        XCTAssertEqual(AgoraRtcEngineKit.shared?.channels.map(\.token), ["own 5"])
        s.close()
    }

    /// Who comes back to the room after a hold comes by the newest token.
    func testDaily() throws {
        let s = try media(DailyMedia(), #"{"url":"https://example.daily.co/r","token":"t0"}"#)
        try s.warm()
        try s.startAudio()
        try settle(s)
        let token = { MainActor.assumeIsolated { CallClient.inside.map(\.token) } }
        XCTAssertEqual(token(), ["t0"])
        try renew(s, #"{"url":"https://example.daily.co/r","token":"t1"}"#)
        XCTAssertThrowsError(try renew(s, "no"))
        try settle(s)
        XCTAssertEqual(token(), ["t0"], "it came in anew")
        s.setHeld(true)
        try settle(s)
        XCTAssertEqual(token(), [])
        s.setHeld(false)
        try settle(s)
        XCTAssertEqual(token(), ["t1"])
        s.close()
        try settle(s)
        XCTAssertThrowsError(try renew(s, #"{"url":"https://example.daily.co/r","token":"t2"}"#))
    }

    private func settle(_ media: any CallMedia) throws {
        let session = try XCTUnwrap(media as? DailySession)
        let done = expectation(description: "Daily has done what it was asked for")
        Task.detached {
            await session.settled()
            done.fulfill()
        }
        wait(for: [done], timeout: 60)
    }

    func testVonage() throws {
        let s = try media(VonageMedia(), #"{"jwt":"j0","context":{"to":"x"}}"#)
        try s.warm()
        try renew(s, #"{"jwt":"j1"}"#)
        XCTAssertEqual(StubAudio.shared.log.last, "Vonage: session refreshed by j1")
        XCTAssertThrowsError(try renew(s, "{}"))
        s.close()
        XCTAssertThrowsError(try renew(s, #"{"jwt":"j2"}"#))
        XCTAssertFalse(StubAudio.shared.log.contains("Vonage: session refreshed by j2"))
    }

    /// A new password of a TURN server takes new candidates.
    func testWebRTC() throws {
        let turn: (String) -> String = { #"{"iceServers":[{"urls":["turn:t.example.com"],"username":"u","credential":"\#($0)"}]}"# }
        let s = try media(WebRTCMedia(), turn("p0"))
        let c = try XCTUnwrap(RTCPeerConnection.all.last)
        try renew(s, turn("p1"))
        XCTAssertEqual(c.configuration.iceServers.map(\.credential), ["p1"])
        XCTAssertFalse(StubAudio.shared.log.contains("WebRTC: ICE restarts"), "there are no candidates yet")
        try s.warm()
        try s.receive(CallMediaMessage(session: "s", kind: .answer, data: "v=0 answer"))
        try renew(s, turn("p2"))
        XCTAssertEqual(c.configuration.iceServers.map(\.credential), ["p2"])
        XCTAssertEqual(c.configuration.sdpSemantics, .unifiedPlan)
        XCTAssertTrue(StubAudio.shared.log.contains("WebRTC: ICE restarts"))
        XCTAssertThrowsError(try renew(s, "no"))
        s.close()
        XCTAssertThrowsError(try renew(s, turn("p3")))
    }

    /// LiveKit renews the tokens of who is connected by itself.
    func testLiveKit() throws {
        let s = try media(LiveKitMedia(), #"{"url":"wss://livekit.example.com","token":"t"}"#)
        try renew(s, "whatever")
        s.close()
    }
}
