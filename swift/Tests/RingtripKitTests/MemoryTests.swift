import RingtripEngine
import XCTest

@testable import RingtripKit

/// Many calls leave nothing behind: a thousand, or RINGTRIP_CALLS, as in
///
///     RINGTRIP_CALLS=10000 make test-swift
final class MemoryTests: XCTestCase {
    func testManyCalls() throws {
        let calls = Int(ProcessInfo.processInfo.environment["RINGTRIP_CALLS"] ?? "") ?? 1000
        let phones = 20
        let began = Date()
        var resident: [Int] = []
        for _ in 0..<phones {
            try oneLife(calls / phones)
            XCTAssertEqual(Engine.count, 0)
            resident.append(residentBytes() >> 20)
        }
        let per = Date().timeIntervalSince(began) / Double(calls) * 1000
        print("\(calls) calls on \(phones) phones, \(String(format: "%.1f", per)) ms each; resident MiB after each phone: \(resident)")
        // The first phones fill the allocators' and the garbage collector's stores.
        XCTAssertLessThan(resident[phones - 1] - resident[phones / 4], 16, "memory grows: \(resident) MiB")
    }

    /// A phone with an app that takes so many calls, one after the other.
    private func oneLife(_ calls: Int) throws {
        weak var last: Ringtrip?
        do {
            let p = try KitPhone()
            for n in 1...calls {
                let u = "u\(n % 97 + 1)"
                try p.play("X call \(u)")
                p.phone.wait(1)
                try p.play(n % 3 == 0 ? "U decline" : "U answer")
                if n % 3 != 0 {
                    p.phone.wait(1)
                    try p.play(n % 3 == 1 ? "X hangup \(u)" : "U end")
                }
                p.phone.wait(1)
                try p.play("X forget \(u)")
            }
            XCTAssertEqual(p.media.violations, [])
            XCTAssertEqual(p.media.count.open, 0)
            XCTAssertEqual(p.media.count.made, calls)
            last = p.kit
            XCTAssertNotNil(last)
        }
        XCTAssertNil(last, "the app's objects outlive its process")
    }

    private func residentBytes() -> Int {
        let words = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
        return words.count > 1 ? (Int(words[1]) ?? 0) * 4096 : 0
    }
}
