// PushKit for Linux: Apple's API on the simulated iPhone, written from Apple's public documentation.
@_exported import Foundation

/// A kind of push.
public struct PKPushType: RawRepresentable, Hashable, Sendable {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public init(_ rawValue: String) { self.rawValue = rawValue }

    /// Calls.
    public static let voIP = PKPushType(rawValue: "PKPushTypeVoIP")
    /// Changes of a file provider's files.
    public static let fileProvider = PKPushType(rawValue: "PKPushTypeFileProvider")
    /// Watch complications.
    @available(*, deprecated, message: "deprecated in iOS 13")
    public static let complication = PKPushType(rawValue: "PKPushTypeComplication")
}

/// The device's token for a kind of push.
open class PKPushCredentials: NSObject {
    public let type: PKPushType
    public let token: Data

    init(type: PKPushType, token: Data) {
        self.type = type
        self.token = token
    }
}

/// What a push carried.
open class PKPushPayload: NSObject {
    public let type: PKPushType
    /// The payload that the server sent. What is no JSON object is empty here: APNs takes nothing else.
    public let dictionaryPayload: [AnyHashable: Any]

    init(type: PKPushType, json: Data) {
        self.type = type
        let object = try? JSONSerialization.jsonObject(with: json)
        dictionaryPayload = object as? [String: Any] ?? [:]
    }
}

/// What the system knows of a VoIP push (iOS 26.4).
public final class PKVoIPPushMetadata: NSObject, Sendable {
    /// Whether the app must report a call for it. It need not in the foreground, during a call, and when the push is old.
    public let mustReport: Bool

    init(mustReport: Bool) { self.mustReport = mustReport }
}
