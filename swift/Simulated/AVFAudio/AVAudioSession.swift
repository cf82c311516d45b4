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
        listen()
    }

    /// The app's session.
    open class func sharedInstance() -> AVAudioSession {
        let process = SimulatedProcess.currentOrStop("AVAudioSession")
        return process.singleton("AVAudioSession") { AVAudioSession(process: process) }
    }

    // MARK: category, mode, options

    open func setCategory(_ category: Category) throws {
        try set(category, .default, [])
    }

    open func setCategory(_ category: Category, options: CategoryOptions = []) throws {
        try set(category, mode, options)
    }

    open func setCategory(_ category: Category, mode: Mode, options: CategoryOptions = []) throws {
        try set(category, mode, options)
    }

    /// The audio session as it is on the phone.
    var state: SystemAudio { process.send(SystemMessage(op: .audioState)).audio ?? SystemAudio() }

    private func set(_ category: Category, _ mode: Mode, _ options: CategoryOptions) throws {
        let audio = SystemAudio(category: category.word, mode: mode.word, options: options.rawValue)
        try check(process.send(SystemMessage(op: .audioSetCategory, audio: audio)))
    }

    open var category: Category { Category(word: state.category) }
    open var mode: Mode { Mode(word: state.mode) }

    // MARK: activation

    /// Activates or deactivates by the app's own hand. It is not for calls, and fails during a call of another app.
    open func setActive(_ active: Bool, options: SetActiveOptions = []) throws {
        try check(process.send(SystemMessage(op: .audioSetActive, on: active, number: Int(options.rawValue))))
    }

    // MARK: route

    /// Sends the sound to the speaker until the route changes; only with playAndRecord.
    open func overrideOutputAudioPort(_ portOverride: PortOverride) throws {
        try check(process.send(SystemMessage(op: .audioOverridePort, on: portOverride == .speaker)))
    }

    func check(_ answer: SystemMessage) throws {
        if let e = answer.error {
            throw e.nsError
        }
    }

    private func listen() {}
}

extension SystemError {
    /// The error as Foundation has it.
    var nsError: NSError {
        NSError(domain: domain, code: code, userInfo: text.isEmpty ? [:] : [NSLocalizedDescriptionKey: text])
    }
}
