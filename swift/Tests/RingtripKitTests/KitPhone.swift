import Foundation
import RingtripEngine
import RingtripSimulator
import XCTest

@testable import RingtripKit

/// KitPhone is a simulated iPhone whose app is RingtripKit.
final class KitPhone: @unchecked Sendable {
    let phone: SimulatedPhone
    let world: World

    /// World is what all lives of the app share.
    final class World: @unchecked Sendable {
        var configure: (inout RingtripConfiguration) -> Void = { _ in }
        var log: [String] = []
        var media: [SilentMedia] = []
        let lock = NSLock()

        func add(_ line: RingtripLog) {
            lock.lock()
            defer { lock.unlock() }
            log.append(line.description)
        }
    }

    init(os: String = "", knobs: [String: String] = [:], seed: UInt64 = 1, configure: @escaping (inout RingtripConfiguration) -> Void = { _ in }) throws {
        let world = World()
        world.configure = configure
        self.world = world
        phone = try SimulatedPhone(os: os, knobs: knobs, seed: seed) { process in KitPhone.launch(process, world) }
        phone.settle()
    }

    private static func launch(_ process: SimulatedProcess, _ world: World) {
        let media = SilentMedia(after: { seconds, work in process.after(seconds, work) })
        world.media.append(media)
        var c = RingtripConfiguration(
            serverURL: URL(string: "http://127.0.0.1:9")!, deviceID: "bob-1", media: media, token: { "jwt" })
        c.folder = nil
        c.donatesCalls = false
        c.log = { world.add($0) }
        world.configure(&c)
        let device = SimulatedDevice(process)
        let launch = process.launch
        let ready = Carried(c)
        MainActor.assumeIsolated { process.keep(Ringtrip(ready.value, device: device, launch: launch)) }
    }

    deinit { phone.close() }

    /// The Ringtrip of the newest process.
    var kit: Ringtrip? { phone.process?.kept(Ringtrip.self) }
    var media: SilentMedia { world.media.last! }

    func push(_ n: Int, name: String = "Alice", handle: String = "alice", age: Double = 0) -> UUID {
        let id = KitPhone.id(n)
        let now = (phone.process?.now ?? Date(timeIntervalSince1970: 1_767_258_000)).timeIntervalSince1970
        phone.push([
            "aps": [String: String](),
            "ringtrip": [
                "call": id.uuidString.lowercased(), "name": name, "handle": handle, "handle_type": 1, "token": "tok",
                "sent_at": Int((now - age) * 1000), "expires_at": Int((now - age + 45) * 1000),
            ] as [String: Any],
        ])
        phone.wait(1)
        return id
    }

    static func id(_ n: Int) -> UUID { UUID(uuidString: String(format: "01000000-0000-7000-8000-%012d", n))! }

    func see(_ what: String) -> String { (try? phone.look(what)) ?? "nothing" }

    func assertSees(_ what: String, _ words: String, line: UInt = #line) {
        let seen = see(what)
        XCTAssertTrue(seen.contains(words), "\(what) is \(seen), which has no \(words)\n\(phone.log)", line: line)
    }
}

/// onMain runs work on the main actor, where a synchronous test is.
func onMain<R>(_ work: @MainActor () throws -> R) rethrows -> R {
    try withoutActuallyEscaping(work) { work in
        let carried = Carried(work)
        return try MainActor.assumeIsolated { Carried(try carried.value()) }.value
    }
}
