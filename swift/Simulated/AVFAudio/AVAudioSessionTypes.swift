import Foundation

extension AVAudioSession {
    /// What the app does with sound.
    public struct Category: RawRepresentable, Hashable, Sendable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let ambient = Category(word: "Ambient")
        public static let soloAmbient = Category(word: "SoloAmbient")
        public static let playback = Category(word: "Playback")
        public static let record = Category(word: "Record")
        public static let playAndRecord = Category(word: "PlayAndRecord")
        public static let multiRoute = Category(word: "MultiRoute")

        static let prefix = "AVAudioSessionCategory"
        init(word: String) { rawValue = Category.prefix + word }
        var word: String { rawValue.hasPrefix(Category.prefix) ? String(rawValue.dropFirst(Category.prefix.count)) : rawValue }
    }

    /// What kind of sound it is, within a category.
    public struct Mode: RawRepresentable, Hashable, Sendable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let `default` = Mode(word: "Default")
        public static let voiceChat = Mode(word: "VoiceChat")
        public static let videoChat = Mode(word: "VideoChat")
        public static let gameChat = Mode(word: "GameChat")
        public static let videoRecording = Mode(word: "VideoRecording")
        public static let measurement = Mode(word: "Measurement")
        public static let moviePlayback = Mode(word: "MoviePlayback")
        public static let spokenAudio = Mode(word: "SpokenAudio")
        public static let voicePrompt = Mode(word: "VoicePrompt")
        public static let shortFormVideo = Mode(word: "ShortFormVideo")
        public static let dualRoute = Mode(word: "DualRoute")

        static let prefix = "AVAudioSessionMode"
        init(word: String) { rawValue = Mode.prefix + word }
        var word: String { rawValue.hasPrefix(Mode.prefix) ? String(rawValue.dropFirst(Mode.prefix.count)) : rawValue }
    }

    /// Refinements of a category.
    public struct CategoryOptions: OptionSet, Sendable {
        public let rawValue: UInt
        public init(rawValue: UInt) { self.rawValue = rawValue }

        public static let mixWithOthers = CategoryOptions(rawValue: 1)
        public static let duckOthers = CategoryOptions(rawValue: 2)
        /// The name of allowBluetoothHFP before iOS 26.
        public static let allowBluetooth = CategoryOptions(rawValue: 4)
        public static let allowBluetoothHFP = CategoryOptions(rawValue: 4)
        public static let defaultToSpeaker = CategoryOptions(rawValue: 8)
        public static let interruptSpokenAudioAndMixWithOthers = CategoryOptions(rawValue: 17)
        public static let allowBluetoothA2DP = CategoryOptions(rawValue: 32)
        public static let allowAirPlay = CategoryOptions(rawValue: 64)
        public static let overrideMutedMicrophoneInterruption = CategoryOptions(rawValue: 128)
        public static let farFieldInput = CategoryOptions(rawValue: 262_144)
        public static let bluetoothHighQualityRecording = CategoryOptions(rawValue: 524_288)
    }

    /// How sound that is meant for far devices is routed.
    public enum RouteSharingPolicy: UInt, Sendable {
        case `default` = 0
        case longFormAudio = 1
        case independent = 2
        case longFormVideo = 3
    }

    /// What is done to others on deactivation.
    public struct SetActiveOptions: OptionSet, Sendable {
        public let rawValue: UInt
        public init(rawValue: UInt) { self.rawValue = rawValue }

        public static let notifyOthersOnDeactivation = SetActiveOptions(rawValue: 1)
    }

    /// Where the output goes regardless of the route.
    public enum PortOverride: UInt, Sendable {
        case none = 0
        case speaker = 0x7370_6b72
    }

    /// The two ends of an interruption.
    public enum InterruptionType: UInt, Sendable {
        case ended = 0
        case began = 1
    }

    /// What may be done after an interruption.
    public struct InterruptionOptions: OptionSet, Sendable {
        public let rawValue: UInt
        public init(rawValue: UInt) { self.rawValue = rawValue }

        public static let shouldResume = InterruptionOptions(rawValue: 1)
    }

    /// Why a session was interrupted.
    public enum InterruptionReason: UInt, Sendable {
        case `default` = 0
        case appWasSuspended = 1
        case builtInMicMuted = 2
        case routeDisconnected = 4
    }

    /// Why a route changed.
    public enum RouteChangeReason: UInt, Sendable {
        case unknown = 0
        case newDeviceAvailable = 1
        case oldDeviceUnavailable = 2
        case categoryChange = 3
        case override = 4
        case wakeFromSleep = 6
        case noSuitableRouteForCategory = 7
        case routeConfigurationChange = 8
    }

    /// What another app's sound does.
    public enum SilenceSecondaryAudioHintType: UInt, Sendable {
        case end = 0
        case begin = 1
    }

    /// Whether the user lets the app use the microphone.
    public enum RecordPermission: UInt, Sendable {
        case undetermined = 0x756e_6474
        case denied = 0x6465_6e79
        case granted = 0x6772_6e74
    }

    /// A kind of input or output.
    public struct Port: RawRepresentable, Hashable, Sendable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let lineIn = Port(rawValue: "LineIn")
        public static let builtInMic = Port(rawValue: "MicrophoneBuiltIn")
        public static let headsetMic = Port(rawValue: "MicrophoneWired")
        public static let lineOut = Port(rawValue: "LineOut")
        public static let headphones = Port(rawValue: "Headphones")
        public static let bluetoothA2DP = Port(rawValue: "BluetoothA2DPOutput")
        public static let builtInReceiver = Port(rawValue: "Receiver")
        public static let builtInSpeaker = Port(rawValue: "Speaker")
        public static let HDMI = Port(rawValue: "HDMIOutput")
        public static let airPlay = Port(rawValue: "AirPlay")
        public static let bluetoothLE = Port(rawValue: "BluetoothLE")
        public static let bluetoothHFP = Port(rawValue: "BluetoothHFP")
        public static let usbAudio = Port(rawValue: "USBAudio")
        public static let carAudio = Port(rawValue: "CarAudio")
        public static let virtual = Port(rawValue: "Virtual")
        public static let PCI = Port(rawValue: "PCI")
        public static let fireWire = Port(rawValue: "FireWire")
        public static let displayPort = Port(rawValue: "DisplayPort")
        public static let AVB = Port(rawValue: "AVB")
        public static let thunderbolt = Port(rawValue: "Thunderbolt")
        public static let continuityMicrophone = Port(rawValue: "ContinuityMicrophone")
    }

    /// The codes of the errors that a session's methods throw, in NSOSStatusErrorDomain.
    public enum ErrorCode: Int, Sendable {
        case none = 0
        case mediaServicesFailed = 1_836_282_486
        case isBusy = 560_030_580
        case incompatibleCategory = 560_161_140
        case cannotInterruptOthers = 560_557_684
        case missingEntitlement = 1_701_737_535
        case siriIsRecording = 1_936_290_409
        case cannotStartPlaying = 561_015_905
        case cannotStartRecording = 561_145_187
        case badParam = -50
        case insufficientPriority = 561_017_449
        case resourceNotAvailable = 561_145_203
        case unspecified = 2_003_329_396
        case expiredSession = 561_210_739
        case sessionNotActive = 1_768_841_571
    }
}
