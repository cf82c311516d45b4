import Foundation
import RingtripEngine
import RingtripSimulator

/// Recents, for the app that the user has made the default dialer (iOS 26).
public final class ConversationHistoryManager: @unchecked Sendable {
    /// A conversation of the past.
    public struct RecentConversation: Identifiable, Hashable, Sendable {
        /// Who began it.
        public enum Direction: Hashable, Sendable {
            case incoming
            case outgoing
        }

        /// What became of it.
        public enum Status: Hashable, Sendable {
            case unknown
            case connected
            case missed
            case cancelled
            case answeredElsewhere
        }

        public let id: UUID
        public let date: Date
        public let duration: TimeInterval
        public let direction: Direction
        public let status: Status
        public let handles: [Handle]
        public let isRead: Bool

        init(_ r: SystemRecent, _ process: SimulatedProcess) {
            id = UUID(uuidString: r.id) ?? UUID()
            date = process.appDate(r.date) ?? .distantPast
            duration = Double(r.duration) / 1e9
            direction = r.incoming ? .incoming : .outgoing
            status = [0: .connected, 1: .missed, 3: .cancelled, 4: .answeredElsewhere][r.status] ?? .unknown
            handles = r.handles.map(Handle.init)
            isRead = r.isRead
        }
    }

    private let process: SimulatedProcess

    init(process: SimulatedProcess) { self.process = process }

    /// The app's own. It is a constant on an iPhone; here it belongs to the process that runs.
    public static var sharedInstance: ConversationHistoryManager {
        let process = SimulatedProcess.currentOrStop("ConversationHistoryManager")
        return process.singleton("ConversationHistoryManager") { ConversationHistoryManager(process: process) }
    }

    /// Those that match, newest first.
    public func recentConversations(
        matching predicate: Predicate<RecentConversation>, isolation: isolated (any Actor)? = #isolation
    ) async throws -> [RecentConversation] {
        let all: [SystemRecent] = try await withCheckedThrowingContinuation { c in
            let ticket = process.ticketForAnswer { m in
                if let e = m.error { c.resume(throwing: e.conversationError) } else { c.resume(returning: m.recents) }
            }
            if let e = process.send(SystemMessage(op: .historyRecent, ticket: ticket)).error {
                process.forget(ticket: ticket)
                c.resume(throwing: e.conversationError)
            }
        }
        return try all.map { RecentConversation($0, process) }.filter { try predicate.evaluate($0) }
    }

    public func markConversationAsRead(_ conversation: RecentConversation, isolation: isolated (any Actor)? = #isolation) async throws {
        try await markConversationsAsRead([conversation])
    }

    public func markConversationsAsRead(_ conversations: [RecentConversation], isolation: isolated (any Actor)? = #isolation) async throws {
        try await ConversationManager.wait(process) {
            SystemMessage(op: .historyMarkRead, ticket: $0, names: conversations.map(\.id.uuidString))
        }
    }
}
