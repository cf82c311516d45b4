#if canImport(CallKit) && !os(macOS)
import AVFoundation
import CallKit
import Foundation
import RingtripEngine

/// CallKitBackend is CallKit: one CXProvider, one CXCallController and their observers for the life of the process.
final class CallKitBackend: CallBackend, @unchecked Sendable {
    let system = CallSystem.callKit
    let takesPushes = true

    private let tell: Tell
    private let lock = NSLock()
    private var providers: [Int: CXProvider] = [:] // guarded by lock, as all below
    private var delegates: [Int: ProviderDelegate] = [:]
    private var controllers: [Int: CXCallController] = [:]
    private var observers: [Int: CXCallObserver] = [:]
    private var watchers: [Int: ObserverDelegate] = [:]
    private var actions: [UUID: CXAction] = [:] // delivered, neither fulfilled nor failed
    private var reported = 0

    init(tell: @escaping Tell) { self.tell = tell }

    var reports: Int { locked { reported } }

    func waitForReports() {} // a report is made when it returns

    func carry(_ m: SystemMessage) -> SystemMessage? {
        switch m.op {
        case .providerNew:
            let provider = CXProvider(configuration: configuration(m.config))
            locked { providers[m.object] = provider }
        case .controllerNew:
            let controller = CXCallController(queue: .main)
            locked { controllers[m.object] = controller }
        case .observerNew:
            let observer = CXCallObserver()
            locked { observers[m.object] = observer }
        case .actionFulfill, .actionFail: settle(m)
        case .controllerRequestTransaction: return request(m)
        case .observerCalls, .observerSetDelegate: return observe(m)
        default: return report(m)
        }
        return SystemMessage()
    }

    func reportPlaceholder() {
        let known = locked { providers.values.first }
        let provider = known ?? CXProvider(configuration: configuration(nil))
        let id = UUID()
        locked {
            reported += 1
            if known == nil { providers[-1] = provider }
        }
        provider.reportNewIncomingCall(with: id, update: update(placeholder)) { _ in }
        provider.reportCall(with: id, endedAt: nil, reason: .failed)
    }

    func close() {
        let (providers, observers) = locked {
            let all = (self.providers.values, self.observers.values)
            self.delegates = [:]
            self.watchers = [:]
            self.actions = [:]
            return all
        }
        for p in providers { p.setDelegate(nil, queue: nil) }
        for o in observers { o.setDelegate(nil, queue: nil) }
    }

    // MARK: commands

    private func report(_ m: SystemMessage) -> SystemMessage? {
        let isProviders = m.op.rawValue.hasPrefix("provider.")
        guard isProviders else { return nil }
        guard let provider = locked({ providers[m.object] }) else { return refusal("\(m.op.rawValue): there is no such provider") }
        if m.op == .providerSetConfiguration {
            provider.configuration = configuration(m.config)
            return SystemMessage()
        } else if m.op == .providerInvalidate {
            provider.invalidate()
            return SystemMessage()
        } else if m.op == .providerSetDelegate {
            let delegate = m.on ? ProviderDelegate(self, m.object) : nil
            locked { delegates[m.object] = delegate }
            provider.setDelegate(delegate, queue: nil)
            return SystemMessage()
        }
        guard let call = UUID(uuidString: m.call) else { return refusal("\(m.op.rawValue): \(m.call) is no UUID") }
        switch m.op {
        case .providerReportNewIncoming:
            locked { reported += 1 }
            let ticket = m.ticket
            provider.reportNewIncomingCall(with: call, update: update(m.update ?? SystemUpdate())) { [tell] error in
                _ = tell(SystemMessage(op: .completion, ticket: ticket, error: failed(error)))
            }
        case .providerReportUpdated: provider.reportCall(with: call, updated: update(m.update ?? SystemUpdate()))
        case .providerReportEnded:
            provider.reportCall(with: call, endedAt: m.at, reason: CXCallEndedReason(rawValue: m.number) ?? .failed)
        case .providerReportConnecting: provider.reportOutgoingCall(with: call, startedConnectingAt: m.at)
        case .providerReportConnected: provider.reportOutgoingCall(with: call, connectedAt: m.at)
        default: return nil
        }
        return SystemMessage()
    }

    private func settle(_ m: SystemMessage) {
        guard let id = m.action.flatMap({ UUID(uuidString: $0.id) }),
            let action = locked({ actions.removeValue(forKey: id) })
        else { return } // settled before, timed out, or void: a second time has no effect (CXAction)
        guard m.op == .actionFulfill else {
            action.fail()
            return
        }
        switch (action, m.at) {
        case (let a as CXStartCallAction, let at?): a.fulfill(withDateStarted: at)
        case (let a as CXAnswerCallAction, let at?): a.fulfill(withDateConnected: at)
        case (let a as CXEndCallAction, let at?): a.fulfill(withDateEnded: at)
        default: action.fulfill()
        }
    }

