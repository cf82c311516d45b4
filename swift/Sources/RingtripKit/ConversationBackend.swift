#if canImport(LiveCommunicationKit) && !os(macOS)
import AVFoundation
import Foundation
import LiveCommunicationKit
import RingtripEngine

/// ConversationBackend is LiveCommunicationKit: one ConversationManager for the life of the process. The engine speaks of
/// calls, which are conversations here; a call's whole state is known to the app's own manager only, so the engine does not
/// see other apps' calls.
///
/// Its functions are async, and a report must have reached the system before the push delegate returns: they are begun on
/// this thread by an executor that runs what it is given at once (iOS 18), and the delegate waits for the answer, a second
/// at most. It was never tried on an iPhone whether that is enough.
@available(iOS 18, macCatalyst 18, visionOS 2, watchOS 11, *)
final class ConversationBackend: CallBackend, @unchecked Sendable {
    let system = CallSystem.liveCommunicationKit
    let takesPushes = true

    private let device: any Device
    private let tell: Tell
    private let lock = NSLock()
    private var manager: ConversationManager? // guarded by lock, as all below
    private var delegate: ManagerDelegate?
    private var provider = 0
    private var observer = 0
    private var actions: [UUID: ConversationAction] = [:]
    private var known: [UUID: SystemUpdate] = [:] // what was said of each conversation: LiveCommunicationKit takes no half of it
    private var outgoing: Set<UUID> = []
    private var reporting: [UUID: [Conversation.Event]] = [:] // reported, not answered yet, and what happened since
    private var reported = 0
    private var answer: DispatchSemaphore? // of the newest report

    init(device: any Device, tell: @escaping Tell) {
        self.device = device
        self.tell = tell
    }

    var reports: Int { locked { reported } }

    /// Apps that only begin the report in the delegate were killed (forums 774958); half a second has been seen to do.
    func waitForReports() {
        guard let answer = locked({ reporting.isEmpty ? nil : self.answer }) else { return }
        device.hold(1, until: answer)
    }

    func carry(_ m: SystemMessage) -> SystemMessage? {
        switch m.op {
        case .providerNew:
            let made = ConversationManager(configuration: conversationConfiguration(m.config))
            locked {
                manager = made
                provider = m.object
            }
        case .providerSetDelegate:
            let delegate = m.on ? ManagerDelegate(self) : nil
            let manager = locked {
                self.delegate = delegate
                return self.manager
            }
            manager?.delegate = delegate
        case .observerSetDelegate: locked { observer = m.on ? m.object : 0 }
        case .observerCalls: return SystemMessage(calls: (locked { manager }?.conversations ?? []).map(call(_:)))
        case .actionFulfill, .actionFail: settle(m)
        case .controllerRequestTransaction: return request(m)
        case .providerInvalidate: locked { manager }?.invalidate()
        case .providerSetConfiguration, .controllerNew, .observerNew: break // a manager keeps its configuration
        default: return report(m)
        }
        return SystemMessage()
    }

    func reportPlaceholder() {
        if locked({ manager }) == nil { _ = carry(SystemMessage(op: .providerNew)) }
        let id = text(UUID())
        _ = report(SystemMessage(op: .providerReportNewIncoming, call: id, update: placeholder))
        _ = report(SystemMessage(op: .providerReportEnded, call: id, number: Conversation.EndedReason.failed.rawValue))
    }

    func close() {
        let manager = locked {
            delegate = nil
            actions = [:]
            return self.manager
        }
        manager?.delegate = nil
    }

    // MARK: commands

    private func report(_ m: SystemMessage) -> SystemMessage? {
        guard m.op.rawValue.hasPrefix("provider.") else { return nil }
        guard let call = UUID(uuidString: m.call) else { return refusal("\(m.op.rawValue): \(m.call) is no UUID") }
        let date = m.at ?? device.now
        switch m.op {
        case .providerReportNewIncoming: reportNew(call, m)
        case .providerReportUpdated: event(.conversationUpdated(learn(call, m.update)), call)
        case .providerReportEnded: event(.conversationEnded(date, Conversation.EndedReason(rawValue: m.number) ?? .failed), call)
        case .providerReportConnecting: event(.conversationStartedConnecting(date), call)
        case .providerReportConnected: event(.conversationConnected(date), call)
        default: return nil
        }
        return SystemMessage()
    }

    private func reportNew(_ call: UUID, _ m: SystemMessage) {
        guard let manager = locked({ self.manager }) else { return }
        let update = learn(call, m.update)
        locked {
            reported += 1
            if reporting[call] == nil { reporting[call] = [] }
        }
        let done = DispatchSemaphore(value: 0)
        locked { answer = done }
        begin(m.ticket) { [weak self] in
            defer {
                done.signal()
                self?.answered(call)
            }
            try await manager.reportNewIncomingConversation(uuid: call, update: update)
        }
    }

    /// The report of a conversation was answered: what happened to it since follows.
    private func answered(_ call: UUID) {
        device.async { [weak self] in
            guard let self else { return }
            for e in locked({ reporting.removeValue(forKey: call) }) ?? [] { event(e, call) }
        }
    }

    private func event(_ event: Conversation.Event, _ call: UUID) {
        let (waits, manager) = locked {
            reporting[call]?.append(event)
            return (reporting[call] != nil, self.manager)
        }
        guard !waits, let conversation = manager?.conversations.first(where: { $0.uuid == call }) else { return }
        manager?.reportConversationEvent(event, for: conversation)
        if case .conversationEnded = event {
            locked {
                known[call] = nil
                outgoing.remove(call)
            }
        }
    }

