import Foundation
import RingtripEngine

/// A conversation of the app.
public final class Conversation: @unchecked Sendable, Identifiable, CustomDebugStringConvertible {
    /// What a conversation can do. The system offers only that.
    public struct Capabilities: OptionSet, Hashable, Codable, Sendable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }

        public static let video = Capabilities(rawValue: 1 << 0)
        public static let pausing = Capabilities(rawValue: 1 << 1)
        public static let merging = Capabilities(rawValue: 1 << 2)
        public static let unmerging = Capabilities(rawValue: 1 << 3)
        public static let playingTones = Capabilities(rawValue: 1 << 4)
    }

    /// What is to change; nil changes nothing.
    public struct Update: Hashable, Codable, Sendable {
        public var localMember: Handle?
        public var members: Set<Handle>?
        public var activeRemoteMembers: Set<Handle>?
        public var capabilities: Capabilities?

        public init(
            localMember: Handle? = nil, members: Set<Handle>? = nil, activeRemoteMembers: Set<Handle>? = nil, capabilities: Capabilities? = nil
        ) {
            self.localMember = localMember
            self.members = members
            self.activeRemoteMembers = activeRemoteMembers
            self.capabilities = capabilities
        }

        var message: SystemConversationUpdate {
            SystemConversationUpdate(
                localMember: localMember?.message, members: members?.message, activeRemoteMembers: activeRemoteMembers?.message,
                capabilities: capabilities?.rawValue)
        }
    }

    /// Where a conversation stands.
    public enum State: Int, Hashable, Codable, Sendable {
        case idle = 0
        case joining = 1
        case joined = 2
        case paused = 3
        case leaving = 4
        case left = 5
    }

    /// Why it ended.
    public enum EndedReason: Int, Hashable, Codable, Sendable {
        case failed = 1
        case remoteEnded = 2
        case unanswered = 3
        case joinedElsewhere = 4
        case declinedElsewhere = 5
    }

    /// What the app tells of it.
    public enum Event: Hashable, Codable, Sendable {
        case conversationUpdated(Update)
        case conversationStartedConnecting(Date)
        case conversationConnected(Date)
        case conversationEnded(Date, EndedReason)
    }

    public let uuid: UUID
    public internal(set) var state: State
    public internal(set) var localMember: Handle?

    public var debugDescription: String { "Conversation \(uuid) \(state)" }

    init(_ c: SystemConversation) {
        uuid = UUID(uuidString: c.uuid) ?? UUID()
        state = State(rawValue: c.state) ?? .idle
        localMember = c.localMember.map(Handle.init)
    }
}
