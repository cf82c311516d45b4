import CallKit
import Foundation
import Intents
import RingtripSeal
import RingtripSimulator
import UserNotifications
import XCTest

@testable import ExampleCore
@testable import RingtripKit

/// The example app without its views, on the simulated iPhone.
final class ExampleTests: XCTestCase {
    private var folder: URL!
    private var shelf: Shelf { Shelf(folder: folder) }

    override func setUpWithError() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    override func tearDown() { try? FileManager.default.removeItem(at: folder) }

    private func phone(traits: [String] = []) throws -> SimulatedPhone {
        let (exchange, shelf) = (UUID().uuidString, shelf)
        return try SimulatedPhone(traits: traits, exchange: exchange) { process in
            let media = SilentMedia(after: { seconds, work in process.after(seconds, work) })
            let telephone = onMain {
                Telephone(shelf: shelf, media: media) {
                    $0.folder = nil
                    $0.exchange = exchange
                    $0.donatesCalls = false
                    $0.log = nil
                }
            }
            process.keep(telephone)
            process.onUserActivity { activity in // as ExampleApp's onContinueUserActivity
                let carried = Carry(value: activity)
                onMain { _ = telephone.ringtrip.handle(carried.value) }
            }
        }
    }

    private func screen(_ phone: SimulatedPhone) -> CallScreen? {
        onMain {
            let t = phone.process?.kept(Telephone.self)
            return t?.shownCall.map { CallScreen($0, now: Date()) }
        }
    }

    private func press(_ phone: SimulatedPhone, _ button: @MainActor @Sendable (RingtripCall) throws -> Void) throws {
        try onMain { try button(XCTUnwrap(phone.process?.kept(Telephone.self)?.shownCall)) }
        phone.wait(1)
    }

    func testACallOnItsOwnScreen() throws {
        try shelf.save(Account(server: "http://127.0.0.1:9", user: "bob", token: "a.b.c"), "account")
        let phone = try phone()
        defer { phone.close() }
        XCTAssertNil(screen(phone))
        try phone.exchange("call u1 name=Alice")
        phone.wait(1)
        XCTAssertEqual(screen(phone)?.title, "Alice", phone.log)
        XCTAssertEqual(screen(phone)?.status, "Incoming call")
        XCTAssertEqual(screen(phone)?.buttons, [.decline, .answer])
        try press(phone) { try $0.answer() }
        XCTAssertEqual(screen(phone)?.buttons, [.mute, .keypad, .speaker, .hold, .end], phone.log)
        try press(phone) { try $0.mute(true) }
        XCTAssertEqual(screen(phone)?.isMuted, true)
        XCTAssertTrue(try phone.look("screen").contains("muted"), "the system's screen knows of it")
        try press(phone) { try $0.hold(true) }
        XCTAssertEqual(screen(phone)?.status, "On hold")
        XCTAssertEqual(screen(phone)?.buttons, [.resume, .end])
        try press(phone) { try $0.hold(false) }
        try press(phone) { try $0.end() }
        XCTAssertNil(screen(phone))
        XCTAssertEqual(try phone.look("calls"), "none")
    }

    func testRecentsCallsBack() throws {
        let phone = try phone()
        defer { phone.close() }
        try phone.exchange("call u1 name=Alice handle=alice")
        phone.wait(1)
        try phone.perform("U decline")
        phone.wait(2)
        try phone.perform("U tap 0")
        phone.wait(2)
        XCTAssertEqual(screen(phone)?.status, "Calling…", phone.log)
    }

    func testWords() {
        let t = Date(timeIntervalSince1970: 1000)
        XCTAssertEqual(CallScreen.clock(from: t, to: t + 7), "0:07")
        XCTAssertEqual(CallScreen.clock(from: t, to: t + 3723), "1:02:03")
        XCTAssertEqual(CallScreen.clock(from: t, to: t - 5), "0:00")
        XCTAssertEqual(CallScreen.words(.answeredElsewhere), "Answered on another device")
        XCTAssertEqual(CallScreen.words(nil), "Call ended")
    }

