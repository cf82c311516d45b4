import Foundation
import RingtripKit
import RingtripSimulator
import StubAudio
import TwilioVoice
import WebRTC
import XCTest

@testable import RingtripAgora
@testable import RingtripDaily
@testable import RingtripKit
@testable import RingtripLiveKit
@testable import RingtripTwilio
@testable import RingtripVonage
@testable import RingtripWebRTC

/// What the stubs forbid they notice, and what makes no sense the adapters refuse.
final class RuleTests: XCTestCase {
    private var phone: SimulatedPhone? // what AVAudioSession.sharedInstance() is of

    override func setUpWithError() throws {
        phone = try SimulatedPhone { _ in }
        try phone?.perform("U open")
        phone?.wait(1)
    }

    override func tearDown() {
        phone?.close()
        phone = nil
    }

    private func request(_ credentials: String = "", role: CallMediaRequest.Role = .offerer) -> CallMediaRequest {
        CallMediaRequest(call: UUID(), session: "s", role: role, credentials: Data(credentials.utf8))
    }

    private final class Heard: @unchecked Sendable {
        private let lock = NSLock()
        private var words: [String] = []
        var events: CallMediaEvents {
            CallMediaEvents { word in
                self.lock.lock()
                self.words.append(word)
                self.lock.unlock()
            }
        }
        var all: [String] {
            lock.lock()
            defer { lock.unlock() }
            return words
        }
    }

