import AVFoundation
import LiveCommunicationKit
import PushKit
import RingtripSimulator
import XCTest

/// LiveCommunicationKit of the simulated iPhone, as an app uses it.
final class ConversationTests: XCTestCase {
    final class App: ConversationManagerDelegate {
        let manager = ConversationManager(
            configuration: .init(
                ringtoneName: nil, iconTemplateImageData: nil, maximumConversationGroups: 2, maximumConversationsPerConversationGroup: 5,
                includesConversationInRecents: true, supportsVideo: false, supportedHandleTypes: [.generic]))
        var said: [String] = []
        var held: ConversationAction?

        init() { manager.delegate = self }

        func conversationManagerDidBegin(_ manager: ConversationManager) { said.append("begin") }
        func conversationManagerDidReset(_ manager: ConversationManager) { said.append("reset") }
        func conversationManager(_ manager: ConversationManager, conversationChanged conversation: Conversation) {
            said.append("\(conversation.state)")
        }
        func conversationManager(_ manager: ConversationManager, perform action: ConversationAction) {
            switch action {
            case let join as JoinConversationAction:
                join.fulfill(dateConnected: Date())
                if let c = manager.conversations.first(where: { $0.uuid == join.conversationUUID }) {
                    manager.reportConversationEvent(.conversationConnected(Date()), for: c)
                }
            case let start as StartConversationAction:
                said.append("start \(start.handles.map(\.value))")
                start.fulfill(dateStarted: Date())
            case let mute as MuteConversationAction:
                said.append("mute \(mute.isMuted)")
                mute.fulfill()
            case let pause as PauseConversationAction:
                held = pause
            default:
                action.fulfill()
            }
        }
        func conversationManager(_ manager: ConversationManager, timedOutPerforming action: ConversationAction) {
            said.append("timed out \(type(of: action)) \(action.state)")
        }
        func conversationManager(_ manager: ConversationManager, didActivate audioSession: AVAudioSession) { said.append("audio") }
        func conversationManager(_ manager: ConversationManager, didDeactivate audioSession: AVAudioSession) { said.append("no audio") }
    }

    private func report(_ app: App, _ id: UUID) {
        Task { @MainActor in
            try await app.manager.reportNewIncomingConversation(
                uuid: id,
                update: .init(members: [Handle(type: .generic, value: "alice", displayName: "Alice")], capabilities: [.pausing, .merging]))
            app.said.append("rings")
        }
    }

    func testIncomingConversation() throws {
        let phone = try SimulatedPhone.with { _ in App() }
        defer { phone.close() }
        let app = try phone.app(App.self)
        let id = UUID()
        report(app, id)
        phone.wait(1)
        phone.wait(1)
        XCTAssertTrue(app.said.contains("rings"), phone.log)
        XCTAssertEqual(app.manager.conversations.map(\.uuid), [id])
        XCTAssertEqual(app.manager.conversations.map(\.state), [.idle])
        XCTAssertTrue(try phone.look("screen").contains("caller=\"Alice\""))
        try phone.perform("U answer")
        phone.wait(2)
        XCTAssertEqual(app.manager.conversations.map(\.state), [.joined], phone.log)
        XCTAssertTrue(app.said.contains("audio"))
        try phone.perform("U mute on")
        XCTAssertTrue(app.said.contains("mute true"))

        try phone.perform("U hold on")
        XCTAssertEqual(app.manager.pendingActions.count, 1)
        let conversation = app.manager.conversations[0]
        XCTAssertEqual(app.manager.pendingConversationActions(of: PauseConversationAction.self, for: conversation).count, 1)
        XCTAssertEqual(app.manager.pendingConversationActions(of: EndConversationAction.self, for: conversation).count, 0)
        XCTAssertEqual(app.held?.state, .running)
        app.held?.fulfill()
        phone.wait(1)
        XCTAssertEqual(app.held?.state, .complete)
        XCTAssertEqual(app.manager.conversations.map(\.state), [.paused])

        app.manager.reportConversationEvent(.conversationEnded(Date(), .remoteEnded), for: conversation)
        phone.wait(1)
        XCTAssertEqual(app.manager.conversations.count, 0)
        XCTAssertEqual(app.said.last, "left")
    }