    func testAccount() throws {
        XCTAssertThrowsError(try Account(server: "calls", user: "bob", token: "a.b.c"))
        XCTAssertThrowsError(try Account(server: "ftp://x", user: "bob", token: "a.b.c"))
        XCTAssertThrowsError(try Account(server: "https://x", user: "bob", token: "secret"))
        let a = try Account(server: " https://x ", user: "bob", token: "a.b.c\n")
        try shelf.save(a, "account")
        XCTAssertEqual(shelf.load(Account.self, "account"), a)
        try shelf.save(Account?.none, "account")
        XCTAssertNil(shelf.load(Account.self, "account"))
    }

    func testDirectoryPlan() {
        let plan = DirectoryPlan([
            Contact(id: "z", name: "Zoe", phone: 4_930_222), Contact(id: "a", name: "Al", phone: 15_550_100), Contact(id: "a2", name: "Al again", phone: 15_550_100),
            Contact(id: "s", name: "Spam", phone: 18_005_550_199, isBlocked: true), Contact(id: "n", name: "No number"), Contact(id: "m", name: "Minus", phone: -1),
        ])
        XCTAssertEqual(plan.blocked, [18_005_550_199])
        XCTAssertEqual(plan.known, [.init(number: 4_930_222, label: "Zoe"), .init(number: 15_550_100, label: "Al")])
        let next = DirectoryPlan([Contact(id: "z", name: "Zoë", phone: 4_930_222), Contact(id: "a", name: "Al", phone: 15_550_100, isBlocked: true)])
        let changes = next.changes(from: plan)
        XCTAssertEqual(changes.unblock, [18_005_550_199])
        XCTAssertEqual(changes.block, [15_550_100])
        XCTAssertEqual(changes.forget, [4_930_222, 15_550_100])
        XCTAssertEqual(changes.learn, [.init(number: 4_930_222, label: "Zoë")])
    }

    /// The call directory extension, as the system runs it: whom it blocks does not ring.
    func testCallDirectoryExtension() throws {
        ContactBook(shelf: shelf).contacts = [Contact(id: "s", name: "Spam", phone: 15_550_100, isBlocked: true), Contact(id: "b", name: "Bo", phone: 15_550_111)]
        let phone = try phone(traits: ["callDirectory"])
        defer { phone.close() }
        let shelf = shelf
        phone.install(callDirectory: {
            let handler = CallDirectoryHandler()
            handler.shelf = shelf
            return handler
        })
        try phone.perform("SYS callDirectory on")
        phone.wait(5)
        XCTAssertEqual(ContactBook(shelf: shelf).told?.blocked, [15_550_100])
        try phone.exchange("call u1 name=Spam handle=+15550100")
        phone.wait(2)
        XCTAssertFalse(try phone.look("screen").contains("ringing"), phone.log)
        XCTAssertEqual(try phone.look("strikes"), "0")
    }

