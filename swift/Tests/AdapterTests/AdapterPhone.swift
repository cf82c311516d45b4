import Foundation
import RingtripKit
import RingtripSimulator
import StubAudio
import XCTest

@testable import RingtripKit

/// AdapterPhone is a simulated iPhone with an app that is RingtripKit and one media adapter, on the stub of its SDK. The stub
/// holds the adapter to the audio rules, and asks the phone itself whether it lends the session.
final class AdapterPhone: @unchecked Sendable {
    let phone: SimulatedPhone
    private let made: Made

    /// Made keeps the sessions that an adapter made.
    final class Made: CallMediaFactory, @unchecked Sendable {
        let adapter: any CallMediaFactory
        var sessions: [any CallMedia] = []

        init(_ adapter: any CallMediaFactory) { self.adapter = adapter }

        func makeMedia(for request: CallMediaRequest, events: CallMediaEvents) throws -> any CallMedia {
            let s = try adapter.makeMedia(for: request, events: events)
            sessions.append(s)
            return s
        }
    }

    init(_ makeAdapter: () -> any CallMediaFactory) throws {
        StubAudio.shared.reset { false }
        let exchange = UUID().uuidString
        let made = Made(makeAdapter())
        self.made = made
        phone = try SimulatedPhone(exchange: exchange) { process in
            var c = RingtripConfiguration(serverURL: URL(string: "http://127.0.0.1:9")!, deviceID: "bob-1", media: made, token: { "jwt" })
            c.folder = nil
            c.exchange = exchange
            c.donatesCalls = false
            let (device, launch, configuration) = (SimulatedDevice(process), process.launch, Carry(c))
            MainActor.assumeIsolated { process.keep(Ringtrip(configuration.value, device: device, launch: launch)) }
        }
        StubAudio.shared.reset { [weak phone] in (try? phone?.look("audio")) == "active" }
        phone.settle()
    }

    deinit { phone.close() }

    var session: (any CallMedia)? { made.sessions.last }
    var units: [String] { StubAudio.shared.units }
    var log: [String] { StubAudio.shared.log }

    /// Carry brings a value to the main actor, where a synchronous test is already.
    private struct Carry<T>: @unchecked Sendable {
        let value: T
        init(_ value: T) { self.value = value }
    }

    /// Presses a button of the app's own call screen.
    func press(_ button: @MainActor (RingtripCall) throws -> Void) throws {
        try withoutActuallyEscaping(button) { button in
            let (kit, carried) = (Carry(phone.process?.kept(Ringtrip.self)), Carry(button))
            try MainActor.assumeIsolated { try carried.value(XCTUnwrap(kit.value?.calls.first { $0.state != .ended })) }
        }
        phone.wait(1)
    }

    /// Plays a whole call: it rings, is answered, muted, held, resumed, gets tones, and ends. What the SDK must have done by
    /// then is checked by `at`, which is called at each point.
    func play(_ sdk: String, connect: () -> Void, at: (Point) throws -> Void) throws {
        try phone.exchange("call u1 name=Alice")
        phone.wait(1)
        XCTAssertEqual(units, [], "audio runs while it rings")
        connect()
        phone.wait(0.2)
        XCTAssertEqual(units, [], "audio runs while it rings")
        try at(.warm)
        try phone.perform("U answer")
        phone.wait(1)
        XCTAssertEqual(try phone.look("audio"), "active", phone.log)
        XCTAssertEqual(units, [sdk], "didActivate started no audio\n\(phone.log)")
        try at(.talking)
        try phone.perform("U mute on")
        phone.wait(0.2)
        try at(.muted)
        try phone.perform("U mute off")
        phone.wait(0.2)
        try at(.unmuted)
        try press { try $0.hold(true) }
        XCTAssertEqual(try phone.look("audio"), "inactive")
        XCTAssertEqual(units, [], "audio goes on after didDeactivate")
        try at(.held)
        try press { try $0.hold(false) }
        XCTAssertEqual(units, [sdk], "audio does not come back")
        try at(.resumed)
        try phone.perform("U keys 5")
        phone.wait(1)
        try at(.tones)
        try phone.perform("U end")
        phone.wait(1)
        XCTAssertEqual(try phone.look("calls"), "none")
        XCTAssertEqual(units, [], "audio goes on after the end")
        try at(.ended)
        XCTAssertEqual(StubAudio.shared.violations, [])
    }

    enum Point { case warm, talking, muted, unmuted, held, resumed, tones, ended }
}
