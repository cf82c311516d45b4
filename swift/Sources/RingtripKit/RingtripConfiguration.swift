import Foundation
@_exported import RingtripSeal

/// RingtripConfiguration is what a ``Ringtrip`` is made from. The first four have no default.
public struct RingtripConfiguration: Sendable {
    /// When an answer is confirmed to the system.
    public enum AnswerPolicy: Sendable {
        /// When the media transport is up, so that the call timer is honest, and after five seconds at the latest.
        case whenConnected
        /// At once.
        case first
    }

    /// How the system's call screen looks and what it offers. The app's name on it is the system's business (since iOS 14).
    public struct Provider: Sendable, Hashable {
        /// A sound file in the app's bundle; nil is the user's own ringtone.
        public var ringtoneSound: String?
        /// PNG data of 40×40 points whose alpha channel is a mask; nil is none.
        public var iconTemplateImageData: Data?
        /// Whether the system's call screen and Recents offer video; nil is whether ``RingtripConfiguration/onVideo`` is there, for
        /// a button that does nothing is worse than none.
        public var supportsVideo: Bool?
        /// How many calls, or groups of calls, may live at once: 2 is one and another on hold (call waiting), 1 none waits.
        public var maximumCallGroups = 2
        /// How many calls a group may have.
        public var maximumCallsPerCallGroup = 5
        /// Whether calls are listed in the phone app's Recents.
        public var includesCallsInRecents = true
        /// What kinds of handles the app can call back.
        public var supportedHandleTypes: Set<RingtripHandle.Kind> = [.generic, .phoneNumber, .emailAddress]

        public init() {}
    }

    /// The ringtrip server, as https://calls.example.com.
    public var serverURL: URL
    /// Names this installation, 1-64 of [A-Za-z0-9._-]; see ``installationID(in:)``.
    public var deviceID: String
    /// Returns a JWT of the user that is logged in, which your backend signs; it throws if nobody is. It is asked whenever
    /// one is needed, at launch too, and may take its time.
    public var token: @Sendable () async throws -> String
    /// What carries the sound.
    public var media: any CallMediaFactory

    /// Where calls are shown.
    public var system: CallSystem = .automatic
    /// How the system's call screen looks.
    public var provider = Provider()
    /// When an answer is confirmed.
    public var answerPolicy: AnswerPolicy = .whenConnected
    /// The longest ring in seconds, below the system's own 60; the server's deadline may be nearer.
    public var ringSeconds: TimeInterval = 45
    /// Whether a call that was put on hold for another one is resumed by request when that is over, since the system does so
    /// after a hang-up on this phone only; else the app's screen offers it (``RingtripCall/canResume``).
    public var resumesByItself = true
    /// What those who are called are shown; empty is what the server knows.
    public var callerName = ""
    /// As ``callerName``.
    public var callerHandle = ""
    /// What the device is called, for people: "Bob's iPhone".
    public var deviceName = ""
    /// Whether push tokens belong to APNs' production environment: true in TestFlight and the App Store.
    public var production: Bool
    /// Where the journal of live calls is kept, which the next process reads after a crash. It must exist, and be readable
    /// from the first unlock on, since a push may launch the app on a locked phone. Nil keeps it in memory.
    public var folder: URL?
    /// Gets the call whose video button the user pressed on the system's call screen, on the main actor: turn it into a video
    /// call, in your own screen and in the media. Set it only if you do.
    public var onVideo: (@MainActor @Sendable (RingtripCall) -> Void)?
    /// Has callers' names and handles encrypted for this device, so that they are not in the push for Apple to read; nil has
    /// them come as plain text. The server seals for every device that has registered a key.
    public var sealing: RingtripSealing?
    /// Whether a call is donated to the system when it ends (INInteraction), so that Siri and Spotlight know whom to call.
    public var donatesCalls = true
    /// Names a simulated phone's server in memory, for tests on Linux: the engine there takes it in place of ``serverURL``.
    var exchange = ""
    /// Gets a line of the log, from any thread; nil discards it.
    public var log: (@Sendable (RingtripLog) -> Void)?

    /// Makes a configuration. `deviceID` nil is ``installationID(in:)`` of the app's support folder.
    public init(
        serverURL: URL, deviceID: String? = nil, media: any CallMediaFactory, token: @escaping @Sendable () async throws -> String
    ) {
        let folder = RingtripConfiguration.supportFolder()
        self.serverURL = serverURL
        self.deviceID = deviceID ?? RingtripConfiguration.installationID(in: folder)
        self.media = media
        self.token = token
        self.folder = folder
        #if DEBUG
        production = false
        #else
        production = true
        #endif
    }

