import AVFoundation
import CallKit
import ClassicApp
import PushKit
import RingtripSimulator
import XCTest

/// A classic CallKit guide's app, written as for iOS, on a simulated iPhone.
final class ClassicAppTests: XCTestCase {
    /// The app's main objects, as an AppDelegate would hold them.
    final class App {
        let callManager = CallManager()
        lazy var providerDelegate = ProviderDelegate(callManager: callManager)
        lazy var pushManager = PushManager(providerDelegate: providerDelegate)
    }

    private func phone(os: String = "", knobs: [String: String] = [:]) throws -> SimulatedPhone {
        let phone = try SimulatedPhone(os: os, knobs: knobs) { process in
            let app = App()
            _ = app.pushManager
            process.keep(app)
        }
        phone.settle()
        return phone
    }

    private func push(_ phone: SimulatedPhone, _ id: UUID = UUID(), handle: String = "+15550100") -> UUID {
        phone.push(["callUUID": id.uuidString, "handle": handle])
        phone.wait(1)
        return id
    }

    private func app(_ phone: SimulatedPhone) throws -> App { try XCTUnwrap(phone.process?.kept(App.self)) }

    private func XCTAssertLog(_ phone: SimulatedPhone, has words: String, line: UInt = #line) {
        XCTAssertTrue(phone.log.contains(words), "the log has no \(words):\n\(phone.log)", line: line)
    }

    private func XCTAssertSees(_ phone: SimulatedPhone, _ what: String, _ words: String, line: UInt = #line) {
        let seen = (try? phone.look(what)) ?? "nothing"
        XCTAssertTrue(seen.contains(words), "\(what) is \(seen), which has no \(words)", line: line)
    }

    func testIncomingCallFromPushToEnd() throws {
        let phone = try phone()
        defer { phone.close() }
        try phone.perform("U open")
        phone.wait(1)
        XCTAssertNotNil(try app(phone).pushManager.deviceToken)
        try phone.perform("U home")

        let id = push(phone)
        XCTAssertSees(phone, "screen", id.uuidString.lowercased())
        XCTAssertEqual(try app(phone).callManager.calls.map(\.uuid), [id])
        XCTAssertEqual(CXCallObserver().calls.map(\.uuid), [id])
        XCTAssertFalse(CXCallObserver().calls[0].hasConnected)
        XCTAssertFalse(AudioController.isRunning)

        try phone.perform("U answer")
        phone.wait(1)
        let call = try app(phone).callManager.calls[0]
        XCTAssertTrue(call.isActive)
        XCTAssertTrue(AudioController.isRunning)
        XCTAssertTrue(CXCallObserver().calls[0].hasConnected)
        XCTAssertEqual(AVAudioSession.sharedInstance().category, .playAndRecord, phone.log)
        XCTAssertEqual(AVAudioSession.sharedInstance().mode, .voiceChat)

        try app(phone).callManager.setHeld(call: call, onHold: true)
        phone.wait(1)
        XCTAssertTrue(call.isOnHold)
        XCTAssertFalse(AudioController.isRunning)
        try app(phone).callManager.setHeld(call: call, onHold: false)
        phone.wait(1)
        XCTAssertTrue(AudioController.isRunning)

        try phone.perform("U mute on")
        XCTAssertTrue(call.isMuted)
        try app(phone).callManager.setMuted(call: call, muted: false)
        phone.wait(1)
        XCTAssertFalse(call.isMuted)

        try phone.perform("U end")
        phone.wait(1)
        XCTAssertFalse(AudioController.isRunning)
        XCTAssertEqual(try app(phone).callManager.calls.count, 0)
        XCTAssertEqual(CXCallObserver().calls.count, 0)
        XCTAssertLog(phone, has: "didDeactivate")
    }

