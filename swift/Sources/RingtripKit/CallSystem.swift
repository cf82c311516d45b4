import Foundation

/// CallSystem is where calls are shown and rung.
public enum CallSystem: String, Sendable, Hashable {
    /// CallKit where there is one, except in China's region, where an app with CallKit is not allowed: there
    /// LiveCommunicationKit if the system is new enough for it, else ``none``.
    case automatic
    /// CallKit: CXProvider.
    case callKit
    /// LiveCommunicationKit: ConversationManager. It takes iOS 18: before, its report can't be made within the push
    /// delegate's method. On older systems ``automatic`` is used.
    case liveCommunicationKit
    /// The app's own screen only. VoIP pushes are not asked for, since each must be reported to the system; calls ring while
    /// the app runs, or after an ordinary notification.
    case none

    /// What ``automatic`` comes to here.
    /// - Parameters:
    ///   - region: of the device, as "CN".
    ///   - hasCallKit: whether the platform has CallKit.
    ///   - hasConversations: whether it has LiveCommunicationKit, new enough.
    func resolved(region: String?, hasCallKit: Bool, hasConversations: Bool) -> CallSystem {
        switch self {
        case .callKit where hasCallKit, .none: return self
        case .liveCommunicationKit where hasConversations: return self
        default: break
        }
        if region == "CN" { return hasConversations ? .liveCommunicationKit : .none }
        return hasCallKit ? .callKit : hasConversations ? .liveCommunicationKit : .none
    }

    /// Whether this platform has CallKit for apps.
    static var hasCallKit: Bool {
        #if canImport(CallKit) && !os(macOS)
        true
        #else
        false
        #endif
    }

    /// Whether this platform has LiveCommunicationKit, new enough.
    static var hasConversations: Bool {
        #if canImport(LiveCommunicationKit) && !os(macOS)
        if #available(iOS 18, macCatalyst 18, visionOS 2, watchOS 11, *) { return true }
        return false
        #else
        return false
        #endif
    }
}
