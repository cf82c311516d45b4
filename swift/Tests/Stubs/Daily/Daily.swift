// Declarations of Daily's client SDK as far as RingtripDaily uses it, with a fake behind them whose audio runs while it is in
// a room, as the real one's does. For tests only; written from the public API.
import Foundation
import StubAudio

public struct MeetingToken: Sendable {
    public let stringValue: String
    public init(stringValue: String) { self.stringValue = stringValue }
}

public struct CallJoinData: Sendable {}
public struct InputSettings: Sendable {}
public struct CallClientError: Error, Sendable {}

public enum OutboundMediaType: Sendable { case camera, microphone }

@MainActor
public final class CallClient {
    /// The clients that are in a room, for tests.
    public static var inside: [CallClient] = []

    public private(set) var microphone = true
    public private(set) var url: URL?
    public private(set) var token: String?

    public init() {}

    @discardableResult
    public func join(url: URL, token: MeetingToken? = nil) async throws -> CallJoinData {
        guard url.scheme == "https" else { throw CallClientError() }
        (self.url, self.token) = (url, token?.stringValue)
        CallClient.inside.append(self)
        StubAudio.shared.unit("Daily", runs: true)
        return CallJoinData()
    }

    public func leave() async throws {
        CallClient.inside.removeAll { $0 === self }
        StubAudio.shared.unit("Daily", runs: !CallClient.inside.isEmpty)
    }

    @discardableResult
    public func setInputEnabled(_ type: OutboundMediaType, _ enabled: Bool) async throws -> InputSettings {
        microphone = enabled
        StubAudio.shared.say("Daily: microphone \(enabled ? "on" : "off")")
        return InputSettings()
    }
}
