import Foundation
import Intents
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
        var exchange = ""
        let lock = NSLock()
        /// Where the journal is, which outlives the app.
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString, isDirectory: true)

        init() { try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

        deinit { try? FileManager.default.removeItem(at: folder) }

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
        world.exchange = UUID().uuidString
        phone = try SimulatedPhone(os: os, knobs: knobs, seed: seed, exchange: world.exchange) { process in KitPhone.launch(process, world) }
        phone.settle()
    }

    private static func launch(_ process: SimulatedProcess, _ world: World) {
        let media = SilentMedia(after: { seconds, work in process.after(seconds, work) })
        world.media.append(media)
        var c = RingtripConfiguration(
            serverURL: URL(string: "http://127.0.0.1:9")!, deviceID: "bob-1", media: media, token: { "jwt" })
        c.folder = world.folder
        c.exchange = world.exchange
        c.donatesCalls = false
        c.log = { world.add($0) }
        world.configure(&c)
        let device = SimulatedDevice(process)
        let launch = process.launch
        let ready = Carried(c)
        MainActor.assumeIsolated {
            let kit = Ringtrip(ready.value, device: device, launch: launch)
            process.keep(kit)
            process.onUserActivity { [weak kit] activity in
                let carried = Carried(activity)
                MainActor.assumeIsolated { _ = kit?.handle(carried.value) }
            }
        }
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

    /// Does a line: "U answer", "X call u1", "A mute u1 on", "wait 1.5".
    func play(_ line: String) throws {
        let words = line.split(separator: " ").map(String.init)
        switch words[0] {
        case "P": phone.push(Data(line.dropFirst(2).utf8))
        case "X": try phone.exchange(words.dropFirst().joined(separator: " "))
        case "wait": phone.wait(try XCTUnwrap(Double(words[1].filter { $0 != "s" })))
        case "A": try onMain { try self.press(words) }
        default: try phone.perform(words.map(KitPhone.uuid).joined(separator: " "))
        }
        phone.settle()
    }

    /// The app's own buttons.
    @MainActor
    private func press(_ words: [String]) throws {
        let kit = try XCTUnwrap(kit)
        if let work = asynchronous(words, kit) {
            Task { @MainActor [world] in
                do {
                    try await work()
                } catch {
                    world.add(RingtripLog(level: .error, text: "\(words[1]): \(error)"))
                }
            }
            return
        }
        if words[1] == "leave" { return try kit.leaveGroup(try XCTUnwrap(UUID(uuidString: KitPhone.uuid(words[2])))) }
        if words[1] == "swap" { return try kit.swap() }
        if words[1] == "speaker" { return try kit.setSpeaker(words[2] == "on") }
        let n = try XCTUnwrap(Int(words[2].dropFirst()))
        let call = try XCTUnwrap(kit.call(KitPhone.id(n)), "there is no call \(words[2])")
        switch words[1] {
        case "offer": try call.offerMove(to: words[3])
        case "withdraw": try call.withdrawMove()
        case "answer": try call.answer()
        case "holdAnswer": try call.holdAndAnswer()
        case "endAnswer": try call.endAndAnswer()
        case "end": try call.end()
        case "hold": try call.hold(words[3] == "on")
        case "mute": try call.mute(words[3] == "on")
        case "tones": try call.play(tones: words[3])
        default: XCTFail("no button is named \(words[1])")
        }
    }

    /// The buttons that wait for something.
    @MainActor
    private func asynchronous(_ words: [String], _ kit: Ringtrip) -> (@MainActor () async throws -> Void)? {
        let to = words.count > 2 ? words[2] : ""
        let id = UUID(uuidString: KitPhone.uuid(to)) ?? UUID()
        switch words[1] {
        case "start": return { _ = try await kit.start(to: to, video: words.contains("video")) }
        case "startGroup": return { _ = try await kit.startGroup(with: to.components(separatedBy: ","), name: "The team") }
        case "join": return { _ = try await kit.joinGroup(id, name: "The team") }
        case "invite": return { try await kit.invite(words[3], to: id) }
        case "move": return { _ = try await kit.move(id) }
        default: return nil
        }
    }

    /// The UUID of u1 and the like; other words as they are.
    static func uuid(_ word: String) -> String {
        guard word.first == "u", let n = Int(word.dropFirst()) else { return word }
        return id(n).uuidString.lowercased()
    }

    static func id(_ n: Int) -> UUID { UUID(uuidString: String(format: "00000000-0000-4000-8000-%012d", n))! }

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
