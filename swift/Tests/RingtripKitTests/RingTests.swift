import RingtripEngine
import XCTest

@testable import RingtripKit

/// A push rings, is declined, and nothing is left.
final class RingTests: XCTestCase {
    func testPushRingsAndIsDeclined() throws {
        do {
            let p = try KitPhone()
            try p.play("X call u1")
            p.phone.wait(1)
            let id = KitPhone.id(1)
            p.assertSees("screen", "Alice")
            p.assertSees("strikes", "0")
            onMain {
                XCTAssertEqual(p.kit?.calls.map(\.id), [id])
                XCTAssertEqual(p.kit?.calls.first?.state, .ringing)
                XCTAssertEqual(p.kit?.system, .callKit)
                XCTAssertNil(p.kit?.problem)
            }
            try p.phone.perform("U decline")
            p.phone.wait(1)
            p.assertSees("calls", "none")
            onMain {
                XCTAssertEqual(p.kit?.calls.first?.state, .ended)
                XCTAssertEqual(p.kit?.calls.first?.endReason, .declined)
            }
        }
        XCTAssertEqual(Engine.count, 0)
    }
}
