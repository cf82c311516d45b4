import AVFoundation
import CallKit
import PushKit
import RingtripSimulator
import XCTest

/// What a delegate implements, when it is called, and on which queue.
final class ProviderTests: XCTestCase {
    /// Has only what is required.
    final class Bare: Caller, CXProviderDelegate {
        var resets = 0
        func providerDidReset(_ provider: CXProvider) { resets += 1 }
    }

    func testUnimplementedMethodsAreTheSystemsAffair() throws {
        for (knob, connected) in [("fulfill", true), ("fail", false)] {
            let phone = try SimulatedPhone.with(knobs: ["unimplementedActions": knob]) { _ in Bare() }
            defer { phone.close() }
            phone.ring()
            try phone.perform("U answer")
            phone.wait(1)
            XCTAssertLog(phone, has: "the delegate does not implement it: \(knob)")
            XCTAssertEqual(CXCallObserver().calls.first?.hasConnected ?? false, connected, phone.log)
            XCTAssertEqual(try phone.app(Bare.self).provider.pendingTransactions.count, 0)
        }
    }

    /// Does nothing at once.
    final class Slow: Caller, CXProviderDelegate {
        var answer: CXAnswerCallAction?
        var timedOut: CXAction?
        func providerDidReset(_ provider: CXProvider) {}
        func provider(_ provider: CXProvider, perform action: CXAnswerCallAction) { answer = action }
        func provider(_ provider: CXProvider, timedOutPerforming action: CXAction) { timedOut = action }
    }

    func testPendingActionsAndTimeout() throws {
        let phone = try SimulatedPhone.with { _ in Slow() }
        defer { phone.close() }
        let id = phone.ring()
        try phone.perform("U answer")
        let app = try phone.app(Slow.self)
        let action = try XCTUnwrap(app.answer)
        XCTAssertEqual(app.provider.pendingTransactions.flatMap(\.actions), [action])
        XCTAssertEqual(app.provider.pendingCallActions(of: CXAnswerCallAction.self, withCall: id), [action])
        XCTAssertEqual(app.provider.pendingCallActions(of: CXCallAction.self, withCall: id), [action])
        XCTAssertEqual(app.provider.pendingCallActions(of: CXEndCallAction.self, withCall: id), [])
        XCTAssertEqual(action.timeoutDate.timeIntervalSinceNow, 60, accuracy: 2)
        XCTAssertFalse(action.isComplete)
        phone.wait(61)
        XCTAssertTrue(app.timedOut === action)
        XCTAssertTrue(action.isComplete)
        XCTAssertEqual(app.provider.pendingTransactions, [])
    }

    func testFulfillLaterAndOnce() throws {
        let phone = try SimulatedPhone.with { _ in Slow() }
        defer { phone.close() }
        phone.ring()
        try phone.perform("U answer")
        let app = try phone.app(Slow.self)
        phone.wait(3)
        app.answer?.fulfill(withDateConnected: Date())
        app.answer?.fail()
        phone.wait(1)
        XCTAssertTrue(CXCallObserver().calls[0].hasConnected)
        XCTAssertFalse(phone.log.contains("fail Answer"), phone.log)
    }

    /// Takes transactions as a whole.
    final class Whole: Caller, CXProviderDelegate {
        var executed: [[CXAction]] = []
        func providerDidReset(_ provider: CXProvider) {}
        func provider(_ provider: CXProvider, execute transaction: CXTransaction) -> Bool {
            executed.append(transaction.actions)
            for a in transaction.actions { a.fulfill() }
            return true
        }
    }

    func testExecuteTransaction() throws {
        let phone = try SimulatedPhone.with { _ in Whole() }
        defer { phone.close() }
        phone.ring()
        try phone.perform("U answer")
        phone.wait(1)
        XCTAssertEqual(try phone.app(Whole.self).executed.count, 1)
        XCTAssertTrue(CXCallObserver().calls[0].hasConnected)
        XCTAssertLog(phone, has: "executeTransaction actions=1")
        XCTAssertFalse(phone.log.contains("performAnswer"), phone.log)
    }

