import AVFAudio
import Foundation
import RingtripEngine
import RingtripSimulator

/// Tells the system of the app's conversations and asks it for actions. An app makes one right at launch and keeps it.
public final class ConversationManager {
    /// What an app's conversations can do, and how they look and sound.
    public struct Configuration: Hashable, Sendable {
        public var ringtoneName: String?
        public var iconTemplateImageData: Data?
        public var maximumConversationGroups: Int
        public var maximumConversationsPerConversationGroup: Int
        public var includesConversationInRecents: Bool
        public var supportsVideo: Bool
        public var supportedHandleTypes: Set<Handle.Kind>
        public var supportsAudioTranslation = false

        public init(
            ringtoneName: String?, iconTemplateImageData: Data?, maximumConversationGroups: Int,
            maximumConversationsPerConversationGroup: Int, includesConversationInRecents: Bool, supportsVideo: Bool,
            supportedHandleTypes: Set<Handle.Kind>
        ) {
            self.ringtoneName = ringtoneName
            self.iconTemplateImageData = iconTemplateImageData
            self.maximumConversationGroups = maximumConversationGroups
            self.maximumConversationsPerConversationGroup = maximumConversationsPerConversationGroup
            self.includesConversationInRecents = includesConversationInRecents
            self.supportsVideo = supportsVideo
            self.supportedHandleTypes = supportedHandleTypes
        }

        public init(
            ringtoneName: String?, iconTemplateImageData: Data?, maximumConversationGroups: Int,
            maximumConversationsPerConversationGroup: Int, includesConversationInRecents: Bool, supportsVideo: Bool,
            supportedHandleTypes: Set<Handle.Kind>, supportsAudioTranslation: Bool
        ) {
            self.init(
                ringtoneName: ringtoneName, iconTemplateImageData: iconTemplateImageData, maximumConversationGroups: maximumConversationGroups,
                maximumConversationsPerConversationGroup: maximumConversationsPerConversationGroup,
                includesConversationInRecents: includesConversationInRecents, supportsVideo: supportsVideo,
                supportedHandleTypes: supportedHandleTypes)
            self.supportsAudioTranslation = supportsAudioTranslation
        }

        var message: SystemConfiguration {
            SystemConfiguration(
                ringtoneSound: ringtoneName ?? "", iconTemplateImageData: iconTemplateImageData, maximumCallGroups: maximumConversationGroups,
                maximumCallsPerCallGroup: maximumConversationsPerConversationGroup, includesCallsInRecents: includesConversationInRecents,
                supportsVideo: supportsVideo, supportsAudioTranslation: supportsAudioTranslation,
                supportedHandleTypes: supportedHandleTypes.map(\.rawValue).sorted())
        }
    }

    /// How the manager was made.
    public let configuration: Configuration
    private let process: SimulatedProcess
    private var object = 0
    private var known: [String: ConversationAction] = [:] // delivered and not settled, by id
    private var order: [String] = []
    /// Why the phone has no LiveCommunicationKit; nil if it has.
    private var unavailable: (any Error)?

    public init(configuration: Configuration) {
        process = SimulatedProcess.currentOrStop("ConversationManager")
        self.configuration = configuration
        object = process.object { [weak self] in self?.heard($0) ?? SystemMessage() }
        // An app that runs on a version of iOS without it would not have compiled or would have asked #available.
        unavailable = process.send(SystemMessage(op: .managerNew, object: object, config: configuration.message)).error.map(\.conversationError)
    }

    deinit {
        process.forget(object: object)
        process.send(SystemMessage(op: .managerSetDelegate, object: object))
    }

    /// Who performs actions and hears of changes, on the main queue. It is not retained.
    public weak var delegate: (any ConversationManagerDelegate)? {
        didSet { process.send(SystemMessage(op: .managerSetDelegate, object: object, on: delegate != nil)) }
    }

    /// The app's conversations on the phone right now.
    public var conversations: [Conversation] {
        process.send(SystemMessage(op: .managerConversations, object: object)).conversations.map(Conversation.init)
    }

    /// Actions that were handed to the delegate and are neither fulfilled nor failed.
    public var pendingActions: [ConversationAction] { order.compactMap { known[$0] }.filter { $0.state == .running } }

    public func pendingConversationActions(of type: ConversationAction.Type, for conversation: Conversation) -> [ConversationAction] {
        pendingActions.filter { $0.conversationUUID == conversation.uuid && Swift.type(of: $0) == type }
    }

    // MARK: reports and requests

    /// Asks for actions, in order. It returns when they will be handed to the delegate.
    public func perform(_ actions: [ConversationAction], isolation: isolated (any Actor)? = #isolation) async throws {
        try await wait { ticket in SystemMessage(op: .managerPerform, object: object, ticket: ticket, actions: actions.map { $0.message ?? SystemAction() }) }
    }

    /// Has the phone ring. It returns after the phone has answered, which is after a PushKit delegate that only begins it
    /// has returned: see forums 774958. A delegate that blocks the main thread until a detached task has called this has
    /// reported in time, as on an iPhone.
    public func reportNewIncomingConversation(uuid: UUID, update: Conversation.Update, isolation: isolated (any Actor)? = #isolation) async throws {
        var m = SystemMessage(op: .managerReportNew, object: object, call: uuid.uuidString, conversation: update.message)
        if !ConversationManager.isOnMainThread() { // whose thread may be waiting, so that no event could come
            m.op = .managerReportNewAndWait
            if let e = unavailable ?? process.send(m).error?.conversationError { throw e }
            return
        }
        let report = m
        try await wait { ticket in
            var m = report
            m.ticket = ticket
            return m
        }
    }