    /// A name for this installation, made once and kept in a file in `folder`. Without a folder it is a new one every time.
    public static func installationID(in folder: URL?) -> String {
        let file = folder?.appendingPathComponent("ringtrip-device")
        if let file, let known = try? String(contentsOf: file, encoding: .utf8), (1...64).contains(known.count) {
            return known
        }
        let new = UUID().uuidString.lowercased()
        if let file { try? Data(new.utf8).write(to: file, options: fileOptions) }
        return new
    }

    /// The folder for what must be readable after the first unlock; nil if it can't be made.
    static func supportFolder() -> URL? {
        let manager = FileManager.default
        guard let base = try? manager.url(for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true) else { return nil }
        let folder = base.appendingPathComponent("ringtrip", isDirectory: true)
        #if os(iOS) || os(visionOS)
        let attributes: [FileAttributeKey: Any]? = [.protectionKey: FileProtectionType.completeUntilFirstUserAuthentication]
        #else
        let attributes: [FileAttributeKey: Any]? = nil
        #endif
        guard (try? manager.createDirectory(at: folder, withIntermediateDirectories: true, attributes: attributes)) != nil else { return nil }
        return folder
    }

    // The name is no secret, and a push may launch the app before the first unlock: a device that could not read its name
    // would answer under another one, and be refused.
    private static var fileOptions: Data.WritingOptions {
        #if os(iOS) || os(visionOS)
        [.atomic, .noFileProtection]
        #else
        [.atomic]
        #endif
    }
}

/// RingtripHandle is how somebody can be called: CXHandle.
public struct RingtripHandle: Sendable, Hashable {
    /// CXHandle.HandleType.
    public enum Kind: Int, Sendable, Hashable, CaseIterable {
        case generic = 1
        case phoneNumber = 2
        case emailAddress = 3
    }

    /// What ``value`` is.
    public var kind: Kind
    /// A user ID, a number or an address.
    public var value: String

    public init(_ value: String, kind: Kind = .generic) {
        self.value = value
        self.kind = kind
    }
}

/// RingtripLog is a line of the engine's log: what people look for when a phone did not ring.
public struct RingtripLog: Sendable, Hashable, CustomStringConvertible {
    /// How much it matters.
    public enum Level: String, Sendable {
        case debug = "DEBUG"
        case info = "INFO"
        case warn = "WARN"
        case error = "ERROR"
    }

    /// How much it matters.
    public var level: Level
    /// The line, without level and time.
    public var text: String

    public var description: String { "\(level.rawValue) \(text)" }
}

/// RingtripError says why something was not done.
public struct RingtripError: Error, Sendable, Hashable, CustomStringConvertible, LocalizedError {
    /// What went wrong, as a word that stays.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The word, as the engine says it.
        public let rawValue: String

        public init(rawValue: String) { self.rawValue = rawValue }

        /// The ``Ringtrip`` was closed, or never came to be.
        public static let closed = Code(rawValue: "closed")
        /// No live call of this device has that ID.
        public static let noCall = Code(rawValue: "no_call")
        /// Another call rings or dials; answer or end it first.
        public static let onCall = Code(rawValue: "on_call")
        /// The server has not given this device a call ID yet; try again once ``Ringtrip/canStart`` is true.
        public static let notConnected = Code(rawValue: "not_connected")
        /// Nobody to call.
        public static let noCallee = Code(rawValue: "no_callee")
        /// More calls than ``RingtripConfiguration/Provider/maximumCallGroups``.
        public static let tooManyCalls = Code(rawValue: "too_many_calls")
        /// Swap needs a call that talks and one on hold.
        public static let nothingToSwap = Code(rawValue: "nothing_to_swap")
        /// The media can't mix calls on this device.
        public static let cannotMix = Code(rawValue: "cannot_mix")
        /// A group call is begun with 2 to 8 callees, each named once.
        public static let badCallees = Code(rawValue: "bad_callees")
        /// A group call that was begun here can't be moved; leave it, and join it on the other device.
        public static let group = Code(rawValue: "group")
        /// The server knows no such group call, or not for this user.
        public static let unknownGroup = Code(rawValue: "unknown_group")
        /// The system does not let the call start.
        public static let refused = Code(rawValue: "refused")
        /// The configuration makes no sense.
        public static let badConfig = Code(rawValue: "bad_config")
        /// Anything else.
        public static let failed = Code(rawValue: "failed")
    }

    /// What went wrong.
    public var code: Code
    /// What was wrong, for people.
    public var text: String

    public init(_ code: Code, _ text: String) {
        self.code = code
        self.text = text
    }

    public var description: String { text }
    /// ``text``, for LocalizedError.
    public var errorDescription: String? { text }
}