    /// Checks the queue.
    final class Queued: Caller, CXProviderDelegate {
        static let queue = DispatchQueue(label: "calls")
        var answered = false
        func providerDidReset(_ provider: CXProvider) {}
        func provider(_ provider: CXProvider, perform action: CXAnswerCallAction) {
            dispatchPrecondition(condition: .onQueue(Queued.queue))
            answered = true
            action.fulfill()
        }
    }

    func testDelegateQueueIsHonoured() throws {
        let phone = try SimulatedPhone.with { _ in Queued(queue: Queued.queue) }
        defer { phone.close() }
        phone.ring()
        try phone.perform("U answer")
        XCTAssertTrue(try phone.app(Queued.self).answered)
    }

    func testDelegatesAreWeak() throws {
        let phone = try SimulatedPhone.with { _ in Caller(delegate: Bare()) }
        defer { phone.close() }
        phone.ring()
        try phone.perform("U answer") // nobody performs it, and nothing crashes
        phone.wait(1)
        XCTAssertEqual(CXCallObserver().calls.count, 1)
    }

    func testDaemonCrashResets() throws {
        let phone = try SimulatedPhone.with { _ in Bare() }
        defer { phone.close() }
        phone.ring()
        try phone.perform("SYS restartCallService")
        phone.wait(5)
        XCTAssertEqual(try phone.app(Bare.self).resets, 1)
        XCTAssertEqual(CXCallObserver().calls.count, 0)
    }

    func testConfigurationIsACopy() throws {
        let phone = try SimulatedPhone.with { _ in Bare() }
        defer { phone.close() }
        let provider = try phone.app(Bare.self).provider
        provider.configuration.maximumCallGroups = 7 // changes a copy, to no effect
        XCTAssertEqual(provider.configuration.maximumCallGroups, 2)
        let copy = provider.configuration
        copy.maximumCallGroups = 1
        provider.configuration = copy
        copy.maximumCallGroups = 9
        XCTAssertEqual(provider.configuration.maximumCallGroups, 1)
    }

    func testOnlyWhatWasSetIsUpdated() throws {
        let phone = try SimulatedPhone.with { _ in Bare() }
        defer { phone.close() }
        let id = phone.ring()
        let update = CXCallUpdate()
        update.localizedCallerName = "Bob"
        try phone.app(Bare.self).provider.reportCall(with: id, updated: update)
        phone.wait(1)
        XCTAssertTrue(try phone.look("screen").contains("caller=\"Bob\""))
    }

    func testErrorsAsAppsReadThem() throws {
        let phone = try SimulatedPhone.with { _ in Bare() }
        defer { phone.close() }
        let app = try phone.app(Bare.self)
        var got: [Error?] = []
        app.controller.requestTransaction(with: CXEndCallAction(call: UUID())) { got.append($0) }
        app.controller.request(CXTransaction()) { got.append($0) }
        phone.wait(1)
        XCTAssertEqual(got.count, 2)
        XCTAssertEqual((got[0] as? CXErrorCodeRequestTransactionError)?.code, .unknownCallUUID)
        XCTAssertEqual((got[1] as? CXErrorCodeRequestTransactionError)?.code, .emptyTransaction)
        XCTAssertEqual((got[0] as? CXErrorCodeRequestTransactionError)?.errorCode, 4)
        XCTAssertEqual((got[0] as? CustomNSError).map { type(of: $0).errorDomain }, CXErrorDomainRequestTransaction)
        do {
            throw CXErrorCodeIncomingCallError(.filteredByBlockList)
        } catch CXErrorCodeIncomingCallError.filteredByBlockList {
        } catch { XCTFail("\(error)") }
    }

