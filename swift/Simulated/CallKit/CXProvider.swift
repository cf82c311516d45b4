import AVFAudio
import Foundation
import RingtripEngine
import RingtripSimulator

/// Why a call ended, as far as CallKit has words for it.
public enum CXCallEndedReason: Int, Sendable {
    case failed = 1
    case remoteEnded = 2
    case unanswered = 3
    case answeredElsewhere = 4
    case declinedElsewhere = 5
}

/// Tells the system of the app's calls. An app makes one for its life.
open class CXProvider: NSObject {
    let process: SimulatedProcess
    private var object = 0
    private var config: CXProviderConfiguration
    private weak var delegate: (any CXProviderDelegate)?
    private var queue: DispatchQueue?
    private var pending: [CXTransaction] = []
    private var known: [String: CXCallAction] = [:] // delivered and not settled, by id
    var missing = false // the default of a delegate's method ran

    public init(configuration: CXProviderConfiguration) {
        process = SimulatedProcess.currentOrStop("CXProvider")
        config = configuration.copied
        super.init()
        object = process.object { [weak self] in self?.heard($0) ?? SystemMessage() }
        process.send(SystemMessage(op: .providerNew, object: object, config: config.message))
    }

    deinit {
        process.forget(object: object)
        process.send(SystemMessage(op: .providerSetDelegate, object: object))
    }

    /// The delegate is not retained. A queue of nil is the main queue.
    open func setDelegate(_ delegate: (any CXProviderDelegate)?, queue: DispatchQueue?) {
        self.delegate = delegate
        self.queue = queue
        process.send(SystemMessage(
            op: .providerSetDelegate, object: object, on: delegate != nil, implements: delegate.map(DelegateMethods.of) ?? []))
    }

    /// A copy; to change it, assign it.
    open var configuration: CXProviderConfiguration {
        get { config.copied }
        set {
            config = newValue.copied
            process.send(SystemMessage(op: .providerSetConfiguration, object: object, config: config.message))
        }
    }

    // MARK: reports

    open func reportNewIncomingCall(with UUID: UUID, update: CXCallUpdate, completion: @escaping ((any Error)?) -> Void) {
        let process = process
        let ticket = process.ticket { [weak self] e in process.call(on: self?.queue) { completion(e?.error) } }
        process.send(SystemMessage(
            op: .providerReportNewIncoming, object: object, ticket: ticket, call: UUID.uuidString, update: update.message))
    }

    open func reportNewIncomingCall(with UUID: UUID, update: CXCallUpdate, isolation: isolated (any Actor)? = #isolation) async throws {
        try await asynchronously { reportNewIncomingCall(with: UUID, update: update, completion: $0) }
    }

    open func reportCall(with UUID: UUID, updated update: CXCallUpdate) {
        process.send(SystemMessage(op: .providerReportUpdated, object: object, call: UUID.uuidString, update: update.message))
    }

    open func reportCall(with UUID: UUID, endedAt dateEnded: Date?, reason endedReason: CXCallEndedReason) {
        process.send(SystemMessage(
            op: .providerReportEnded, object: object, call: UUID.uuidString, at: process.phoneDate(dateEnded), number: endedReason.rawValue))
    }

    open func reportOutgoingCall(with UUID: UUID, startedConnectingAt dateStartedConnecting: Date?) {
        process.send(SystemMessage(
            op: .providerReportConnecting, object: object, call: UUID.uuidString, at: process.phoneDate(dateStartedConnecting)))
    }

    open func reportOutgoingCall(with UUID: UUID, connectedAt dateConnected: Date?) {
        process.send(SystemMessage(
            op: .providerReportConnected, object: object, call: UUID.uuidString, at: process.phoneDate(dateConnected)))
    }

    /// Ends all calls as failed, and the provider's life.
    open func invalidate() { process.send(SystemMessage(op: .providerInvalidate, object: object)) }

    /// Hands the app a VoIP push that its notification service extension made of an alert. Only there it may be called.
    open class func reportNewIncomingVoIPPushPayload(_ dictionaryPayload: [AnyHashable: Any], completion: (((any Error)?) -> Void)? = nil) {
        let process = SimulatedProcess.currentOrStop("CXProvider.reportNewIncomingVoIPPushPayload")
        let json = (dictionaryPayload as? [String: Any]).flatMap { try? JSONSerialization.data(withJSONObject: $0, options: [.sortedKeys]) }
        let queue = DispatchQueue(label: "CXProvider")
        let ticket = process.ticket { e in process.call(on: queue) { completion?(e?.error) } }
        process.send(SystemMessage(op: .reportVoIPPushPayload, ticket: ticket, payload: json))
    }

