import Intents
import Observation
import RingtripEngine
import XCTest

@testable import RingtripKit

/// What an app sees of RingtripKit: observation, the delegate, activities and links, and the app's own call system.
final class KitTests: XCTestCase {
    @MainActor
    final class Delegate: RingtripDelegate {
        var told: [String] = []

        func ringtrip(_ ringtrip: Ringtrip, didAdd call: RingtripCall) { told.append("add \(call.state)") }
        func ringtrip(_ ringtrip: Ringtrip, didChange call: RingtripCall) { told.append("change \(call.state)") }
        func ringtrip(_ ringtrip: Ringtrip, didEnd call: RingtripCall) { told.append("end \(call.endReason?.rawValue ?? "")") }
        func ringtripDidChangeStatus(_ ringtrip: Ringtrip) { told.append("status \(ringtrip.canStart)") }
    }

    func testDelegateAndObservation() throws {
        let p = try KitPhone()
        try p.play("U open")
        p.phone.wait(0.25) // it is launched, and the server has not been heard yet
        let delegate = onMain { Delegate() }
        final class Count: @unchecked Sendable { var n = 0 }
        let changes = Count()
        onMain {
            p.kit?.delegate = delegate
            withObservationTracking {
                _ = p.kit?.calls.count
            } onChange: {
                changes.n += 1
            }
        }
        p.phone.wait(1)
        XCTAssertEqual(changes.n, 1, "the snapshot changed and nobody was told")
        try p.play("X call u1 name=Alice")
        p.phone.wait(1)
        let call = try XCTUnwrap(onMain { p.kit?.call(KitPhone.id(1)) })
        onMain {
            XCTAssertEqual(call.name, "Alice")
            XCTAssertEqual(call.handle, RingtripHandle("alice"))
            withObservationTracking {
                _ = call.state
            } onChange: {
                changes.n += 1
            }
        }
        try p.play("U answer")
        p.phone.wait(1)
        XCTAssertEqual(changes.n, 2)
        onMain {
            XCTAssertTrue(p.kit?.call(KitPhone.id(1)) === call, "a call is one object for its whole life")
            XCTAssertNotNil(call.answeredAt)
        }
        try p.play("X hangup u1")
        p.phone.wait(1)
        onMain {
            XCTAssertEqual(delegate.told.first, "status true")
            XCTAssertTrue(delegate.told.contains("add reporting"), "\(delegate.told)")
            XCTAssertTrue(delegate.told.contains("change connected"), "\(delegate.told)")
            XCTAssertEqual(delegate.told.last { !$0.hasPrefix("change") }, "end hungup")
            XCTAssertEqual(call.endReason, .hungup)
        }
    }

