import RingtripEngine
import XCTest

@testable import RingtripKit

/// Whole calls: the simulated iPhone, RingtripKit, the engine and a server in memory.
final class CallTests: XCTestCase {
    func testIncoming() throws {
        let p = try KitPhone()
        try p.play("X call u1 name=Alice")
        p.phone.wait(1)
        p.assertSees("screen", "Alice")
        XCTAssertTrue(try p.phone.exchange("said").contains("ringing u1"), p.phone.log)
        try p.play("U answer")
        p.phone.wait(1)
        XCTAssertEqual(p.media.states, ["prepared connected audio"], p.phone.log)
        onMain {
            XCTAssertEqual(p.kit?.calls.first?.state, .connected)
            XCTAssertEqual(p.kit?.calls.first?.audioRuns, true)
        }
        try p.play("U mute on")
        XCTAssertEqual(p.media.states, ["prepared connected audio muted"])
        try p.play("U mute off")
        try p.play("A hold u1 on")
        p.phone.wait(1)
        XCTAssertEqual(p.media.states, ["prepared connected held"])
        try p.play("A hold u1 off")
        p.phone.wait(1)
        try p.play("U keys 12#")
        p.phone.wait(1)
        XCTAssertEqual(p.media.states, ["prepared connected audio tones=12#"])
        try p.play("U end")
        p.phone.wait(1)
        p.assertSees("calls", "none")
        XCTAssertTrue(try p.phone.exchange("said").contains("end u1 hungup"))
        XCTAssertEqual(p.media.violations, [])
        XCTAssertEqual(p.media.count.open, 0)
    }

    func testCancelledByTheServer() throws {
        let p = try KitPhone()
        try p.play("X call u1")
        p.phone.wait(2)
        try p.play("X cancel u1")
        p.phone.wait(1)
        p.assertSees("calls", "none")
        onMain { XCTAssertEqual(p.kit?.calls.first?.endReason, .cancelled) }
    }

    func testOutgoing() throws {
        let p = try KitPhone()
        try p.play("U open")
        p.phone.wait(1)
        onMain { XCTAssertEqual(p.kit?.canStart, true) }
        try p.play("A start carol")
        p.phone.wait(1)
        XCTAssertEqual(p.world.log.filter { $0.contains("ERROR") }, [])
        let n = try XCTUnwrap(onMain { p.kit?.calls.first?.id.uuidString.suffix(2) }, p.phone.log)
        try p.play("X ring u\(n)")
        p.phone.wait(1)
        onMain { XCTAssertEqual(p.kit?.calls.first?.state, .alerting) }
        try p.play("X answer u\(n)")
        p.phone.wait(1)
        onMain { XCTAssertEqual(p.kit?.calls.first?.state.rawValue, "connecting") }
        try p.play("X hangup u\(n)")
        p.phone.wait(1)
        p.assertSees("calls", "none")
        onMain { XCTAssertEqual(p.kit?.calls.first?.endReason, .hungup) }
    }
}
