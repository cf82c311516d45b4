import RingtripEngine
import XCTest

@testable import RingtripKit

/// Whatever a push says, and whatever is wrong with the app, the system does not end the app for it.
final class RobustnessTests: XCTestCase {
    /// A generator of its own, so that what fails can be played again.
    struct Random: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
    }

    private func assertUnharmed(_ p: KitPhone, _ what: String, line: UInt = #line) {
        XCTAssertFalse(p.phone.log.contains("kill"), "\(what): the app was killed:\n\(p.phone.log)", line: line)
        XCTAssertEqual(p.see("strikes"), "0", what, line: line)
    }

    func testRandomPushes() throws {
        var random = Random(state: 7)
        for os in ["16", "17.4", "26.4"] {
            let p = try KitPhone(os: os)
            for n in 1...60 {
                let payload = try self.payload(&random, n)
                p.phone.push(payload)
                p.phone.wait(8) // longer than the call service's second look
                assertUnharmed(p, "iOS \(os), push \(n): \(String(decoding: payload.prefix(300), as: UTF8.self))")
            }
            try p.play("X call u1")
            p.phone.wait(1)
            p.assertSees("screen", "Alice")
        }
    }

    /// A valid push with something wrong, or anything at all.
    private func payload(_ random: inout Random, _ n: Int) throws -> Data {
        func bytes(_ count: Int) -> Data { Data((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }) }
        let odd: [Any] = [7, -1, 1e300, "", "x", [1], ["a": 1], true, NSNull(), String(repeating: "ü", count: 3000), KitPhone.id(n).uuidString]
        switch n % 6 {
        case 0: return bytes(Int.random(in: 0...5000, using: &random))
        case 1: return Data(String(repeating: "[", count: Int.random(in: 1...5000, using: &random)).utf8)
        case 2: return Data(repeating: 0x20, count: Int.random(in: 0...70_000, using: &random))
        default:
            var fields: [String: Any] = [
                "call": KitPhone.id(n).uuidString.lowercased(), "name": "Alice", "handle": "alice", "sent_at": 1_767_258_000_000,
                "expires_at": 1_767_258_045_000, "handle_type": 1, "video": false, "token": "tok",
            ]
            for key in fields.keys.sorted() where Int.random(in: 0...3, using: &random) == 0 {
                fields[key] = odd.randomElement(using: &random)
            }
            var all: [String: Any] = ["aps": [String: String](), "ringtrip": fields]
            if Int.random(in: 0...4, using: &random) == 0 { all["ringtrip"] = odd.randomElement(using: &random) }
            return try JSONSerialization.data(withJSONObject: all, options: [.sortedKeys])
        }
    }

    /// An app whose engine can't be made: the shell itself reports a placeholder for each push, and ends it.
    func testWithoutAnEngine() throws {
        let p = try KitPhone { $0.deviceID = "" }
        onMain {
            XCTAssertNil(p.kit)
        }
        _ = p.push(1)
        try onMain {
            XCTAssertEqual(p.kit?.problem?.code, .badConfig)
            XCTAssertThrowsError(try p.kit?.setSpeaker(true)) { XCTAssertEqual(($0 as? RingtripError)?.code, .badConfig) }
        }
        XCTAssertTrue(p.phone.log.contains("reportNewIncomingCall"), p.phone.log)
        p.phone.wait(10)
        assertUnharmed(p, "an app without an engine")
        p.assertSees("calls", "none")
        for n in 2...6 { _ = p.push(n) }
        p.phone.wait(10)
        assertUnharmed(p, "an app without an engine, pushed again")
    }

    /// An engine that was closed, while the push registry still stands.
    func testAfterClose() throws {
        let p = try KitPhone()
        try p.play("U open")
        p.phone.wait(1)
        onMain { p.kit?.shell.loseEngineForTests() }
        try p.play("U home")
        _ = p.push(1)
        p.phone.wait(10)
        XCTAssertTrue(p.phone.log.contains("reportNewIncomingCall"), p.phone.log)
        assertUnharmed(p, "an app that lost its engine")
        try onMain {
            guard let kit = p.kit else { return XCTFail("there is no app") }
            XCTAssertThrowsError(try kit.swap()) { XCTAssertEqual(($0 as? RingtripError)?.code, .closed) }
        }
    }

    func testErrorsHaveCodes() throws {
        let p = try KitPhone()
        try p.play("U open")
        p.phone.wait(1)
        try onMain {
            guard let kit = p.kit else { return XCTFail("there is no app") }
            XCTAssertThrowsError(try kit.swap()) { XCTAssertEqual(($0 as? RingtripError)?.code, .nothingToSwap) }
        }
        try p.play("X call u1")
        p.phone.wait(1)
        try p.play("U decline")
        p.phone.wait(1)
        try onMain {
            guard let call = p.kit?.call(KitPhone.id(1)) else { return XCTFail("there is no call") }
            XCTAssertThrowsError(try call.mute(true)) { XCTAssertEqual(($0 as? RingtripError)?.code, .noCall) }
        }
    }
}
