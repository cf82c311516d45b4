import Foundation
import RingtripEngine
#if os(Linux)
import AVFAudio
#else
import AVFoundation
#endif

/// InAppBackend is the call system of an app that has none, where CallKit is not allowed or not wanted: calls ring on the
/// app's own screen, requests are granted in order, and the audio session is the app's own, activated while a call talks.
///
/// It knows the rules that the engine counts on: a request is performed after its completion, the audio session comes after
/// an answer or a start was fulfilled, and goes when no call is left that talks.
final class InAppBackend: CallBackend, @unchecked Sendable {
    let system = CallSystem.none
    let takesPushes = false

    private let device: any Device
    private let tell: Tell
    private let lock = NSLock()
    private var calls: [String: Entry] = [:] // guarded by lock, as all below
    private var order: [String] = []
    private var pending: [String: SystemAction] = [:]
    private var provider = 0
    private var observer = 0
    private var reported = 0
    private var active = false
    private var session: AVAudioSession? // once it was used

    private struct Entry {
        var call: SystemCall
        var talks = false // answered or started
    }

    init(device: any Device, tell: @escaping Tell) {
        self.device = device
        self.tell = tell
    }

    var reports: Int { locked { reported } }

    func waitForReports() {} // a report is made when it returns

    func carry(_ m: SystemMessage) -> SystemMessage? {
        switch m.op {
        case .providerNew: locked { provider = m.object }
        case .observerSetDelegate: locked { observer = m.on ? m.object : 0 }
        case .observerCalls: return SystemMessage(calls: locked { order.compactMap { calls[$0]?.call } })
        case .providerReportNewIncoming: report(m)
        case .providerReportEnded: end(m.call)
        case .providerReportConnected: change(m.call) { $0.call.hasConnected = true }
        case .controllerRequestTransaction: request(m)
        case .actionFulfill, .actionFail: settle(m)
        case .providerSetDelegate, .providerReportUpdated, .providerReportConnecting, .providerSetConfiguration, .controllerNew, .observerNew: break
        case .providerInvalidate: for call in locked({ order }) { end(call) }
        default: return nil
        }
        return SystemMessage()
    }

    func reportPlaceholder() {} // there are no pushes

    func close() { setActive(false) }

    private func report(_ m: SystemMessage) {
        let known = locked {
            reported += 1
            let known = calls[m.call] != nil
            if !known {
                calls[m.call] = Entry(call: SystemCall(uuid: m.call))
                order.append(m.call)
            }
            return known
        }
        let error = known ? SystemError(domain: "com.apple.CallKit.error.incomingcall", code: 2, text: "the call exists already") : nil
        complete(m.ticket, error)
        if !known { changed(m.call) }
    }

    private func request(_ m: SystemMessage) {
        let unknown = locked { m.actions.contains { $0.kind != .start && calls[$0.call] == nil } }
        guard !unknown else {
            complete(m.ticket, SystemError(domain: "com.apple.CallKit.error.requesttransaction", code: 4, text: "there is no such call"))
            return
        }
        complete(m.ticket, nil)
        for wanted in m.actions {
            var action = wanted
            action.id = text(UUID())
            action.timeout = device.now.addingTimeInterval(60)
            locked {
                pending[action.id] = action
                if action.kind == .start {
                    calls[action.call] = Entry(call: SystemCall(uuid: action.call, isOutgoing: true))
                    order.append(action.call)
                }
            }
            let performed = action
            device.async { [weak self] in
                guard let self else { return }
                _ = tell(SystemMessage(op: .providerPerform, object: locked { self.provider }, action: performed))
            }
        }
    }

    private func settle(_ m: SystemMessage) {
        guard let id = m.action?.id, let action = locked({ pending.removeValue(forKey: id) }) else { return }
        let done = m.op == .actionFulfill
        switch action.kind {
        case .start where !done, .answer where !done, .end: end(action.call)
        case .start: change(action.call) { $0.talks = true }
        case .answer:
            change(action.call) {
                $0.talks = true
                $0.call.hasConnected = true
            }
        case .setHeld where done: change(action.call) { $0.call.isOnHold = action.on }
        default: break
        }
        arbitrate()
    }

    private func end(_ call: String) {
        change(call) { $0.call.hasEnded = true }
        locked {
            calls[call] = nil
            order.removeAll { $0 == call }
        }
        arbitrate()
    }

    private func change(_ call: String, _ body: (inout Entry) -> Void) {
        let there = locked {
            guard var e = calls[call] else { return false }
            body(&e)
            calls[call] = e
            return true
        }
        if there { changed(call) }
    }

    private func changed(_ call: String) {
        guard let (observer, entry) = locked({ calls[call].map { (self.observer, $0.call) } }), observer != 0 else { return }
        device.async { [tell] in _ = tell(SystemMessage(op: .observerCallChanged, object: observer, calls: [entry])) }
    }

    private func complete(_ ticket: Int, _ error: SystemError?) {
        device.async { [tell] in _ = tell(SystemMessage(op: .completion, ticket: ticket, error: error)) }
    }

    /// Lends the audio session, or takes it back, as the calls are now.
    private func arbitrate() {
        device.async { [weak self] in
            guard let self else { return }
            let (wanted, provider, was) = locked { (calls.values.contains { $0.talks && !$0.call.isOnHold }, self.provider, active) }
            guard wanted != was, setActive(wanted) else { return }
            _ = tell(SystemMessage(op: wanted ? .providerDidActivate : .providerDidDeactivate, object: provider))
        }
    }

    @discardableResult
    private func setActive(_ on: Bool) -> Bool {
        guard locked({ active != on }) else { return false }
        let session = locked { self.session } ?? AVAudioSession.sharedInstance()
        locked { self.session = session }
        do {
            try session.setActive(on)
        } catch {
            if on { return false } // something else has the sound; it is tried again with the next change
        }
        locked { active = on }
        return true
    }

    private func locked<R>(_ body: () -> R) -> R {
        lock.lock()
        defer { lock.unlock() }
        return body()
    }
}
