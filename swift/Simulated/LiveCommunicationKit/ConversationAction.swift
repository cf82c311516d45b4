import Foundation
import RingtripEngine
import RingtripSimulator

/// Something that is to be done to a conversation. The first of ``fulfill()`` and ``fail()`` counts.
open class ConversationAction: Identifiable {
    /// What became of an action.
    public enum State: Hashable, Codable, Sendable {
        case idle
        case running
        case complete
        case failed(reason: String)
    }

    public internal(set) var uuid = UUID()
    public let conversationUUID: UUID
    /// When the system fails the action by itself.
    public internal(set) var timeoutDate: Date
    public internal(set) var state = State.idle
    private weak var manager: ConversationManager?

    public convenience init(conversationUUID: UUID, timeoutDate: Date) {
        self.init(conversationUUID)
        self.timeoutDate = timeoutDate
    }

    init(_ conversationUUID: UUID) {
        self.conversationUUID = conversationUUID
        timeoutDate = .distantFuture
    }

    /// Says that the action was carried out.
    open func fulfill() { settle(.complete) }

    /// Says that it could not be.
    open func fail() { settle(.failed(reason: "the app failed it")) }

    func settle(_ end: State, at date: Date? = nil, engine: UInt = 0) {
        guard state == .running, let manager else { return }
        state = end
        manager.settled(self, fulfilled: end == .complete, at: date, engine: engine)
    }

    func bind(_ manager: ConversationManager, _ m: SystemAction, timeout: Date?) {
        self.manager = manager
        if let id = UUID(uuidString: m.id) { uuid = id }
        timeoutDate = timeout ?? .distantFuture
        state = .running
    }

    var message: SystemAction? { nil }

    func message(_ kind: SystemActionKind) -> SystemAction { SystemAction(kind: kind, call: conversationUUID.uuidString) }

    /// The action that a message stands for; nil if its kind is unknown or its conversation is none.
    static func make(_ m: SystemAction) -> ConversationAction? {
        guard let id = UUID(uuidString: m.call) else { return nil }
        switch m.kind {
        case .start: return StartConversationAction(conversationUUID: id, handles: m.members.map(Handle.init), isVideo: m.video)
        case .answer: return JoinConversationAction(conversationUUID: id)
        case .end: return EndConversationAction(conversationUUID: id)
        case .setMuted: return MuteConversationAction(conversationUUID: id, isMuted: m.on)
        case .setHeld: return PauseConversationAction(conversationUUID: id, isPaused: m.on)
        case .playDTMF: return PlayToneAction(conversationUUID: id, digits: m.digits, tone: .init(rawValue: m.tone) ?? .single)
        case .setGroup:
            guard let with = UUID(uuidString: m.groupWith) else { return UnmergeConversationAction(conversationUUID: id) }
            return MergeConversationAction(conversationUUID: id, conversationUUIDToMergeWith: with)
        case .setTranslating:
            return SetTranslatingAction(
                conversationID: id, isTranslating: m.on, localLanguage: .init(identifier: m.local), remoteLanguage: .init(identifier: m.remote))
        default: return nil
        }
    }
}

/// Starts an outgoing conversation. Fulfill it when the invitation is out.
public final class StartConversationAction: ConversationAction {
    /// Everyone who is invited.
    public let handles: [Handle]
    public let isVideo: Bool

    public init(conversationUUID: UUID, handles: [Handle], isVideo: Bool) {
        self.handles = handles
        self.isVideo = isVideo
        super.init(conversationUUID)
    }

    public func fulfill(dateStarted: Date) { settle(.complete, at: dateStarted) }

    override var message: SystemAction? {
        var m = message(.start)
        m.members = handles.map(\.message)
        m.video = isVideo
        return m
    }
}

/// Answers.
public final class JoinConversationAction: ConversationAction {
    public init(conversationUUID: UUID) { super.init(conversationUUID) }

    public func fulfill(dateConnected: Date) { settle(.complete, at: dateConnected) }

    override var message: SystemAction? { message(.answer) }
}

/// Removes the local member: declines, cancels or hangs up.
public final class EndConversationAction: ConversationAction {
    public init(conversationUUID: UUID) { super.init(conversationUUID) }

    public func fulfill(dateEnded: Date) { settle(.complete, at: dateEnded) }

    override var message: SystemAction? { message(.end) }
}

/// Mutes the local member or unmutes it.
public final class MuteConversationAction: ConversationAction {
    public let isMuted: Bool

    public init(conversationUUID: UUID, isMuted: Bool) {
        self.isMuted = isMuted
        super.init(conversationUUID)
    }

    override var message: SystemAction? {
        var m = message(.setMuted)
        m.on = isMuted
        return m
    }
}

/// Holds the conversation or takes it up again.
public final class PauseConversationAction: ConversationAction {
    public let isPaused: Bool

    public init(conversationUUID: UUID, isPaused: Bool) {
        self.isPaused = isPaused
        super.init(conversationUUID)
    }

    override var message: SystemAction? {
        var m = message(.setHeld)
        m.on = isPaused
        return m
    }
}

/// Plays keys of the keypad.
public final class PlayToneAction: ConversationAction {
    /// What the digits come after.
    public enum Tone: Int, Hashable, Codable, Sendable {
        case single = 1
        case softPause = 2
        case hardPause = 3
    }

    public let digits: String
    public let tone: Tone

    public init(conversationUUID: UUID, digits: String, tone: Tone) {
        self.digits = digits
        self.tone = tone
        super.init(conversationUUID)
    }

    override var message: SystemAction? {
        var m = message(.playDTMF)
        m.digits = digits
        m.tone = tone.rawValue
        return m
    }
}

/// Merges two conversations into a group.
public final class MergeConversationAction: ConversationAction {
    public let conversationUUIDToMergeWith: UUID

    public init(conversationUUID: UUID, conversationUUIDToMergeWith: UUID) {
        self.conversationUUIDToMergeWith = conversationUUIDToMergeWith
        super.init(conversationUUID)
    }

    override var message: SystemAction? {
        var m = message(.setGroup)
        m.groupWith = conversationUUIDToMergeWith.uuidString
        return m
    }
}

/// Takes the conversation out of its group.
public final class UnmergeConversationAction: ConversationAction {
    public init(conversationUUID: UUID) { super.init(conversationUUID) }

    override var message: SystemAction? { message(.setGroup) }
}

/// Switches live translation on or off (iOS 26).
public final class SetTranslatingAction: ConversationAction {
    /// Who translates.
    public enum TranslationEngine: UInt, Hashable, Codable, Sendable {
        case `default` = 0
        case custom = 1
    }

    public let isTranslating: Bool
    public let localLanguage: Locale.Language
    public let remoteLanguage: Locale.Language

    public init(conversationID: UUID, isTranslating: Bool, localLanguage: Locale.Language, remoteLanguage: Locale.Language) {
        self.isTranslating = isTranslating
        self.localLanguage = localLanguage
        self.remoteLanguage = remoteLanguage
        super.init(conversationID)
    }

    public func fulfill(using translationEngine: TranslationEngine) { settle(.complete, engine: translationEngine.rawValue) }

    override var message: SystemAction? {
        var m = message(.setTranslating)
        m.on = isTranslating
        m.local = localLanguage.minimalIdentifier
        m.remote = remoteLanguage.minimalIdentifier
        return m
    }
}