    /// An engine that started audio too early would be found out, whatever the adapter.
    func testTooEarlyIsAViolation() throws {
        let adapters: [(String, any CallMediaFactory, String)] = [
            ("WebRTC", WebRTCMedia(), ""), ("Twilio", TwilioMedia(), #"{"token":"t"}"#),
            ("Agora", AgoraMedia(appID: "a"), #"{"channel":"c","token":"t"}"#), ("Vonage", VonageMedia(), #"{"jwt":"j"}"#),
        ]
        for (name, adapter, credentials) in adapters {
            StubAudio.shared.reset { false }
            let media = try adapter.makeMedia(for: request(credentials), events: Heard().events)
            try media.prepare()
            try media.warm()
            XCTAssertEqual(StubAudio.shared.violations, [], name)
            try media.startAudio()
            XCTAssertEqual(StubAudio.shared.violations, ["\(name): audio starts while the system does not lend the session"])
            media.close()
            XCTAssertEqual(StubAudio.shared.units, [], name)
        }
    }

    /// A second call's audio may start before the first one's stops: the unit goes on.
    func testTwoCallsShareTheUnit() throws {
        StubAudio.shared.reset { true }
        let adapter = WebRTCMedia()
        let one = try adapter.makeMedia(for: request(), events: Heard().events)
        let two = try adapter.makeMedia(for: request(), events: Heard().events)
        for m in [one, two] { try m.prepare() }
        try one.startAudio()
        try two.startAudio()
        one.stopAudio()
        XCTAssertEqual(StubAudio.shared.units, ["WebRTC"])
        two.stopAudio()
        XCTAssertEqual(StubAudio.shared.log.filter { $0.hasPrefix("WebRTC: audio") }, ["WebRTC: audio starts", "WebRTC: audio stops"])
        one.close()
        two.close()
    }

    func testBadCredentials() {
        let adapters: [(any CallMediaFactory, String)] = [
            (WebRTCMedia(), #"{"iceServers":7}"#), (LiveKitMedia(), ""), (TwilioMedia(), "{}"), (AgoraMedia(appID: "a"), "[]"),
            (DailyMedia(), #"{"token":"t"}"#), (VonageMedia(), "null"),
        ]
        for (adapter, credentials) in adapters {
            XCTAssertThrowsError(try adapter.makeMedia(for: request(credentials), events: Heard().events)) {
                XCTAssertTrue("\($0)".contains("Media: the credentials"), "\($0)")
            }
        }
    }

    func testOrderAndEnd() throws {
        StubAudio.shared.reset { true }
        let adapters: [(any CallMediaFactory, String)] = [
            (WebRTCMedia(), ""), (LiveKitMedia(), #"{"url":"u","token":"t"}"#), (TwilioMedia(), #"{"token":"t"}"#),
            (AgoraMedia(appID: "a"), #"{"channel":"c","token":"t"}"#), (DailyMedia(), #"{"url":"https://x"}"#), (VonageMedia(), #"{"jwt":"j"}"#),
        ]
        for (adapter, credentials) in adapters {
            let media = try adapter.makeMedia(for: request(credentials), events: Heard().events)
            XCTAssertThrowsError(try media.startAudio()) { XCTAssertEqual(($0 as? CallMediaError)?.code, .notPrepared, "\(adapter)") }
            media.close()
            media.close()
            media.stopAudio()
            media.setMuted(true)
            for work in [media.prepare, media.warm, media.startAudio, media.restart] {
                XCTAssertThrowsError(try work()) { XCTAssertEqual(($0 as? CallMediaError)?.code, .closed, "\(adapter)") }
            }
        }
    }

    /// The caller's end of a WebRTC session: it waits for the offer, keeps early candidates, and answers.
    func testWebRTCAnswerer() throws {
        StubAudio.shared.reset { true }
        let heard = Heard()
        let media = try WebRTCMedia().makeMedia(
            for: request(#"{"iceServers":[{"urls":"stun:a"},{"urls":["turn:b"],"username":"u","credential":"c"}]}"#, role: .answerer), events: heard.events)
        try media.warm()
        let c = try XCTUnwrap(RTCPeerConnection.all.last)
        XCTAssertEqual(c.configuration.iceServers.map(\.urlStrings), [["stun:a"], ["turn:b"]])
        XCTAssertEqual(heard.all, [])
        try media.receive(CallMediaMessage(session: "s", kind: .candidate, data: #"{"candidate":"candidate:9","sdpMid":"0","sdpMLineIndex":0}"#))
        XCTAssertThrowsError(try media.receive(CallMediaMessage(session: "s", kind: .candidate, data: "x"))) {
            XCTAssertEqual(($0 as? CallMediaError)?.code, .badMessage)
        }
        XCTAssertEqual(c.candidates.count, 0)
        try media.receive(CallMediaMessage(session: "s", kind: .offer, data: "v=0 theirs"))
        XCTAssertEqual(c.candidates.map(\.sdp), ["candidate:9"])
        XCTAssertEqual(heard.all.first, "send answer v=0 answer")
        XCTAssertTrue(heard.all.dropFirst().first?.hasPrefix("send candidate {\"candidate\":\"candidate:1\"") == true, "\(heard.all)")
        c.become(.connected)
        try media.startAudio()
        c.hear()
        XCTAssertEqual(heard.all.suffix(2), ["connected", "firstMedia"])
        try media.play(tones: "1")
        try media.restart()
        XCTAssertEqual(heard.all.last, "send offer ", "the answerer asks for a new offer")
        XCTAssertEqual(media.stats.packetsSent, 0)
        XCTAssertEqual(media.stats.packetsSent, 50, "the second asking gets the first one's counters")
        c.become(.disconnected)
        c.become(.failed)
        XCTAssertTrue(heard.all.last?.contains("ICE failed") == true)
        try media.receive(CallMediaMessage(session: "s", kind: .bye))
        XCTAssertEqual(heard.all.last, "failed: the far end said bye")
        let said = heard.all.count
        media.close()
        XCTAssertEqual(heard.all.dropFirst(said), ["send bye "])
        c.become(.connected)
        XCTAssertEqual(heard.all.count, said + 1, "something is told after close")
    }

    func testTwilioNotificationsOfOthers() throws {
        let media = try TwilioMedia().makeMedia(for: request(#"{"token":"t","notification":{"aps":"x"}}"#), events: Heard().events)
        XCTAssertThrowsError(try media.warm())
        media.close()
    }
}
