import Foundation
import RingtripEngine

/// A person in a conversation.
public struct Handle: Hashable, Codable, Sendable {
    /// A kind of handle.
    public enum Kind: Int, Hashable, Codable, Sendable {
        case generic = 1
        case phoneNumber = 2
        case emailAddress = 3
    }

    public var type: Kind
    public var value: String
    /// What the system shows when it finds nobody in the contacts.
    public var displayName: String

    public init(type: Kind, value: String, displayName: String? = nil) {
        self.type = type
        self.value = value
        self.displayName = displayName ?? ""
    }

    init(_ c: SystemContact) { self.init(type: Kind(rawValue: c.handle.type) ?? .generic, value: c.handle.value, displayName: c.name) }
    var message: SystemContact { SystemContact(handle: SystemHandle(type: type.rawValue, value: value), name: displayName) }
}

extension Set<Handle> {
    /// The members for the phone, whose first it shows. A set has no order of its own: the alphabet stands in for one.
    var message: [SystemContact] { sorted { ($0.displayName, $0.value) < ($1.displayName, $1.value) }.map(\.message) }
}