    func testLinksAndActivities() throws {
        let links: [(String, String, Int, Int)] = [
            ("tel:+15550100", "+15550100", 2, 1), ("telephony:+15550100", "+15550100", 2, 1), ("tel://5550100", "5550100", 2, 1),
            ("facetime:alice@example.com", "alice@example.com", 3, 2), ("telephony:alice", "alice", 1, 1),
        ]
        for (link, value, type, capability) in links {
            let a = try XCTUnwrap(described(try XCTUnwrap(URL(string: link))), link)
            XCTAssertEqual(a.contacts.first?.handle, SystemHandle(type: type, value: value), link)
            XCTAssertEqual(a.callCapability, capability, link)
        }
        for link in ["https://example.com", "tel:", "mailto:a@b.c", "tel:" + String(repeating: "1", count: 300)] {
            XCTAssertNil(described(try XCTUnwrap(URL(string: link))), link)
        }
        XCTAssertNil(described(NSUserActivity(activityType: "com.example.reading")))

        let p = try KitPhone()
        try p.play("U open")
        p.phone.wait(1)
        try onMain {
            let kit = try XCTUnwrap(p.kit)
            XCTAssertFalse(kit.handle(try XCTUnwrap(URL(string: "https://example.com"))))
            XCTAssertTrue(kit.handle(try XCTUnwrap(URL(string: "tel:+15550100"))))
        }
        p.phone.wait(1)
        XCTAssertTrue(p.phone.log.contains(#"handle="+15550100""#), p.phone.log)
        XCTAssertTrue(try p.phone.exchange("said").contains("start u52 +15550100"))
    }

    /// The button is there only if the app turns calls into video calls, and then the app is told, once, which call.
    func testVideoButton() throws {
        final class Asked: @unchecked Sendable { var ids: [UUID] = [] }
        let asked = Asked()
        let p = try KitPhone { $0.onVideo = { asked.ids.append($0.id) } }
        try p.play("X call u1 name=Alice")
        p.phone.wait(1)
        try p.play("U answer")
        p.phone.wait(1)
        try p.play("U video")
        p.phone.wait(5)
        XCTAssertEqual(asked.ids, [KitPhone.id(1)], p.phone.log)
        onMain { XCTAssertEqual(p.kit?.calls.map(\.state), [.connected], "the button started another call") }

        let without = try KitPhone()
        try without.play("X call u1 name=Alice")
        without.phone.wait(1)
        try without.play("U answer")
        without.phone.wait(1)
        XCTAssertThrowsError(try without.play("U video"), "there is a video button that does nothing")
    }

    func testDonation() throws {
        let p = try KitPhone { $0.donatesCalls = true }
        try p.play("X call u1 name=Alice")
        p.phone.wait(1)
        try p.play("U answer")
        p.phone.wait(1)
        XCTAssertFalse(p.phone.log.contains("donate"), "donated before the end")
        try p.play("U end")
        p.phone.wait(1)
        XCTAssertTrue(p.phone.log.contains("donate"), p.phone.log)
    }

    func testStartIsAsync() throws {
        let p = try KitPhone()
        try p.play("U open")
        p.phone.wait(1)
        final class Result: @unchecked Sendable { var call: RingtripCall?; var error: RingtripError? }
        let first = Result()
        let second = Result()
        let start = { (r: Result, callee: String) in
            Task { @MainActor in
                do { r.call = try await p.kit?.start(to: callee, name: "Carol", handle: RingtripHandle("+15550100", kind: .phoneNumber)) } catch {
                    r.error = error as? RingtripError
                }
            }
        }
        _ = start(second, "")
        p.phone.settle()
        XCTAssertEqual(second.error?.code, .noCallee)
        _ = start(first, "carol")
        p.phone.settle()
        p.phone.wait(1)
        try onMain {
            let call = try XCTUnwrap(first.call, "\(String(describing: first.error)) \(p.phone.log)")
            XCTAssertTrue(call.isOutgoing)
            XCTAssertEqual(call.handle, RingtripHandle("+15550100", kind: .phoneNumber))
        }
    }

    /// The app's own screen in place of a call system: China, a setting.
    func testWithoutACallSystem() throws {
        XCTAssertEqual(CallSystem.automatic.resolved(region: "CN", hasCallKit: true, hasConversations: false), .none)
        XCTAssertEqual(CallSystem.automatic.resolved(region: "CN", hasCallKit: true, hasConversations: true), .liveCommunicationKit)
        XCTAssertEqual(CallSystem.automatic.resolved(region: "DE", hasCallKit: true, hasConversations: true), .callKit)
        XCTAssertEqual(CallSystem.liveCommunicationKit.resolved(region: "DE", hasCallKit: true, hasConversations: false), .callKit)
        XCTAssertEqual(CallSystem.none.resolved(region: "DE", hasCallKit: true, hasConversations: true), .none)

        let p = try KitPhone { $0.system = .none }
        try p.play("U open")
        p.phone.wait(1)
        XCTAssertFalse(p.phone.log.contains("desiredPushTypes"), "VoIP pushes were asked for that nobody could report")
        try p.play("X call u1 noPush")
        p.phone.wait(1)
        let state = { (n: Int) in onMain { p.kit?.call(KitPhone.id(n))?.state } }
        XCTAssertEqual(state(1), .ringing)
        try p.play("A answer u1")
        p.phone.wait(1)
        XCTAssertEqual(state(1), .connected, p.phone.log)
        XCTAssertEqual(p.media.states, ["prepared connected audio"], p.phone.log)
        try p.play("A hold u1 on")
        p.phone.wait(1)
        XCTAssertEqual(p.media.states, ["prepared connected held"])
        try p.play("A hold u1 off")
        try p.play("A mute u1 on")
        p.phone.wait(1)
        XCTAssertEqual(p.media.states, ["prepared connected audio muted"])
        try p.play("A end u1")
        p.phone.wait(1)
        XCTAssertEqual(state(1), .ended)
        try p.play("A start carol")
        p.phone.wait(1)
        try p.play("X answer u52")
        p.phone.wait(1)
        XCTAssertEqual(state(52), .connecting)
        try p.play("X hangup u52")
        p.phone.wait(1)
        XCTAssertEqual(state(52), .ended)
        XCTAssertFalse(p.phone.log.contains("reportNewIncomingCall"), p.phone.log)
        XCTAssertEqual(p.media.violations, [])
    }
}
