import Foundation
import RingtripEngine
import RingtripSimulator

/// The app's microphone as a whole (iOS 17).
open class AVAudioApplication: NSObject, @unchecked Sendable {
    /// Whether the user lets the app use the microphone.
    public enum recordPermission: Int, Sendable {
        case undetermined = 0x756e_6474
        case denied = 0x6465_6e79
        case granted = 0x6772_6e74
    }

    private let process: SimulatedProcess

    init(process: SimulatedProcess) {
        self.process = process
        super.init()
    }

    private func listen() {
        process.on(.microphoneMuteChanged) { [weak self] m in
            NotificationCenter.default.post(
                name: AVAudioApplication.inputMuteStateChangeNotification, object: self, userInfo: [AVAudioApplication.muteStateKey: m.on])
            return SystemMessage()
        }
        process.send(SystemMessage(op: .microphoneSetObserver, on: true))
    }

    /// The one of the app.
    open class var shared: AVAudioApplication {
        let process = SimulatedProcess.currentOrStop("AVAudioApplication")
        return process.singleton("AVAudioApplication") {
            let new = AVAudioApplication(process: process)
            new.listen()
            return new
        }
    }

    /// Has the system send silence in place of the microphone.
    open func setInputMuted(_ muted: Bool) throws {
        if let e = process.send(SystemMessage(op: .microphoneSetMuted, on: muted)).error {
            throw e.nsError
        }
    }

    open var isInputMuted: Bool { process.send(SystemMessage(op: .microphoneState)).on }

    open var recordPermission: recordPermission {
        AVAudioApplication.recordPermission(rawValue: process.send(SystemMessage(op: .microphoneState)).number) ?? .undetermined
    }

    /// Asks the user, once and for all. An app without NSMicrophoneUsageDescription is killed for asking.
    open class func requestRecordPermission(completionHandler response: @escaping @Sendable (Bool) -> Void) {
        let process = SimulatedProcess.currentOrStop("AVAudioApplication")
        process.send(SystemMessage(op: .microphoneRequestPermission, ticket: process.ticketForAnswer { response($0.on) }))
    }

    open class func requestRecordPermission(isolation: isolated (any Actor)? = #isolation) async -> Bool {
        await withCheckedContinuation { c in requestRecordPermission { c.resume(returning: $0) } }
    }

    /// Comes when the state changes while a recording session is active, as by the gesture of some headsets.
    public static let inputMuteStateChangeNotification = Notification.Name("AVAudioApplicationInputMuteStateChangeNotification")
    public static let muteStateKey = "AVAudioApplicationMuteStateKey"
}