    func testAsyncVariants() throws {
        let phone = try SimulatedPhone.with { _ in Slow() }
        defer { phone.close() }
        let app = try phone.app(Slow.self)
        let id = UUID()
        var said: [String] = []
        Task { @MainActor in
            let update = CXCallUpdate()
            update.remoteHandle = CXHandle(type: .generic, value: "alice")
            do {
                try await app.provider.reportNewIncomingCall(with: id, update: update)
                said.append("rings")
                try await app.provider.reportNewIncomingCall(with: id, update: update)
            } catch CXErrorCodeIncomingCallError.callUUIDAlreadyExists {
                said.append("exists")
            }
            try await app.controller.requestTransaction(with: CXEndCallAction(call: id))
            said.append("ends")
            do {
                try await app.controller.request(CXTransaction(action: CXSetHeldCallAction(call: UUID(), onHold: true)))
            } catch let e as CXErrorCodeRequestTransactionError {
                said.append("\(e.code)")
            }
        }
        phone.wait(1)
        phone.wait(1)
        XCTAssertEqual(said, ["rings", "exists", "ends", "unknownCallUUID"], phone.log)
    }

    func testActionsCanBeCopiedAndArchived() throws {
        let start = CXStartCallAction(call: UUID(), handle: CXHandle(type: .emailAddress, value: "a@b.c"))
        start.isVideo = true
        let copy = try XCTUnwrap(start.copy() as? CXStartCallAction)
        XCTAssertEqual(copy.callUUID, start.callUUID)
        XCTAssertEqual(copy.handle, start.handle)
        XCTAssertTrue(copy.isVideo)
        let tones = CXPlayDTMFCallAction(call: UUID(), digits: "12#", type: .softPause)
        let data = try NSKeyedArchiver.archivedData(withRootObject: tones, requiringSecureCoding: true)
        let back = try XCTUnwrap(NSKeyedUnarchiver.unarchivedObject(ofClass: CXPlayDTMFCallAction.self, from: data))
        XCTAssertEqual(back.digits, "12#")
        XCTAssertEqual(back.type, .softPause)
        XCTAssertEqual(back.uuid, tones.uuid)
    }

    /// iOS 26.4 says whether a call must be reported; older ones don't ask.
    final class Told: NSObject, PKPushRegistryDelegate {
        let registry = PKPushRegistry(queue: nil)
        var must: [Bool] = []
        var old = 0
        override init() {
            super.init()
            registry.delegate = self
            registry.desiredPushTypes = [.voIP]
        }
        func pushRegistry(_ registry: PKPushRegistry, didUpdate pushCredentials: PKPushCredentials, for type: PKPushType) {}
        func pushRegistry(
            _ registry: PKPushRegistry, didReceiveIncomingVoIPPushWith payload: PKPushPayload, metadata: PKVoIPPushMetadata,
            withCompletionHandler completion: @escaping @Sendable () -> Void
        ) {
            must.append(metadata.mustReport)
            completion()
        }
        func pushRegistry(
            _ registry: PKPushRegistry, didReceiveIncomingPushWith payload: PKPushPayload, for type: PKPushType,
            completion: @escaping () -> Void
        ) {
            old += 1
            completion()
        }
    }

    func testMustReport() throws {
        for (os, must, old) in [("26.4", [false], 0), ("18", [], 1)] {
            let phone = try SimulatedPhone(os: os) { $0.keep(Told()) }
            defer { phone.close() }
            try phone.perform("U open")
            phone.wait(1)
            let told = try XCTUnwrap(phone.process?.kept(Told.self))
            phone.ring() // in the foreground
            XCTAssertEqual(told.must, must, os)
            XCTAssertEqual(told.old, old, os)
        }
    }

    func testWrongUseSaysWhy() throws {
        XCTAssertThrowsError(try SimulatedPhone(os: "3") { _ in }) { XCTAssertTrue("\($0)".contains("3"), "\($0)") }
        XCTAssertThrowsError(try SimulatedPhone(knobs: ["nonsense": "1"]) { _ in }) { XCTAssertTrue("\($0)".contains("nonsense"), "\($0)") }
        let phone = try SimulatedPhone { _ in }
        XCTAssertThrowsError(try phone.perform("U fly")) { XCTAssertTrue("\($0)".contains("fly"), "\($0)") }
        XCTAssertThrowsError(try phone.perform("U answer"))
        XCTAssertThrowsError(try phone.look("the moon"))
        phone.close()
        XCTAssertThrowsError(try phone.perform("U answer")) { XCTAssertTrue("\($0)".contains("closed"), "\($0)") }
    }
}