    private func request(_ m: SystemMessage) -> SystemMessage {
        guard let controller = locked({ controllers[m.object] }) else { return refusal("there is no such controller") }
        let actions = m.actions.compactMap(action(for:))
        guard actions.count == m.actions.count else { return refusal("an action of the transaction can't be made") }
        let ticket = m.ticket
        controller.request(CXTransaction(actions: actions)) { [tell] error in
            _ = tell(SystemMessage(op: .completion, ticket: ticket, error: failed(error)))
        }
        return SystemMessage()
    }

    private func observe(_ m: SystemMessage) -> SystemMessage {
        guard let observer = locked({ observers[m.object] }) else { return refusal("there is no such observer") }
        guard m.op == .observerSetDelegate else { return SystemMessage(calls: observer.calls.map(call(_:))) }
        let watcher = m.on ? ObserverDelegate(tell, m.object) : nil
        locked { watchers[m.object] = watcher }
        observer.setDelegate(watcher, queue: nil)
        return SystemMessage()
    }

    // MARK: events

    fileprivate func event(_ op: SystemOp, _ object: Int) { _ = tell(SystemMessage(op: op, object: object)) }

    fileprivate func perform(_ action: CXCallAction, _ object: Int) {
        locked {
            actions = actions.filter { !$0.value.isComplete }
            actions[action.uuid] = action
        }
        _ = tell(SystemMessage(op: .providerPerform, object: object, action: described(action)))
    }

    fileprivate func timedOut(_ action: CXAction, _ object: Int) {
        locked { actions[action.uuid] = nil }
        guard let action = action as? CXCallAction else { return }
        _ = tell(SystemMessage(op: .providerTimedOut, object: object, action: described(action)))
    }

    fileprivate func reset(_ object: Int) {
        locked { actions = [:] } // the call service that asked for them is gone
        event(.providerDidReset, object)
    }

    private func locked<R>(_ body: () -> R) -> R {
        lock.lock()
        defer { lock.unlock() }
        return body()
    }
}

/// ProviderDelegate is the delegate that CallKit sees: each method is one event. It has the methods that the engine has
/// something to do for, and no other, since CallKit times out what nobody settles.
final class ProviderDelegate: NSObject, CXProviderDelegate, @unchecked Sendable {
    private weak var backend: CallKitBackend?
    private let object: Int

    init(_ backend: CallKitBackend, _ object: Int) {
        self.backend = backend
        self.object = object
    }

    func providerDidReset(_ provider: CXProvider) { backend?.reset(object) }
    func provider(_ provider: CXProvider, perform action: CXStartCallAction) { backend?.perform(action, object) }
    func provider(_ provider: CXProvider, perform action: CXAnswerCallAction) { backend?.perform(action, object) }
    func provider(_ provider: CXProvider, perform action: CXEndCallAction) { backend?.perform(action, object) }
    func provider(_ provider: CXProvider, perform action: CXSetHeldCallAction) { backend?.perform(action, object) }
    func provider(_ provider: CXProvider, perform action: CXSetMutedCallAction) { backend?.perform(action, object) }
    func provider(_ provider: CXProvider, perform action: CXSetGroupCallAction) { backend?.perform(action, object) }
    func provider(_ provider: CXProvider, perform action: CXPlayDTMFCallAction) { backend?.perform(action, object) }
    func provider(_ provider: CXProvider, timedOutPerforming action: CXAction) { backend?.timedOut(action, object) }
    func provider(_ provider: CXProvider, didActivate audioSession: AVAudioSession) { backend?.event(.providerDidActivate, object) }
    func provider(_ provider: CXProvider, didDeactivate audioSession: AVAudioSession) { backend?.event(.providerDidDeactivate, object) }
}

/// ObserverDelegate tells what changes about the calls of all apps.
private final class ObserverDelegate: NSObject, CXCallObserverDelegate, @unchecked Sendable {
    private let tell: Tell
    private let object: Int

    init(_ tell: @escaping Tell, _ object: Int) {
        self.tell = tell
        self.object = object
    }

    func callObserver(_ callObserver: CXCallObserver, callChanged changed: CXCall) {
        _ = tell(SystemMessage(op: .observerCallChanged, object: object, calls: [call(changed)]))
    }
}
#endif
