import Foundation
import RingtripEngine
import XCTest

@testable import RingtripKit
@testable import RingtripSeal

/// Group calls, calls that move between devices, sealed callers: what the server must be asked for. The calls themselves are
/// played by the scenarios in groups.txt.
final class GroupTests: XCTestCase {
    private final class Box<R>: @unchecked Sendable { var value: Result<R, any Error>? }

    /// Does something asynchronous on the main actor, and returns what came of it within a second of the phone's time.
    private func result<R: Sendable>(
        _ p: KitPhone, line: UInt = #line, _ work: @escaping @MainActor @Sendable (Ringtrip) async throws -> R
    ) throws -> Result<R, any Error> {
        let box = Box<R>()
        try onMain {
            let kit = try XCTUnwrap(p.kit)
            Task { @MainActor in
                do {
                    box.value = .success(try await work(kit))
                } catch {
                    box.value = .failure(error)
                }
            }
        }
        p.phone.settle()
        p.phone.wait(1)
        return try XCTUnwrap(box.value, "nothing came of it\n\(p.phone.log)", line: line)
    }

    private func code<R>(_ r: Result<R, any Error>) -> String? {
        if case .failure(let e) = r { return (e as? RingtripError)?.code.rawValue ?? "\(e)" }
        return nil
    }

    @MainActor
    final class Delegate: RingtripDelegate {
        var told: [String] = []

        func ringtrip(_ ringtrip: Ringtrip, group: UUID, didChange member: RingtripMember) {
            told.append("\(member.id) \(member.state) \(member.endReason?.rawValue ?? "")")
        }
    }

    func testGroup() throws {
        let p = try KitPhone()
        try p.play("U open")
        p.phone.wait(1)
        let delegate = onMain { Delegate() }
        onMain { p.kit?.delegate = delegate }
        let call = try result(p) { try await $0.startGroup(with: ["bob", "carol", "nobody"], name: "The team") }.get()
        XCTAssertEqual(call.id, KitPhone.id(52))
        onMain {
            XCTAssertEqual(call.groupCall, call.id)
            XCTAssertEqual(call.handle, RingtripHandle("group:bob,carol,nobody"))
            XCTAssertEqual(p.kit?.calls.count, 1)
        }
        try p.play("X answer u53")
        try p.play("X decline u52")
        p.phone.wait(1)
        XCTAssertEqual(onMain { call.state }, .connected)
        XCTAssertEqual(onMain { delegate.told }, ["nobody ended unreachable", "carol answered ", "bob ended declined"])
        let members = try result(p) { try await $0.members(of: KitPhone.id(52)) }.get()
        XCTAssertEqual(members.map { "\($0.id) \($0.state) \($0.device)" }, ["bob ended ", "carol answered carol-1"])
        XCTAssertEqual(members.first?.endReason, .declined)
        XCTAssertNil(code(try result(p) { try await $0.invite("dave", to: KitPhone.id(52)) }))
        XCTAssertTrue(try p.phone.exchange("said").contains("invite u52 dave"))
        XCTAssertEqual(code(try result(p) { try await $0.invite("nobody", to: KitPhone.id(52)) }), "unknown_callee")
        let credentials = try result(p) { _ in try await call.credentials() }.get()
        XCTAssertEqual(credentials.carrier, "room")
        XCTAssertTrue(String(decoding: credentials.data, as: UTF8.self).contains("room"))
        XCTAssertNotNil(credentials.until)
        XCTAssertFalse("\(credentials)".contains("{"), "credentials are a secret")
        XCTAssertThrowsError(try onMain { try call.offerMove(to: "ipad") }) { XCTAssertEqual(($0 as? RingtripError)?.code, .group) }
        try onMain { try p.kit?.leaveGroup(call.id) }
        p.phone.wait(1)
        XCTAssertEqual(onMain { call.endReason }, .hungup)
        XCTAssertTrue(try p.phone.exchange("said").hasSuffix("leave u52"))
    }

