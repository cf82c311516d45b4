import Foundation
import RingtripEngine
import RingtripSimulator

/// How the app uses sound. During a call the system activates it: the app sets category and mode while it performs start or
/// answer, and never activates it.
open class AVAudioSession: NSObject, @unchecked Sendable {
    let process: SimulatedProcess

    init(process: SimulatedProcess) {
        self.process = process
        super.init()
    }

    /// The app's session.
    open class func sharedInstance() -> AVAudioSession {
        let process = SimulatedProcess.currentOrStop("AVAudioSession")
        return process.singleton("AVAudioSession") {
            let new = AVAudioSession(process: process)
            new.listen()
            return new
        }
    }

    /// The audio session as it is on the phone.
    var state: SystemAudio { process.send(SystemMessage(op: .audioState)).audio ?? SystemAudio() }

    /// Sends a command that may fail.
    func ask(_ m: SystemMessage) throws {
        if let e = process.send(m).error {
            throw e.nsError
        }
    }

    // MARK: category, mode, options

    open var availableCategories: [Category] { state.categories.map(Category.init(word:)) }
    open var availableModes: [Mode] { state.modes.map(Mode.init(word:)) }
    open var category: Category { Category(word: state.category) }
    open var categoryOptions: CategoryOptions { CategoryOptions(rawValue: state.options) }
    open var routeSharingPolicy: RouteSharingPolicy { RouteSharingPolicy(rawValue: UInt(state.policy)) ?? .default }
    open var mode: Mode { Mode(word: state.mode) }

    open func setCategory(_ category: Category) throws { try set(category, .default, .default, []) }

    open func setCategory(_ category: Category, options: CategoryOptions = []) throws { try set(category, mode, .default, options) }

    open func setCategory(_ category: Category, mode: Mode, options: CategoryOptions = []) throws {
        try set(category, mode, .default, options)
    }

    open func setCategory(_ category: Category, mode: Mode, policy: RouteSharingPolicy, options: CategoryOptions = []) throws {
        try set(category, mode, policy, options)
    }

    private func set(_ category: Category, _ mode: Mode, _ policy: RouteSharingPolicy, _ options: CategoryOptions) throws {
        let audio = SystemAudio(category: category.word, mode: mode.word, options: options.rawValue, policy: Int(policy.rawValue))
        try ask(SystemMessage(op: .audioSetCategory, audio: audio))
    }

    open func setMode(_ mode: Mode) throws { try ask(SystemMessage(op: .audioSetMode, audio: SystemAudio(mode: mode.word))) }

    // MARK: activation

    /// Activates or deactivates by the app's own hand. It is not for calls, and fails during a call of another app.
    open func setActive(_ active: Bool, options: SetActiveOptions = []) throws {
        try ask(SystemMessage(op: .audioSetActive, on: active, number: Int(options.rawValue)))
    }

    open func activate(options: AVAudioSessionActivationOptions, completionHandler handler: @escaping (Bool, (any Error)?) -> Void) {
        process.send(SystemMessage(op: .audioActivate, ticket: process.ticketForAnswer { handler($0.on, $0.error?.nsError) }))
    }

    open var isOtherAudioPlaying: Bool { state.otherAudioPlaying }
    open var secondaryAudioShouldBeSilencedHint: Bool { state.silenceSecondaryAudio }

    // MARK: permission

    /// Older than AVAudioApplication, and the same.
    open var recordPermission: RecordPermission { RecordPermission(rawValue: UInt(state.recordPermission)) ?? .undetermined }

    open func requestRecordPermission(_ response: @escaping (Bool) -> Void) {
        process.send(SystemMessage(op: .audioRequestRecordPermission, ticket: process.ticketForAnswer { response($0.on) }))
    }

    // MARK: route

    /// Sends the sound to the speaker until the route changes; only with playAndRecord.
    open func overrideOutputAudioPort(_ portOverride: PortOverride) throws {
        try ask(SystemMessage(op: .audioOverridePort, on: portOverride == .speaker))
    }

    open var currentRoute: AVAudioSessionRouteDescription { AVAudioSessionRouteDescription(state.current ?? SystemRoute()) }
    open var availableInputs: [AVAudioSessionPortDescription]? { state.availableInputs.map(AVAudioSessionPortDescription.init) }
    open var preferredInput: AVAudioSessionPortDescription? { state.preferredInput.map(AVAudioSessionPortDescription.init) }

    open func setPreferredInput(_ inPort: AVAudioSessionPortDescription?) throws {
        try ask(SystemMessage(op: .audioSetPreferredInput, name: inPort?.uid ?? ""))
    }

    // MARK: hardware

    open var sampleRate: Double { state.sampleRate }
    open var preferredSampleRate: Double { state.preferredSampleRate }
    open func setPreferredSampleRate(_ sampleRate: Double) throws {
        try ask(SystemMessage(op: .audioSetPreferredSampleRate, audio: SystemAudio(preferredSampleRate: sampleRate)))
    }

    open var ioBufferDuration: TimeInterval { Double(state.ioBufferDuration) / 1e9 }
    open var preferredIOBufferDuration: TimeInterval { Double(state.preferredIOBufferDuration) / 1e9 }
    open func setPreferredIOBufferDuration(_ duration: TimeInterval) throws {
        try ask(SystemMessage(op: .audioSetPreferredIOBufferDuration, delay: Int64((duration * 1e9).rounded())))
    }

    open var prefersNoInterruptionsFromSystemAlerts: Bool { state.prefersNoInterruptions }
    open func setPrefersNoInterruptionsFromSystemAlerts(_ inValue: Bool) throws {
        try ask(SystemMessage(op: .audioSetPrefersNoInterruptions, on: inValue))
    }

    open var prefersEchoCancelledInput: Bool { state.prefersEchoCancelledInput }
    open var isEchoCancelledInputEnabled: Bool { state.echoCancelledInput }
    open func setPrefersEchoCancelledInput(_ value: Bool) throws {
        try ask(SystemMessage(op: .audioSetPrefersEchoCancelledInput, on: value))
    }

    open var isOutputMuted: Bool { state.outputMuted }
    open func setOutputMuted(_ muted: Bool) throws { try ask(SystemMessage(op: .audioSetOutputMuted, on: muted)) }
}

/// Options of `activate(options:completionHandler:)`; there are none.
public struct AVAudioSessionActivationOptions: OptionSet, Sendable {
    public let rawValue: UInt
    public init(rawValue: UInt) { self.rawValue = rawValue }
}

extension SystemError {
    /// The error as Foundation has it.
    var nsError: NSError {
        NSError(domain: domain, code: code, userInfo: text.isEmpty ? [:] : [NSLocalizedDescriptionKey: text])
    }
}
