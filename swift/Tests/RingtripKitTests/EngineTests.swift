import XCTest

@testable import RingtripEngine

/// The engine over the C face, without a phone: a listener that answers as little as it must.
final class EngineTests: XCTestCase {
    /// Heard keeps what an engine says.
    final class Heard: @unchecked Sendable {
        private let lock = NSLock()
        private var said: [EngineOut] = []
        private var reportedAt: UInt64 = 0
        weak var engine: Engine?

        func hear(_ out: EngineOut) -> EngineAnswer {
            lock.lock()
            defer { lock.unlock() }
            if said.count < 10_000 { said.append(out) }
            if out.system?.op == .providerReportNewIncoming { reportedAt = DispatchTime.now().uptimeNanoseconds }
            return out.system?.op == .now ? EngineAnswer(system: SystemMessage(at: Date(timeIntervalSince1970: 1_767_258_000))) : EngineAnswer()
        }

        var all: [EngineOut] { lock.withLock { said } }
        var reported: UInt64 { lock.withLock { reportedAt } }
    }

    private func engine(_ heard: Heard) throws -> Engine {
        try Engine(EngineConfig(serverURL: "http://127.0.0.1:9", deviceID: "bob-1")) { heard.hear($0) }
    }

    private func push(_ n: Int) -> EngineIn {
        let payload = #"{"ringtrip":{"call":"00000000-0000-4000-8000-\#(String(format: "%012d", n))","name":"Alice","handle":"alice","#
            + #""handle_type":1,"sent_at":1767258000000,"expires_at":1767258045000,"token":"tok"}}"#
        return EngineIn(system: SystemMessage(op: .registryDidReceive, object: registry, ticket: n, type: "PKPushTypeVoIP", payload: Data(payload.utf8)))
    }

    private var registry = 0

    private func registry(_ heard: Heard) -> Int { heard.all.compactMap(\.system).first { $0.op == .registryNew }?.object ?? 0 }

    func testLifeAndErrors() throws {
        XCTAssertThrowsError(try Engine(EngineConfig(serverURL: "", deviceID: "bob-1")) { _ in EngineAnswer() }) {
            XCTAssertTrue("\($0)".contains("serverURL"), "\($0)")
        }
        let heard = Heard()
        var e: Engine? = try engine(heard)
        XCTAssertEqual(Engine.count, 1)
        XCTAssertTrue(heard.all.contains { $0.system?.op == .providerNew })
        XCTAssertEqual(e?.tell(EngineIn()).code, "bad_message")
        XCTAssertEqual(e?.tell(EngineIn(request: EngineRequest(verb: .endCall, call: KnownCall.none))).code, "no_call")
        XCTAssertEqual(e?.tell(EngineIn(request: EngineRequest(verb: EngineVerb(rawValue: "fly"), call: KnownCall.none))).code, "bad_message")
        XCTAssertEqual(e?.tell(EngineIn(request: EngineRequest(verb: .startCall, callee: "carol"))).code, "not_connected")
        XCTAssertEqual(e?.state.calls, [])
        e = nil
        XCTAssertEqual(Engine.count, 0)
    }

    private enum KnownCall { static let none = "00000000-0000-4000-8000-000000000099" }

    func testClosedFromWithinTheListener() throws {
        let heard = Heard()
        final class Box: @unchecked Sendable { var engine: Engine? }
        let box = Box()
        let closed = expectation(description: "closed")
        box.engine = try Engine(EngineConfig(serverURL: "http://127.0.0.1:9", deviceID: "bob-1")) { out in
            if out.system?.op == .providerReportNewIncoming, let e = box.engine {
                box.engine = nil
                e.close()
                DispatchQueue.global().async { closed.fulfill() }
            }
            return heard.hear(out)
        }
        registry = registry(heard)
        box.engine?.tell(push(1))
        wait(for: [closed], timeout: 10)
        let gone = expectation(description: "gone")
        DispatchQueue.global().async {
            while Engine.count > 0 { usleep(1000) } // the end comes from another thread
            gone.fulfill()
        }
        wait(for: [gone], timeout: 10)
    }

