import Foundation
import RingtripEngine
import RingtripSimulator

/// A SIM's line (iOS 26).
public struct CellularService: Identifiable, Hashable, Sendable {
    public let id: UUID
    public let label: String
    let name: String // the phone's own

    init(name: String, label: String) {
        var bytes = Array(name.utf8.prefix(16))
        bytes += Array(repeating: 0, count: 16 - bytes.count)
        id = bytes.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
        self.label = label
        self.name = name
    }
}

/// Starts a cellular call (iOS 26).
public struct StartCellularConversationAction: Hashable, Sendable {
    let handle: Handle
    let service: CellularService?

    /// No service lets the system choose.
    public init(_ handle: Handle, cellularService: CellularService? = nil) {
        self.handle = handle
        service = cellularService
    }

    /// Calls back.
    public init(_ recentConversation: ConversationHistoryManager.RecentConversation) {
        self.init(recentConversation.handles.first ?? Handle(type: .generic, value: ""))
    }
}

/// Cellular calls from an app (iOS 26).
public final class TelephonyConversationManager: @unchecked Sendable {
    private let process: SimulatedProcess

    init(process: SimulatedProcess) { self.process = process }

    /// The app's own. It is a constant on an iPhone; here it belongs to the process that runs.
    public static var sharedInstance: TelephonyConversationManager {
        let process = SimulatedProcess.currentOrStop("TelephonyConversationManager")
        return process.singleton("TelephonyConversationManager") { TelephonyConversationManager(process: process) }
    }

    /// The lines that the app may dial on; none unless it is the default dialer.
    public var cellularServices: [CellularService] {
        let names = process.send(SystemMessage(op: .telephonyServices)).names
        return stride(from: 0, to: names.count - 1, by: 2).map { CellularService(name: names[$0], label: names[$0 + 1]) }
    }

    /// Has the system ask the user and dial.
    public func startCellularConversation(_ action: StartCellularConversationAction, isolation: isolated (any Actor)? = #isolation) async throws {
        try await ConversationManager.wait(process) {
            SystemMessage(
                op: .telephonyStart, ticket: $0, names: action.service.map { [$0.name, $0.label] } ?? [], members: [action.handle.message])
        }
    }
}