    func testOutgoingConversationAndErrors() throws {
        let phone = try SimulatedPhone.with { _ in App() }
        defer { phone.close() }
        let app = try phone.app(App.self)
        let id = UUID()
        var errors: [NSError] = []
        Task { @MainActor in
            try await app.manager.perform([
                StartConversationAction(conversationUUID: id, handles: [Handle(type: .generic, value: "bob", displayName: "Bob")], isVideo: false)
            ])
            do { try await app.manager.perform([EndConversationAction(conversationUUID: UUID())]) } catch { errors.append(error as NSError) }
            try await app.manager.perform([EndConversationAction(conversationUUID: id)])
        }
        phone.wait(1)
        phone.wait(1)
        phone.wait(1)
        XCTAssertTrue(app.said.contains("start [\"bob\"]"), phone.log)
        XCTAssertEqual(errors.map(\.code), [4])
        XCTAssertEqual(app.manager.conversations.count, 0, phone.log)
    }

    /// Takes pushes and reports them as a conversation, waiting for it or not.
    final class Pushed: NSObject, PKPushRegistryDelegate {
        let app = App()
        let registry = PKPushRegistry(queue: nil)
        let waits: Bool

        init(waits: Bool) {
            self.waits = waits
            super.init()
            registry.delegate = self
            registry.desiredPushTypes = [.voIP]
        }

        func pushRegistry(_ registry: PKPushRegistry, didUpdate pushCredentials: PKPushCredentials, for type: PKPushType) {}

        func pushRegistry(
            _ registry: PKPushRegistry, didReceiveIncomingPushWith payload: PKPushPayload, for type: PKPushType,
            completion: @escaping () -> Void
        ) {
            nonisolated(unsafe) let manager = app.manager
            let report: @Sendable () async -> Void = {
                try? await manager.reportNewIncomingConversation(
                    uuid: UUID(), update: .init(members: [Handle(type: .generic, value: "alice")], capabilities: []))
            }
            if waits {
                let reported = DispatchSemaphore(value: 0)
                Task.detached {
                    await report()
                    reported.signal()
                }
                reported.wait()
            } else {
                Task { @MainActor in await report() }
            }
            completion()
        }
    }

    func testAPushDelegateMustWaitForItsReport() throws {
        for waits in [true, false] {
            let phone = try SimulatedPhone.with { _ in Pushed(waits: waits) }
            defer { phone.close() }
            let before = phone.process?.number
            phone.ring()
            XCTAssertEqual(phone.process?.number == before, waits, phone.log)
            XCTAssertEqual(phone.log.contains("Killing app because it never posted an incoming call"), !waits, phone.log)
        }
    }

    func testOldPhonesHaveNone() throws {
        let phone = try SimulatedPhone.with(os: "16") { _ in App() }
        defer { phone.close() }
        let app = try phone.app(App.self)
        var failed = false
        Task { @MainActor in
            do { try await app.manager.perform([]) } catch { failed = true }
        }
        phone.wait(1)
        XCTAssertTrue(failed)
    }

    func testHistoryIsForTheDefaultDialer() throws {
        let phone = try SimulatedPhone.with { _ in App() }
        defer { phone.close() }
        var error: Error?
        Task { @MainActor in
            do { _ = try await ConversationHistoryManager.sharedInstance.recentConversations(matching: #Predicate { _ in true }) } catch let e { error = e }
        }
        phone.wait(1)
        XCTAssertNotNil(error)
        XCTAssertEqual(TelephonyConversationManager.sharedInstance.cellularServices, [])
    }
}