    func testWhatIsRefused() throws {
        let p = try KitPhone()
        try p.play("U open")
        p.phone.wait(1)
        XCTAssertEqual(code(try result(p) { try await $0.startGroup(with: ["bob"]) }), RingtripError.Code.badCallees.rawValue)
        XCTAssertEqual(code(try result(p) { try await $0.startGroup(with: ["bob", "bob"]) }), RingtripError.Code.badCallees.rawValue)
        XCTAssertEqual(code(try result(p) { try await $0.members(of: UUID()) }), RingtripError.Code.unknownGroup.rawValue)
        XCTAssertEqual(code(try result(p) { try await $0.invite("bob", to: UUID()) }), RingtripError.Code.noCall.rawValue)
        XCTAssertNil(code(try result(p) { try await $0.leaveGroup(UUID()) }), "there is nothing to leave")
        let joined = try result(p) { try await $0.joinGroup(KitPhone.id(9)) }.get()
        XCTAssertEqual(onMain { joined.endReason }, .serverEnded)
    }

    /// Whoever waits for an answer is told when the Ringtrip is closed.
    func testCloseEndsTheWaiting() throws {
        final class Box: @unchecked Sendable { var error: RingtripError? }
        let p = try KitPhone()
        try p.play("U open")
        p.phone.wait(1)
        let box = Box()
        try onMain {
            let kit = try XCTUnwrap(p.kit)
            Task { @MainActor in
                do { _ = try await kit.liveCalls() } catch { box.error = error as? RingtripError }
            }
        }
        p.phone.settle()
        onMain { p.kit?.close() }
        p.phone.settle()
        XCTAssertEqual(box.error?.code, .closed)
    }

    func testMove() throws {
        let p = try KitPhone()
        try p.play("U open")
        p.phone.wait(1)
        try p.play("X elsewhere u60 name=Bob")
        let live = try result(p) { try await $0.liveCalls() }.get()
        XCTAssertEqual(live.map { "\($0.id) \($0.device) \($0.deviceName) \($0.name)" }, ["\(KitPhone.id(60)) ipad iPad Bob"])
        XCTAssertNotNil(live.first?.answeredAt)
        let call = try result(p) { try await $0.move(KitPhone.id(60), name: "Bob") }.get()
        XCTAssertEqual(call.id, KitPhone.id(60))
        XCTAssertEqual(onMain { call.state }, .connected, p.phone.log)
        try p.play("A offer u60 ipad")
        p.phone.wait(1)
        XCTAssertEqual(onMain { call.offeredTo }, "ipad")
        try p.play("A withdraw u60")
        p.phone.wait(1)
        XCTAssertNil(onMain { call.offeredTo })
    }

    /// A call that rang here and was answered on another device moves here: it is the same object again.
    func testMoveOfWhatRangHere() throws {
        let p = try KitPhone()
        try p.play("X call u1 name=Alice")
        p.phone.wait(1)
        try p.play("X answeredElsewhere u1")
        p.phone.wait(1)
        let before = try XCTUnwrap(onMain { p.kit?.call(KitPhone.id(1)) })
        XCTAssertEqual(onMain { before.state }, .ended)
        try p.play("U open")
        p.phone.wait(1)
        let call = try result(p) { try await $0.move(KitPhone.id(1)) }.get()
        XCTAssertTrue(call === before)
        XCTAssertEqual(onMain { call.state }, .connected, p.phone.log)
    }

    func testAlertToken() throws {
        let p = try KitPhone()
        try p.play("U open")
        p.phone.wait(1)
        XCTAssertEqual(try p.phone.exchange("known"), "alert= seal=")
        onMain { p.kit?.setAlertToken(Data([0xAB, 0xCD])) }
        p.phone.wait(1)
        XCTAssertEqual(try p.phone.exchange("known"), "alert=abcd seal=")
    }

    /// Keys that can be read, or not.
    final class Keys: RingtripKeyStore, @unchecked Sendable {
        var key: Data?

        func sealKey() throws -> Data {
            guard let key else { throw SealKeyError(text: "locked") }
            return key
        }
    }