    /// From telling a push to the report being asked for: what stands between PushKit and CallKit.
    func testPushToReport() throws {
        let heard = Heard()
        let e = try engine(heard)
        registry = registry(heard)
        var micros: [Double] = []
        for n in 1...300 {
            let began = DispatchTime.now().uptimeNanoseconds
            e.tell(push(n))
            micros.append(Double(heard.reported - began) / 1000)
        }
        let cold = micros[0]
        micros.sort()
        print("push to report through Swift and the C face: median \(Int(micros[150])) µs, first \(Int(cold)) µs")
        XCTAssertTrue(heard.all.filter { $0.system?.op == .providerReportNewIncoming }.count >= 300)
    }

    // MARK: the coder

    func testMessagesComeBack() throws {
        let m = SystemMessage(
            op: .providerPerform, object: 7, ticket: 1 << 40, call: "ü\"\\\n\u{1}😀", on: true, at: Date(timeIntervalSince1970: 1_767_258_000.123456),
            delay: -5, update: SystemUpdate(remoteHandle: SystemHandle(type: 2, value: "+1"), hasVideo: false),
            actions: [SystemAction(kind: .setHeld, on: true), SystemAction(kind: .end)], token: Data([0, 255, 7]), mustReport: false)
        let json = try BoundaryCoder.encode(m)
        var back = try BoundaryCoder.decode(SystemMessage.self, from: json)
        XCTAssertEqual(back.at?.timeIntervalSince1970 ?? 0, 1_767_258_000.123456, accuracy: 1e-6)
        back.at = m.at
        XCTAssertEqual(back, m)
        XCTAssertNotNil(try JSONSerialization.jsonObject(with: json) as? [String: Any], "it is JSON for others, too")
    }

    func testDates() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0), ("2026-11-22T14:55:00Z", 1_795_359_300), ("2024-02-29T23:59:59.5Z", 1_709_251_199.5),
            ("2026-01-01T01:00:00+01:00", 1_767_225_600), ("1969-12-31T23:59:59Z", -1), ("2026-01-01T00:00:00.123456789Z", 1_767_225_600.123456789),
        ] as [(String, Double)] {
            XCTAssertEqual(BoundaryCoder.date(rfc3339: text)?.timeIntervalSince1970 ?? .nan, seconds, accuracy: 1e-6, text)
        }
        for text in ["", "2026", "2026-13-01T00:00:00Z", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00.Zx", "yesterday"] {
            XCTAssertNil(BoundaryCoder.date(rfc3339: text), text)
        }
        for seconds in [0, -1, 1_767_225_600.000001, 4_102_444_800, -2_208_988_800] {
            let text = BoundaryCoder.rfc3339(Date(timeIntervalSince1970: seconds))
            XCTAssertEqual(BoundaryCoder.date(rfc3339: text)?.timeIntervalSince1970 ?? .nan, seconds, accuracy: 1e-6, text)
        }
    }

    func testNonsenseIsRefused() {
        for text in ["", "{", "}", "[]", "nul", "{\"op\"", "{\"op\":}", "{\"op\":1}", "{\"object\":\"x\"}", "{\"object\":1e400}", "{\"at\":\"soon\"}",
            "{\"op\":\"\\u12\"}", "{\"op\":\"\\x\"}", "{\"op\":\"a\"} x", "{\"object\":1,}", "{,}", "{\"calls\":[{}", "{\"token\":\"*\"}",
            String(repeating: "{\"x\":", count: 5000), String(repeating: "[", count: 5000),
        ] {
            XCTAssertThrowsError(try BoundaryCoder.decode(SystemMessage.self, from: Data(text.utf8)), String(text.prefix(60)))
        }
        XCTAssertNoThrow(try BoundaryCoder.decode(SystemMessage.self, from: Data(#" { "op" : "x" , "new" : [1,{"a":null}] , "call":null, "object":2.0 } "#.utf8)))
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            var bytes = Array(#"{"op":"run","object":3,"calls":[{"uuid":"a","isOnHold":true}],"at":"2026-01-01T00:00:00Z","error":{"code":-1}}"#.utf8)
            for _ in 0..<3 { bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
            _ = try? BoundaryCoder.decode(SystemMessage.self, from: Data(bytes))
        }
    }
}