    open class func reportNewIncomingVoIPPushPayload(
        _ dictionaryPayload: [AnyHashable: Any], isolation: isolated (any Actor)? = #isolation
    ) async throws {
        try await asynchronously { reportNewIncomingVoIPPushPayload(dictionaryPayload, completion: $0) }
    }

    // MARK: pending actions

    /// Transactions with actions that the delegate was asked to perform and that are neither fulfilled nor failed.
    open var pendingTransactions: [CXTransaction] { pending.filter { !$0.isComplete } }

    open func pendingCallActions(of callActionClass: AnyClass, withCall callUUID: UUID) -> [CXCallAction] {
        pendingTransactions.flatMap(\.actions).compactMap { $0 as? CXCallAction }
            .filter { !$0.isComplete && $0.callUUID == callUUID && isKind($0, of: callActionClass) }
    }

    private func isKind(_ object: AnyObject, of wanted: AnyClass) -> Bool {
        var c: AnyClass? = Swift.type(of: object)
        while let k = c {
            if k == wanted { return true }
            c = _getSuperclass(k)
        }
        return false
    }

    func settled(_ a: CXAction, fulfilled: Bool, at date: Date?, engine: CXTranslationEngine) {
        guard let call = a as? CXCallAction else { return }
        forget(call)
        process.send(SystemMessage(
            op: fulfilled ? .actionFulfill : .actionFail, at: process.phoneDate(date),
            action: SystemAction(id: call.uuid.uuidString, call: call.callUUID.uuidString, engine: engine.rawValue)))
    }

    private func forget(_ a: CXCallAction) {
        known[a.uuid.uuidString.lowercased()] = nil
        pending.removeAll { $0.isComplete }
    }

    // MARK: events

    /// The app's object for an action of the phone's: the one that it has already, or a new one.
    private func action(_ m: SystemAction) -> CXCallAction? {
        if let have = known[m.id.lowercased()] { return have }
        guard let new = CXCallAction.make(m) else { return nil }
        new.bind(self, m, timeout: process.appDate(m.timeout))
        known[m.id.lowercased()] = new
        return new
    }

    private func heard(_ m: SystemMessage) -> SystemMessage {
        guard let delegate else { return SystemMessage(missing: m.op == .providerExecute) }
        missing = false
        let answer = process.call(on: queue) { tell(delegate, m) }
        return missing ? SystemMessage(missing: true) : answer
    }

    private func tell(_ delegate: any CXProviderDelegate, _ m: SystemMessage) -> SystemMessage {
        switch m.op {
        case .providerDidBegin: delegate.providerDidBegin(self)
        case .providerDidReset:
            for a in known.values { a.isComplete = true }
            known = [:]
            pending = []
            delegate.providerDidReset(self)
        case .providerDidActivate: delegate.provider(self, didActivate: AVAudioSession.sharedInstance())
        case .providerDidDeactivate: delegate.provider(self, didDeactivate: AVAudioSession.sharedInstance())
        case .providerExecute:
            let t = CXTransaction(actions: m.actions.compactMap(action))
            pending.append(t)
            return SystemMessage(on: delegate.provider(self, execute: t))
        case .providerPerform:
            guard let a = m.action.flatMap(action) else { return SystemMessage() }
            if !pending.contains(where: { $0.actions.contains { $0 === a } }) { pending.append(CXTransaction(action: a)) }
            perform(delegate, a)
        case .providerTimedOut:
            guard let a = m.action.flatMap(action) else { return SystemMessage() }
            a.isComplete = true // the system has failed it
            forget(a)
            delegate.provider(self, timedOutPerforming: a)
        default: break
        }
        missing = missing && (m.op == .providerPerform || m.op == .providerExecute)
        return SystemMessage()
    }

    private func perform(_ delegate: any CXProviderDelegate, _ action: CXCallAction) {
        switch action {
        case let a as CXStartCallAction: delegate.provider(self, perform: a)
        case let a as CXAnswerCallAction: delegate.provider(self, perform: a)
        case let a as CXEndCallAction: delegate.provider(self, perform: a)
        case let a as CXSetHeldCallAction: delegate.provider(self, perform: a)
        case let a as CXSetMutedCallAction: delegate.provider(self, perform: a)
        case let a as CXSetGroupCallAction: delegate.provider(self, perform: a)
        case let a as CXPlayDTMFCallAction: delegate.provider(self, perform: a)
        case let a as CXSetTranslatingCallAction: delegate.provider(self, perform: a)
        default: break
        }
        if missing { // nobody will settle it, so nobody may find it pending
            action.isComplete = true
            forget(action)
        }
    }
}

extension CXProviderConfiguration {
    var copied: CXProviderConfiguration { copy() as! CXProviderConfiguration }
}