    private func request(_ m: SystemMessage) -> SystemMessage {
        guard let manager = locked({ self.manager }) else { return refusal("there is no conversation manager") }
        let actions = m.actions.compactMap(conversationAction(for:))
        guard actions.count == m.actions.count else { return refusal("an action of the request can't be made") }
        locked {
            for a in m.actions where a.kind == .start {
                if let id = UUID(uuidString: a.call) { outgoing.insert(id) }
            }
        }
        begin(m.ticket) { try await manager.perform(actions) }
        return SystemMessage()
    }

    /// Begins something async on this thread, and tells its end on the main queue.
    private func begin(_ ticket: Int, _ work: @escaping () async throws -> Void) {
        let carried = Carried(work)
        Task(executorPreference: AtOnce.shared) { [device, tell] in
            var problem: SystemError?
            do {
                try await carried.value()
            } catch {
                problem = failed(error)
            }
            let end = problem
            guard ticket != 0 else { return }
            device.async { _ = tell(SystemMessage(op: .completion, ticket: ticket, error: end)) }
        }
    }

    private func settle(_ m: SystemMessage) {
        guard let id = m.action.flatMap({ UUID(uuidString: $0.id) }), let action = locked({ actions.removeValue(forKey: id) }) else { return }
        guard m.op == .actionFulfill else {
            action.fail()
            return
        }
        switch (action, m.at) {
        case (let a as StartConversationAction, _): a.fulfill(dateStarted: m.at ?? device.now)
        case (let a as JoinConversationAction, _): a.fulfill(dateConnected: m.at ?? device.now)
        case (let a as EndConversationAction, _): a.fulfill(dateEnded: m.at ?? device.now)
        default: action.fulfill()
        }
    }

    /// What is known of a conversation when `new` is added to it.
    private func learn(_ call: UUID, _ new: SystemUpdate?) -> Conversation.Update {
        let u = locked {
            var u = known[call] ?? SystemUpdate()
            if let new {
                u.remoteHandle = new.remoteHandle ?? u.remoteHandle
                u.localizedCallerName = new.localizedCallerName ?? u.localizedCallerName
                u.supportsHolding = new.supportsHolding ?? u.supportsHolding
                u.supportsGrouping = new.supportsGrouping ?? u.supportsGrouping
                u.supportsUngrouping = new.supportsUngrouping ?? u.supportsUngrouping
                u.supportsDTMF = new.supportsDTMF ?? u.supportsDTMF
                u.hasVideo = new.hasVideo ?? u.hasVideo
            }
            known[call] = u
            return u
        }
        return conversationUpdate(u)
    }

    // MARK: events

    fileprivate func tell(_ op: SystemOp) {
        if op == .providerDidReset { locked { actions = [:] } }
        _ = tell(SystemMessage(op: op, object: locked { provider }))
    }

    fileprivate func perform(_ action: ConversationAction) {
        locked {
            actions = actions.filter { $0.value.state == .running || $0.value.state == .idle }
            actions[action.uuid] = action
        }
        guard let w = described(action) else { return action.fail() }
        _ = tell(SystemMessage(op: .providerPerform, object: locked { provider }, action: w))
    }

    fileprivate func timedOut(_ action: ConversationAction) {
        locked { actions[action.uuid] = nil }
        guard let w = described(action) else { return }
        _ = tell(SystemMessage(op: .providerTimedOut, object: locked { provider }, action: w))
    }

    fileprivate func changed(_ conversation: Conversation) {
        let object = locked { observer }
        guard object != 0 else { return }
        _ = tell(SystemMessage(op: .observerCallChanged, object: object, calls: [call(conversation)]))
    }

    private func call(_ c: Conversation) -> SystemCall {
        SystemCall(
            uuid: text(c.uuid), isOutgoing: locked { outgoing.contains(c.uuid) }, isOnHold: c.state == .paused,
            hasConnected: c.state == .joined || c.state == .paused, hasEnded: c.state == .left)
    }

    private func locked<R>(_ body: () -> R) -> R {
        lock.lock()
        defer { lock.unlock() }
        return body()
    }
}

/// ManagerDelegate is the delegate that LiveCommunicationKit sees: each method is one event.
@available(iOS 18, macCatalyst 18, visionOS 2, watchOS 11, *)
private final class ManagerDelegate: ConversationManagerDelegate, @unchecked Sendable {
    private weak var backend: ConversationBackend?

    init(_ backend: ConversationBackend) { self.backend = backend }

    func conversationManagerDidBegin(_ manager: ConversationManager) {}
    func conversationManagerDidReset(_ manager: ConversationManager) { backend?.tell(.providerDidReset) }
    func conversationManager(_ manager: ConversationManager, conversationChanged conversation: Conversation) { backend?.changed(conversation) }
    func conversationManager(_ manager: ConversationManager, perform action: ConversationAction) { backend?.perform(action) }
    func conversationManager(_ manager: ConversationManager, timedOutPerforming action: ConversationAction) { backend?.timedOut(action) }
    func conversationManager(_ manager: ConversationManager, didActivate audioSession: AVAudioSession) { backend?.tell(.providerDidActivate) }
    func conversationManager(_ manager: ConversationManager, didDeactivate audioSession: AVAudioSession) { backend?.tell(.providerDidDeactivate) }
}

/// AtOnce runs what it is given on the thread that gives it: an async function then begins within the call that starts it.
@available(iOS 18, macCatalyst 18, visionOS 2, watchOS 11, *)
private final class AtOnce: TaskExecutor {
    static let shared = AtOnce()

    func enqueue(_ job: consuming ExecutorJob) { UnownedJob(job).runSynchronously(on: asUnownedTaskExecutor()) }
}
#endif
