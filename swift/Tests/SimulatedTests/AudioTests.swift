import AVFoundation
import CallKit
import RingtripSimulator
import XCTest

/// The audio session of the simulated iPhone, as apps use it.
final class AudioTests: XCTestCase {
    final class App: Caller, CXProviderDelegate {
        var session: AVAudioSession?
        func providerDidReset(_ provider: CXProvider) {}
        func provider(_ provider: CXProvider, perform action: CXAnswerCallAction) {
            try? AVAudioSession.sharedInstance().setCategory(.playAndRecord, mode: .voiceChat, options: [.allowBluetoothHFP, .duckOthers])
            action.fulfill()
        }
        func provider(_ provider: CXProvider, perform action: CXSetHeldCallAction) { action.fulfill() }
        func provider(_ provider: CXProvider, didActivate audioSession: AVAudioSession) { session = audioSession }
        func provider(_ provider: CXProvider, didDeactivate audioSession: AVAudioSession) { session = nil }
    }

    private func talking() throws -> SimulatedPhone {
        let phone = try SimulatedPhone.with { _ in App() }
        phone.ring()
        try phone.perform("U answer")
        phone.wait(2)
        return phone
    }

    func testCategoryModeOptionsRoute() throws {
        let phone = try talking()
        defer { phone.close() }
        let session = try XCTUnwrap(try phone.app(App.self).session)
        XCTAssertTrue(session === AVAudioSession.sharedInstance())
        XCTAssertEqual(session.category, .playAndRecord)
        XCTAssertEqual(session.category.rawValue, "AVAudioSessionCategoryPlayAndRecord")
        XCTAssertEqual(session.mode, .voiceChat)
        XCTAssertEqual(session.categoryOptions, [.allowBluetooth, .duckOthers, .mixWithOthers]) // who ducks mixes
        XCTAssertTrue(session.availableModes.contains(.videoChat))
        XCTAssertEqual(session.currentRoute.outputs.map(\.portType), [.builtInReceiver])
        XCTAssertEqual(session.currentRoute.inputs.map(\.portType), [.builtInMic])
        try session.overrideOutputAudioPort(.speaker)
        phone.settle()
        XCTAssertEqual(session.currentRoute.outputs.map(\.portType), [.builtInSpeaker])
        try session.overrideOutputAudioPort(.none)
        phone.settle()
        XCTAssertEqual(session.currentRoute.outputs.map(\.portType), [.builtInReceiver])
        try session.setPreferredSampleRate(48000)
        XCTAssertEqual(session.preferredSampleRate, 48000)
        try session.setPreferredIOBufferDuration(0.02)
        XCTAssertEqual(session.preferredIOBufferDuration, 0.02, accuracy: 1e-6)
        XCTAssertEqual(session.recordPermission, .granted)
    }

    func testRouteChangeNotification() throws {
        let phone = try talking()
        defer { phone.close() }
        nonisolated(unsafe) var seen: [(UInt?, AVAudioSession.Port?)] = []
        let token = NotificationCenter.default.addObserver(
            forName: AVAudioSession.routeChangeNotification, object: AVAudioSession.sharedInstance(), queue: nil
        ) { n in
            let before = n.userInfo?[AVAudioSessionRouteChangePreviousRouteKey] as? AVAudioSessionRouteDescription
            seen.append((n.userInfo?[AVAudioSessionRouteChangeReasonKey] as? UInt, before?.outputs.first?.portType))
        }
        defer { NotificationCenter.default.removeObserver(token) }
        try phone.perform("U plug Headphones")
        phone.wait(1)
        XCTAssertEqual(seen.map { $0.0.flatMap(AVAudioSession.RouteChangeReason.init) }, [.newDeviceAvailable])
        XCTAssertEqual(seen.map(\.1), [.builtInReceiver])
        XCTAssertEqual(AVAudioSession.sharedInstance().currentRoute.outputs.first?.portType, .headphones)
    }

    func testInterruptionNotification() throws {
        let phone = try talking()
        defer { phone.close() }
        nonisolated(unsafe) var seen: [AVAudioSession.InterruptionType?] = []
        let token = NotificationCenter.default.addObserver(
            forName: AVAudioSession.interruptionNotification, object: nil, queue: nil
        ) { n in
            guard let raw = n.userInfo?[AVAudioSessionInterruptionTypeKey] as? UInt else { return XCTFail("no type") }
            seen.append(AVAudioSession.InterruptionType(rawValue: raw))
        }
        defer { NotificationCenter.default.removeObserver(token) }
        try phone.perform("U hold on")
        phone.wait(1)
        XCTAssertEqual(seen, [.began], phone.log) // and no end: held calls hear none
        XCTAssertNil(try phone.app(App.self).session)
    }

    func testWhatAnAppMayNotDoDuringACall() throws {
        let phone = try talking()
        defer { phone.close() }
        XCTAssertThrowsError(try AVAudioSession.sharedInstance().setCategory(.playback)) { error in
            XCTAssertEqual((error as NSError).domain, "NSOSStatusErrorDomain")
            XCTAssertNotEqual((error as NSError).code, 0)
        }
    }

    func testMicrophone() throws {
        let phone = try talking()
        defer { phone.close() }
        XCTAssertEqual(AVAudioApplication.shared.recordPermission, .granted)
        nonisolated(unsafe) var changes: [Bool] = []
        let token = NotificationCenter.default.addObserver(
            forName: AVAudioApplication.inputMuteStateChangeNotification, object: nil, queue: nil
        ) { n in changes.append(n.userInfo?[AVAudioApplication.muteStateKey] as? Bool ?? false) }
        defer { NotificationCenter.default.removeObserver(token) }
        try AVAudioApplication.shared.setInputMuted(true)
        phone.wait(1)
        XCTAssertTrue(AVAudioApplication.shared.isInputMuted)
        var granted: Bool?
        Task { @MainActor in granted = await AVAudioApplication.requestRecordPermission() }
        phone.wait(1)
        XCTAssertEqual(granted, true)
    }
}
