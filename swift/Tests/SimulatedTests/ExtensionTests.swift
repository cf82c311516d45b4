import CallKit
import Intents
import RingtripSimulator
import UserNotifications
import XCTest

/// The app's extensions, which are processes of their own.
final class ExtensionTests: XCTestCase {
    final class App: Caller, CXProviderDelegate {
        var activities: [NSUserActivity] = []
        init(_ process: SimulatedProcess) {
            let c = CXProviderConfiguration()
            c.supportedHandleTypes = [.phoneNumber, .generic]
            super.init(configuration: c)
            process.onUserActivity { [weak self] in self?.activities.append($0) }
        }
        func providerDidReset(_ provider: CXProvider) {}
    }

    /// A guide's call directory extension.
    final class Directory: CXCallDirectoryProvider, CXCallDirectoryExtensionContextDelegate {
        nonisolated(unsafe) static var failures: [Error] = []
        nonisolated(unsafe) static var numbers: [CXCallDirectoryPhoneNumber] = []

        override func beginRequest(with context: CXCallDirectoryExtensionContext) {
            context.delegate = self
            for number in Directory.numbers { context.addBlockingEntry(withNextSequentialPhoneNumber: number) }
            context.addIdentificationEntry(withNextSequentialPhoneNumber: 1_877_555_5555, label: "Telemarketer")
            context.completeRequest()
        }

        func requestFailed(for extensionContext: CXCallDirectoryExtensionContext, withError error: Error) { Directory.failures.append(error) }
    }

    func testCallDirectory() throws {
        let phone = try SimulatedPhone.with(traits: ["callDirectory"]) { App($0) }
        defer { phone.close() }
        phone.install(callDirectory: Directory.init)
        Directory.numbers = [1_408_555_5555, 1_800_555_5555]
        Directory.failures = []
        try phone.perform("SYS callDirectory on")
        phone.wait(5)
        try phone.perform("U open") // a suspended app asks nobody anything
        phone.wait(1)
        var status: CXCallDirectoryManager.EnabledStatus?
        Task { @MainActor in
            status = try await CXCallDirectoryManager.sharedInstance.enabledStatusForExtension(withIdentifier: "com.example.app.directory")
        }
        phone.wait(1)
        XCTAssertEqual(status, .enabled, phone.log)

        var reported: Error?
        let update = CXCallUpdate()
        update.remoteHandle = CXHandle(type: .phoneNumber, value: "+14085555555")
        try phone.app(App.self).provider.reportNewIncomingCall(with: UUID(), update: update) { reported = $0 }
        phone.wait(1)
        XCTAssertEqual((reported as? CXErrorCodeIncomingCallError)?.code, .filteredByBlockList, phone.log)

        Directory.numbers = [2, 1]
        var reload: Error?
        CXCallDirectoryManager.sharedInstance.reloadExtension(withIdentifier: "com.example.app.directory") { reload = $0 }
        phone.wait(5)
        XCTAssertEqual((reload as? CXErrorCodeCallDirectoryManagerError)?.code, .entriesOutOfOrder, phone.log)
        XCTAssertEqual(Directory.failures.compactMap { ($0 as? CXErrorCodeCallDirectoryManagerError)?.code }, [.entriesOutOfOrder])
    }

    /// Decrypts an alert and finds a call in it.
    final class Service: UNNotificationServiceExtension {
        nonisolated(unsafe) static var errors: [Error?] = []

        override func didReceive(_ request: UNNotificationRequest, withContentHandler contentHandler: @escaping (UNNotificationContent) -> Void) {
            CXProvider.reportNewIncomingVoIPPushPayload(["callUUID": "01234567-89AB-4CDE-8F01-23456789ABCD"]) { error in
                Service.errors.append(error)
                contentHandler(UNNotificationContent())
            }
        }
    }

    func testNotificationServiceHandsOverACall() throws {
        let phone = try SimulatedPhone.with(traits: ["notificationService", "filteringEntitlement"]) { App($0) }
        defer { phone.close() }
        phone.install(notificationService: Service.init)
        Service.errors = []
        try phone.perform("N alertPush u1 name=Bob")
        phone.wait(3)
        XCTAssertEqual(Service.errors.count, 1, phone.log)
        XCTAssertNil(Service.errors.first ?? nil)
        XCTAssertEqual(try phone.app(App.self).calls.map(\.uuidString), ["01234567-89AB-4CDE-8F01-23456789ABCD"], phone.log)
    }

    func testAnAppIsNoNotificationService() throws {
        let phone = try SimulatedPhone.with { App($0) }
        defer { phone.close() }
        var error: Error?
        CXProvider.reportNewIncomingVoIPPushPayload(["a": 1]) { error = $0 }
        phone.wait(1)
        XCTAssertEqual((error as? CXErrorCodeNotificationServiceExtensionError)?.code, .invalidClientProcess)
    }

    /// An Intents extension that leaves the call to the app.
    final class Siri: INExtension, INStartCallIntentHandling {
        nonisolated(unsafe) static var asked: [String] = []

        func resolveContacts(for intent: INStartCallIntent, with completion: @escaping ([INStartCallContactResolutionResult]) -> Void) {
            Siri.asked.append("resolve")
            completion((intent.contacts ?? []).map { .success(with: $0) })
        }

        func handle(intent: INStartCallIntent, completion: @escaping (INStartCallIntentResponse) -> Void) {
            Siri.asked.append("handle \(intent.contacts?.first?.personHandle?.value ?? "nobody")")
            completion(INStartCallIntentResponse(code: .continueInApp, userActivity: NSUserActivity(activityType: "INStartCallIntent")))
        }
    }

    func testSiriContinuesInTheApp() throws {
        let phone = try SimulatedPhone.with(traits: ["intentsExtension"]) { App($0) }
        defer { phone.close() }
        phone.install(intents: Siri.init)
        Siri.asked = []
        try phone.perform("U siri call bob")
        phone.wait(5)
        XCTAssertEqual(Siri.asked, ["resolve", "handle bob"], phone.log)
        let intent = try phone.app(App.self).activities.first?.interaction?.intent as? INStartCallIntent
        XCTAssertEqual(intent?.contacts?.first?.personHandle?.value, "bob", phone.log)
    }
}