    private static func isOnMainThread() -> Bool { Thread.isMainThread }

    /// Tells the phone what happened to a conversation.
    public func reportConversationEvent(_ event: Conversation.Event, for conversation: Conversation) {
        var m = SystemMessage(op: .managerReportEvent, object: object, call: conversation.uuid.uuidString)
        switch event {
        case .conversationUpdated(let update): (m.name, m.conversation) = ("updated", update.message)
        case .conversationStartedConnecting(let date): (m.name, m.at) = ("startedConnecting", process.phoneDate(date))
        case .conversationConnected(let date): (m.name, m.at) = ("connected", process.phoneDate(date))
        case .conversationEnded(let date, let reason): (m.name, m.at, m.number) = ("ended", process.phoneDate(date), reason.rawValue)
        }
        process.send(m)
    }

    /// Hands the app a VoIP push that its notification service extension made of an alert. Only there it may be called.
    public class func reportNewIncomingVoIPPushPayload(
        _ dictionaryPayload: [AnyHashable: Any], isolation: isolated (any Actor)? = #isolation
    ) async throws {
        let process = SimulatedProcess.currentOrStop("ConversationManager")
        let json = try JSONSerialization.data(withJSONObject: dictionaryPayload as? [String: Any] ?? [:])
        try await ConversationManager.wait(process) { SystemMessage(op: .reportVoIPPushPayload, ticket: $0, payload: json) }
    }

    /// Ends all conversations as failed, and the manager's life.
    public func invalidate() { process.send(SystemMessage(op: .managerInvalidate, object: object)) }

    private func wait(isolation: isolated (any Actor)? = #isolation, _ command: (Int) -> SystemMessage) async throws {
        if let unavailable { throw unavailable }
        try await ConversationManager.wait(process, command)
    }

    static func wait(
        isolation: isolated (any Actor)? = #isolation, _ process: SimulatedProcess, _ command: (Int) -> SystemMessage
    ) async throws {
        try await withCheckedThrowingContinuation { (c: CheckedContinuation<Void, any Error>) in
            let ticket = process.ticket { e in if let e { c.resume(throwing: e.conversationError) } else { c.resume() } }
            if let e = process.send(command(ticket)).error {
                process.forget(ticket: ticket)
                c.resume(throwing: e.conversationError)
            }
        }
    }

    func settled(_ a: ConversationAction, fulfilled: Bool, at date: Date?, engine: UInt) {
        forget(a)
        process.send(SystemMessage(
            op: fulfilled ? .actionFulfill : .actionFail, at: process.phoneDate(date),
            action: SystemAction(id: a.uuid.uuidString, call: a.conversationUUID.uuidString, engine: engine)))
    }

    private func forget(_ a: ConversationAction) {
        let key = a.uuid.uuidString.lowercased()
        known[key] = nil
        order.removeAll { $0 == key }
    }

    // MARK: events

    private func action(_ m: SystemAction?) -> ConversationAction? {
        guard let m else { return nil }
        let key = m.id.lowercased()
        if let have = known[key] { return have }
        guard let new = ConversationAction.make(m) else { return nil }
        new.bind(self, m, timeout: process.appDate(m.timeout))
        known[key] = new
        order.append(key)
        return new
    }

    private func heard(_ m: SystemMessage) -> SystemMessage {
        guard let delegate else { return SystemMessage() }
        switch m.op {
        case .managerDidBegin: delegate.conversationManagerDidBegin(self)
        case .managerDidReset:
            for a in known.values { a.state = .failed(reason: "the system's call service was reset") }
            known = [:]
            order = []
            delegate.conversationManagerDidReset(self)
        case .managerDidActivate: delegate.conversationManager(self, didActivate: AVAudioSession.sharedInstance())
        case .managerDidDeactivate: delegate.conversationManager(self, didDeactivate: AVAudioSession.sharedInstance())
        case .managerChanged:
            for c in m.conversations { delegate.conversationManager(self, conversationChanged: Conversation(c)) }
        case .managerAct:
            if let a = action(m.action) { delegate.conversationManager(self, perform: a) }
        case .managerTimedOut:
            guard let a = action(m.action) else { break }
            a.state = .failed(reason: "it timed out")
            forget(a)
            delegate.conversationManager(self, timedOutPerforming: a)
        default: break
        }
        return SystemMessage()
    }
}

/// Performs actions and hears of changes. All methods are required.
public protocol ConversationManagerDelegate: AnyObject {
    func conversationManagerDidBegin(_ manager: ConversationManager)
    func conversationManagerDidReset(_ manager: ConversationManager)
    func conversationManager(_ manager: ConversationManager, conversationChanged conversation: Conversation)
    func conversationManager(_ manager: ConversationManager, perform action: ConversationAction)
    func conversationManager(_ manager: ConversationManager, timedOutPerforming action: ConversationAction)
    func conversationManager(_ manager: ConversationManager, didActivate audioSession: AVAudioSession)
    func conversationManager(_ manager: ConversationManager, didDeactivate audioSession: AVAudioSession)
}

extension SystemError {
    /// The error as the app gets it. Apple documents no type for it.
    var conversationError: NSError {
        NSError(domain: domain, code: code, userInfo: text.isEmpty ? [:] : [NSLocalizedDescriptionKey: text])
    }
}