    func testSealedPush() {
        let sealed = Data(#"{"ringtrip":{"call":"01"}}"#.utf8).map { $0 ^ 0x55 }
        let userInfo: [AnyHashable: Any] = ["sealed": Data(sealed).base64EncodedString()]
        XCTAssertNotNil(SealedPush.call(in: userInfo) { Data($0.map { $0 ^ 0x55 }) })
        XCTAssertNil(SealedPush.call(in: userInfo) { $0 }, "what can't be opened is no call")
        XCTAssertNil(SealedPush.call(in: userInfo) { _ in throw AccountProblem(text: "no key") })
        XCTAssertNil(SealedPush.call(in: ["aps": ["alert": "hello"]]) { $0 })
    }

    /// The notification of a missed call says nothing of the caller until the extension has opened it.
    func testMissedCall() throws {
        let store = FileKeyStore(folder: folder)
        try Data(repeating: 0x42, count: 32).write(to: folder.appendingPathComponent("ringtrip-seal-key"))
        let sealing = RingtripSealing(keys: store)
        let content = UNMutableNotificationContent()
        content.userInfo = ["missed_call": [ // made by Go's signaling.Seal
            "call": "0199aabb-ccdd-7eee-8fff-001122334455", "device": "d1",
            "sealed": "AbSx/sQo9PfCUKbV12Zzb9L7q99yu6T4tPiC06bC1gUz5yiKRsvSXjsbmNM7TDwrM9pjgV0JodDYok05EJ8NIY0lWTsEj9YRBm+/U5hSQMSYOcJAFoUdLCRgNDVGzyB+oHSAmWrBu2CQsWN2uUTjNJNS3CVoNQ3ObBMZHYwE5yb/Bu6rMYZDkFnx7OPbKJwH2+OKbSUQIW3s8QKJHJhrYA1fRIfpN0ncfMSPn7ieE0PY",
        ] as [String: Any]]
        content.body = "Missed call"
        XCTAssertEqual(MissedCall.named(content, by: sealing)?.title, "Alice")
        XCTAssertEqual(MissedCall.named(content, by: sealing)?.body, "Missed call")
        content.body = "You missed a call from …"
        XCTAssertEqual(MissedCall.named(content, by: sealing)?.body, "You missed a call from Alice")
        XCTAssertEqual(MissedCall.named(content, by: sealing)?.title, "")
        XCTAssertNil(MissedCall.named(content, by: nil))
        XCTAssertNil(MissedCall.named(content, by: RingtripSealing(keys: FileKeyStore(folder: folder.appendingPathComponent("nowhere")))))
        content.userInfo = ["missed_call": ["caller_name": "Bob"]]
        XCTAssertNil(MissedCall.named(content, by: sealing))
    }

    /// The notification service extension, as the system runs it: a push that is a call launches the app, and it rings.
    func testNotificationServiceExtension() throws {
        let phone = try phone(traits: ["notificationService", "filteringEntitlement"])
        defer { phone.close() }
        phone.install(notificationService: {
            let service = NotificationService()
            service.call = { _ in
                ["ringtrip": ["call": "01900000-0000-7000-8000-000000000001", "name": "Alice", "handle": "alice", "sent_at": 2_090_000_000_000, "expires_at": 2_090_000_045_000] as [String: Any]]
            }
            return service
        })
        try phone.perform("N alertPush u9 name=Nobody")
        phone.wait(3)
        XCTAssertTrue(phone.log.contains("SYS ring 01900000-0000-7000-8000-000000000001 caller=\"Alice\""), phone.log)
        XCTAssertEqual(try phone.look("strikes"), "0") // and it ends at once, for the server knows of no such call
        XCTAssertEqual(try phone.look("notices"), "none", phone.log)
    }

    /// The keys without which calls don't work.
    func testProperties() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        func plist(_ path: String) throws -> [String: Any] {
            let data = try Data(contentsOf: root.appendingPathComponent(path))
            return try XCTUnwrap(PropertyListSerialization.propertyList(from: data, format: nil) as? [String: Any], path)
        }
        let app = try plist("App/Info.plist")
        XCTAssertEqual(app["UIBackgroundModes"] as? [String], ["voip", "audio"])
        XCTAssertEqual(app["NSUserActivityTypes"] as? [String], ["INStartCallIntent"])
        XCTAssertNotNil(app["NSMicrophoneUsageDescription"] as? String)
        for file in ["App/Example.entitlements", "App/DefaultCallingApp.entitlements"] {
            XCTAssertEqual(try plist(file)["aps-environment"] as? String, "development")
        }
        XCTAssertEqual(try plist("App/DefaultCallingApp.entitlements")["com.apple.developer.calling-app"] as? Bool, true)
        XCTAssertEqual(try plist("NotificationService/NotificationService.entitlements")["com.apple.developer.usernotifications.filtering"] as? Bool, true)
        let points = [
            "CallDirectory": "com.apple.callkit.call-directory", "NotificationService": "com.apple.usernotifications.service",
            "Siri": "com.apple.intents-service",
        ]
        for (name, point) in points {
            let e = try XCTUnwrap(plist("\(name)/Info.plist")["NSExtension"] as? [String: Any])
            XCTAssertEqual(e["NSExtensionPointIdentifier"] as? String, point)
            let groups = try plist("\(name)/\(name).entitlements")["com.apple.security.application-groups"] as? [String]
            XCTAssertEqual(groups, [Shelf.group], "\(name) can't read what the app left for it")
        }
    }
}

/// onMain runs work on the main actor, where a synchronous test is.
private func onMain<R>(_ work: @MainActor () throws -> R) rethrows -> R {
    try withoutActuallyEscaping(work) { work in
        let carried = Carry(value: work)
        return try MainActor.assumeIsolated { Carry(value: try carried.value()) }.value
    }
}

private struct Carry<T>: @unchecked Sendable { let value: T }
