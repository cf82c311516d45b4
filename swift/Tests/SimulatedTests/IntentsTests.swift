import CallKit
import Intents
import RingtripSimulator
import XCTest

/// Recents and suggestions, as apps see them.
final class IntentsTests: XCTestCase {
    final class App: Caller, CXProviderDelegate {
        var activities: [NSUserActivity] = []
        init(_ process: SimulatedProcess) {
            let c = CXProviderConfiguration()
            c.supportedHandleTypes = [.generic, .phoneNumber]
            super.init(configuration: c)
            process.onUserActivity { [weak self] in self?.activities.append($0) }
            process.onDidBecomeActive { [weak self] in self?.active += 1 }
        }
        var active = 0
        func providerDidReset(_ provider: CXProvider) {}
        func provider(_ provider: CXProvider, perform action: CXAnswerCallAction) { action.fulfill() }
        func provider(_ provider: CXProvider, perform action: CXEndCallAction) { action.fulfill() }
    }

    func testATapInRecentsIsAStartCallIntent() throws {
        let phone = try SimulatedPhone.with { App($0) }
        defer { phone.close() }
        phone.ring()
        try phone.perform("U answer")
        phone.wait(2)
        try phone.perform("U end")
        phone.wait(2)
        try phone.perform("U recents")
        try phone.perform("U tap 0")
        phone.wait(2)
        let app = try phone.app(App.self)
        let activity = try XCTUnwrap(app.activities.first, phone.log)
        let intent = try XCTUnwrap(activity.interaction?.intent as? INStartCallIntent)
        XCTAssertEqual(activity.activityType, "INStartCallIntent")
        XCTAssertEqual(intent.contacts?.first?.personHandle?.value, "alice")
        XCTAssertEqual(intent.callCapability, .audioCall)
        XCTAssertEqual(phone.process?.applicationState, .active)
        XCTAssertGreaterThan(app.active, 0)
    }

    func testDonation() throws {
        let phone = try SimulatedPhone.with { App($0) }
        defer { phone.close() }
        func donate(_ name: String, group: String) {
            let person = INPerson(
                personHandle: INPersonHandle(value: name, type: .unknown), nameComponents: nil, displayName: name, image: nil,
                contactIdentifier: nil, customIdentifier: nil)
            let intent = INStartCallIntent(
                callRecordFilter: nil, callRecordToCallBack: nil, audioRoute: .unknown, destinationType: .normal, contacts: [person],
                callCapability: .audioCall)
            let interaction = INInteraction(intent: intent, response: nil)
            interaction.direction = .outgoing
            interaction.groupIdentifier = group
            interaction.dateInterval = DateInterval(start: Date(timeIntervalSinceNow: -60), duration: 60)
            interaction.donate { error in XCTAssertNil(error) }
        }
        donate("carol", group: "a")
        donate("dave", group: "b")
        phone.wait(1)
        XCTAssertTrue(try phone.look("suggestions").contains("carol"))
        var deleted = false
        Task { @MainActor in
            try await INInteraction.delete(with: "a")
            deleted = true
        }
        phone.wait(1)
        XCTAssertTrue(deleted)
        XCTAssertFalse(try phone.look("suggestions").contains("carol"))
        XCTAssertTrue(try phone.look("suggestions").contains("dave"))
    }
}
