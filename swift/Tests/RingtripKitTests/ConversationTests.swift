import RingtripEngine
import XCTest

@testable import RingtripKit

/// The basic flows again with LiveCommunicationKit in CallKit's place.
final class ConversationTests: XCTestCase {
    private func phone() throws -> KitPhone { try KitPhone { $0.system = .liveCommunicationKit } }

    private func state(_ p: KitPhone, _ n: Int) -> String? { onMain { p.kit?.call(KitPhone.id(n))?.state.rawValue } }

    func testIncoming() throws {
        let p = try phone()
        try p.play("X call u1 name=Alice")
        p.phone.wait(1)
        p.assertSees("screen", "Alice")
        p.assertSees("strikes", "0")
        XCTAssertFalse(p.phone.log.contains("kill"), p.phone.log)
        onMain { XCTAssertEqual(p.kit?.system, .liveCommunicationKit) }
        XCTAssertEqual(state(p, 1), "ringing")
        try p.play("U answer")
        p.phone.wait(2)
        XCTAssertEqual(state(p, 1), "connected", p.phone.log)
        XCTAssertEqual(p.media.states, ["prepared connected audio"], p.phone.log)
        try p.play("U mute on")
        XCTAssertEqual(p.media.states, ["prepared connected audio muted"])
        try p.play("A mute u1 off")
        try p.play("U hold on")
        p.phone.wait(1)
        XCTAssertEqual(p.media.states, ["prepared connected held"])
        try p.play("A hold u1 off")
        p.phone.wait(1)
        try p.play("A tones u1 12")
        p.phone.wait(1)
        XCTAssertEqual(p.media.states, ["prepared connected audio tones=12"], p.phone.log)
        try p.play("U end")
        p.phone.wait(1)
        XCTAssertEqual(state(p, 1), "ended")
        p.assertSees("calls", "none")
        XCTAssertTrue(try p.phone.exchange("said").contains("end u1 hungup"))
        XCTAssertEqual(p.media.violations, [])
    }

    func testDeclinedCancelledAndElsewhere() throws {
        let p = try phone()
        try p.play("X call u1")
        p.phone.wait(1)
        try p.play("U decline")
        p.phone.wait(1)
        XCTAssertTrue(try p.phone.exchange("said").contains("decline u1"), p.phone.log)
        for (n, what) in [(2, "cancel"), (3, "answeredElsewhere"), (4, "declinedElsewhere")] {
            try p.play("X call u\(n)")
            p.phone.wait(1)
            XCTAssertEqual(state(p, n), "ringing")
            try p.play("X \(what) u\(n)")
            p.phone.wait(1)
            XCTAssertEqual(state(p, n), "ended")
            p.assertSees("calls", "none")
        }
    }

    func testOutgoing() throws {
        let p = try phone()
        try p.play("U open")
        p.phone.wait(1)
        try p.play("A start carol")
        p.phone.wait(1)
        try p.play("X ring u52")
        p.phone.wait(1)
        XCTAssertEqual(state(p, 52), "alerting", p.phone.log)
        try p.play("X answer u52")
        p.phone.wait(1)
        try p.play("A end u52")
        p.phone.wait(1)
        XCTAssertEqual(state(p, 52), "ended", p.phone.log)
        p.assertSees("calls", "none")
    }

    func testCallWaiting() throws {
        let p = try phone()
        try p.play("X call u1 name=Alice")
        p.phone.wait(1)
        try p.play("U answer")
        p.phone.wait(1)
        try p.play("X call u2 name=Carol")
        p.phone.wait(1)
        try p.play("U holdAndAccept")
        p.phone.wait(2)
        onMain {
            XCTAssertEqual(p.kit?.call(KitPhone.id(1))?.isOnHold, true)
            XCTAssertEqual(p.kit?.call(KitPhone.id(2))?.state, .connected)
            XCTAssertEqual(p.kit?.canSwap, true)
        }
        try p.play("A swap")
        p.phone.wait(2)
        onMain { XCTAssertEqual(p.kit?.call(KitPhone.id(2))?.isOnHold, true, p.phone.log) }
    }

    /// Pushes that make no sense, and late ones: the placeholder is reported before the delegate returns, and ends.
    func testBadPushes() throws {
        let p = try phone()
        for bad in ["", "{", "null", #"{"ringtrip":{"call":7}}"#, "[]"] {
            p.phone.push(Data(bad.utf8))
            p.phone.wait(10)
            XCTAssertFalse(p.phone.log.contains("kill"), "\(bad): \(p.phone.log)")
            p.assertSees("calls", "none")
        }
        try p.play("X call u1 age=50s")
        p.phone.wait(10)
        XCTAssertFalse(p.phone.log.contains("kill"), p.phone.log)
        p.assertSees("strikes", "0")
    }
}