    func testOutgoingCall() throws {
        let phone = try phone()
        defer { phone.close() }
        try phone.perform("U open")
        phone.wait(1)
        try app(phone).callManager.startCall(handle: "+15550123", videoEnabled: false)
        phone.wait(1)
        let call = try XCTUnwrap(try app(phone).callManager.calls.first)
        XCTAssertTrue(CXCallObserver().calls[0].isOutgoing)
        try app(phone).providerDelegate.remoteAnswered(uuid: call.uuid)
        phone.wait(5)
        XCTAssertTrue(CXCallObserver().calls[0].hasConnected)
        XCTAssertTrue(AudioController.isRunning)
        try app(phone).callManager.end(call: call)
        phone.wait(1)
        XCTAssertSees(phone, "recents", "outgoing=true")
        XCTAssertSees(phone, "recents", "+15550123")
        XCTAssertEqual(try app(phone).callManager.errors.count, 0)
    }

    func testDoNotDisturb() throws {
        let phone = try phone()
        defer { phone.close() }
        try phone.perform("U open")
        phone.wait(1)
        try phone.perform("U home")
        try phone.perform("SYS focus Sleep")
        _ = push(phone)
        let app = try app(phone)
        XCTAssertEqual(app.callManager.calls.count, 0)
        let error = try XCTUnwrap(app.providerDelegate.incomingErrors.first)
        XCTAssertEqual((error as? CXErrorCodeIncomingCallError)?.code, .filteredByDoNotDisturb)
        XCTAssertTrue(CXErrorCodeIncomingCallError.filteredByDoNotDisturb ~= error)
        XCTAssertNotNil(phone.process, "a filtered report counts as a report")
    }

    func testUnreportedPushIsKilled() throws {
        let phone = try phone()
        defer { phone.close() }
        try phone.perform("U open")
        phone.wait(1)
        try phone.perform("U home")
        try app(phone).pushManager.forgetsToReport = true
        let before = phone.process?.number
        _ = push(phone)
        XCTAssertNotEqual(phone.process?.number, before, phone.log)
        XCTAssertLog(phone, has: "Killing app because it never posted an incoming call")
    }

    /// To leave the report to the main queue is too late: the delegate has returned then (forums 817976).
    func testReportAfterTheDelegateReturnedIsTooLate() throws {
        let phone = try phone()
        defer { phone.close() }
        try phone.perform("U open")
        phone.wait(1)
        try phone.perform("U home")
        try app(phone).pushManager.reportsLater = true
        let before = phone.process?.number
        _ = push(phone)
        XCTAssertNotEqual(phone.process?.number, before, phone.log)
        XCTAssertLog(phone, has: "Killing app because it never posted an incoming call")
    }

    func testUnknownCallIsRefused() throws {
        let phone = try phone()
        defer { phone.close() }
        try phone.perform("U open")
        phone.wait(1)
        let app = try app(phone)
        let id = push(phone)
        app.providerDelegate.remoteHungUp(uuid: id)
        phone.wait(1)
        let done = expectation(description: "completion")
        CXCallController(queue: .main).request(CXTransaction(action: CXEndCallAction(call: id))) { error in
            XCTAssertEqual((error as? CXErrorCodeRequestTransactionError)?.code, .unknownCallUUID)
            done.fulfill()
        }
        phone.wait(1)
        wait(for: [done], timeout: 0)
    }

    /// A push wakes an app that was killed: a new process, whose objects are new.
    func testPushLaunchesTheApp() throws {
        let phone = try phone()
        defer { phone.close() }
        try phone.perform("U open")
        phone.wait(1)
        let before = try app(phone)
        try phone.perform("U swipe")
        XCTAssertNil(phone.process)
        let id = push(phone)
        XCTAssertFalse(try app(phone) === before)
        XCTAssertEqual(try app(phone).callManager.calls.map(\.uuid), [id])
        XCTAssertTrue(try XCTUnwrap(phone.process).launch.background)
    }

    /// One seed, one log.
    func testTheSameLogTwice() throws {
        func play() throws -> String {
            let phone = try phone()
            defer { phone.close() }
            try phone.perform("U open")
            phone.wait(1)
            _ = push(phone, UUID(uuidString: "01234567-89AB-4CDE-8F01-23456789ABCD")!)
            try phone.perform("U answer")
            phone.wait(3)
            try phone.perform("U end")
            phone.wait(3)
            return phone.log
        }
        XCTAssertEqual(try play(), try play())
    }
}