    func testSealedCallers() throws {
        let keys = Keys()
        keys.key = RingtripSealing.newKey()
        let p = try KitPhone { $0.sealing = RingtripSealing(keys: keys, placeholder: "Somebody") }
        try p.play("U open")
        p.phone.wait(1)
        let known = try p.phone.exchange("known")
        XCTAssertEqual(known.count, "alert= seal=".count + 64, known)
        XCTAssertFalse(known.contains(keys.key!.map { String(format: "%02x", $0) }.joined()), "that is the private key")
        try p.play("X call u1 name=Alice sealed")
        p.phone.wait(1)
        XCTAssertTrue(p.phone.log.contains(#"name="Alice""#), p.phone.log)
        p.assertSees("screen", "Alice")
        XCTAssertEqual(onMain { p.kit?.call(KitPhone.id(1))?.handle }, RingtripHandle("alice"))
        try p.play("U decline")
        p.phone.wait(1)
        let key = keys.key
        keys.key = nil // as before the first unlock
        try p.play("X call u2 name=Bob sealed")
        p.assertSees("screen", "Somebody")
        keys.key = key
        p.phone.wait(1) // the stream brings it again
        p.assertSees("screen", "Bob")
        XCTAssertFalse(p.phone.log.contains("kill"))
    }

    /// What an extension does: it opens the notification of a missed call. The text was made by Go's signaling.Seal.
    func testMissedCallIsOpened() throws {
        let keys = Keys()
        let sealing = RingtripSealing(keys: keys)
        let text = "AbSx/sQo9PfCUKbV12Zzb9L7q99yu6T4tPiC06bC1gUz5yiKRsvSXjsbmNM7TDwrM9pjgV0JodDYok05EJ8NIY0lWTsEj9YRBm+/U5hSQMSYOcJAFoUdLCRgNDVGzyB+oHSAmWrBu2CQsWN2uUTjNJNS3CVoNQ3ObBMZHYwE5yb/Bu6rMYZDkFnx7OPbKJwH2+OKbSUQIW3s8QKJHJhrYA1fRIfpN0ncfMSPn7ieE0PY"
        let call = "0199AABB-CCDD-7EEE-8FFF-001122334455"
        let missed: [AnyHashable: Any] = ["missed_call": ["call": call, "device": "d1", "sealed": text]]
        XCTAssertThrowsError(try sealing.caller(in: missed)) { XCTAssertEqual("\($0)", "locked") }
        keys.key = Data(repeating: 0x42, count: 32)
        XCTAssertEqual(try sealing.caller(in: missed), RingtripCaller(name: "Alice", handle: "+1 555 0100", handleKind: 2))
        XCTAssertEqual(try sealing.caller(in: ["ringtrip": ["call": call, "sealed": text]], deviceID: "d1")?.name, "Alice")
        XCTAssertNil(try sealing.caller(in: ["missed_call": ["call": call, "caller_name": "Alice"]]), "nobody is sealed in it")
        XCTAssertNil(try sealing.caller(in: ["aps": [String: String]()]))
        for broken: [String: String] in [
            ["call": call, "device": "d2", "sealed": text], ["call": call, "sealed": text], ["device": "d1", "sealed": text],
            ["call": call, "device": "d1", "sealed": "?"], ["call": call, "device": "d1", "sealed": "AAAA"],
        ] {
            XCTAssertThrowsError(try sealing.caller(in: ["missed_call": broken]), "\(broken)")
        }
    }

    func testWhereKeysAreKept() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString, isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = FileKeyStore(folder: folder)
        let key = try store.sealKey()
        XCTAssertEqual(key.count, 32)
        XCTAssertEqual(try store.sealKey(), key)
        XCTAssertEqual(try FileKeyStore(folder: folder).sealKey(), key)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        XCTAssertEqual(files, ["ringtrip-seal-key"])
        let file = folder.appendingPathComponent("ringtrip-seal-key")
        XCTAssertEqual(try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int, 0o600)
        try Data("broken".utf8).write(to: file)
        XCTAssertThrowsError(try store.sealKey(), "another key must not take the place of one that can't be read")
        XCTAssertThrowsError(try FileKeyStore(folder: folder.appendingPathComponent("nowhere")).sealKey())
        XCTAssertNotEqual(RingtripSealing.newKey(), RingtripSealing.newKey())
    }
}
