import Foundation
import RingtripEngine
import RingtripSimulator

extension AVAudioSession {
    public static let interruptionNotification = Notification.Name("AVAudioSessionInterruptionNotification")
    public static let routeChangeNotification = Notification.Name("AVAudioSessionRouteChangeNotification")
    public static let mediaServicesWereLostNotification = Notification.Name("AVAudioSessionMediaServicesWereLostNotification")
    public static let mediaServicesWereResetNotification = Notification.Name("AVAudioSessionMediaServicesWereResetNotification")
    public static let silenceSecondaryAudioHintNotification = Notification.Name("AVAudioSessionSilenceSecondaryAudioHintNotification")
    public static let availableInputsChangeNotification = Notification.Name("AVAudioSessionAvailableInputsChangeNotification")
    public static let outputMuteStateChangeNotification = Notification.Name("AVAudioSessionOutputMuteStateChangeNotification")

    /// Has the phone's news of the session posted to the default notification center, on the main queue.
    ///
    /// It begins when an app first asks for its session. An iPhone posts also to apps that never did.
    func listen() {
        let process = process
        func post(_ op: SystemOp, _ name: Notification.Name, _ info: @escaping (SystemMessage) -> [AnyHashable: Any]) {
            process.on(op) { [weak self] m in
                NotificationCenter.default.post(name: name, object: self, userInfo: info(m))
                return SystemMessage()
            }
        }
        post(.audioInterruption, AVAudioSession.interruptionNotification) { m in
            let i = m.interruption ?? SystemInterruption(type: m.number)
            var info: [AnyHashable: Any] = [AVAudioSessionInterruptionTypeKey: UInt(i.type)]
            if i.type == 0 {
                info[AVAudioSessionInterruptionOptionKey] = UInt(i.options)
            } else {
                info[AVAudioSessionInterruptionReasonKey] = UInt(i.reason)
            }
            if i.wasSuspended { info[AVAudioSessionInterruptionWasSuspendedKey] = true }
            return info
        }
        post(.audioRouteChange, AVAudioSession.routeChangeNotification) { m in
            var info: [AnyHashable: Any] = [AVAudioSessionRouteChangeReasonKey: UInt(m.number)]
            if let before = m.routes.first { info[AVAudioSessionRouteChangePreviousRouteKey] = AVAudioSessionRouteDescription(before) }
            return info
        }
        post(.audioMediaServicesLost, AVAudioSession.mediaServicesWereLostNotification) { _ in [:] }
        post(.audioMediaServicesReset, AVAudioSession.mediaServicesWereResetNotification) { _ in [:] }
        post(.audioSilenceSecondary, AVAudioSession.silenceSecondaryAudioHintNotification) { m in
            [AVAudioSessionSilenceSecondaryAudioHintTypeKey: UInt(m.on ? 1 : 0)]
        }
        post(.audioAvailableInputsChanged, AVAudioSession.availableInputsChangeNotification) { _ in [:] }
        post(.audioOutputMuteChanged, AVAudioSession.outputMuteStateChangeNotification) { m in [AVAudioSession.muteStateKey: m.on] }
        process.send(SystemMessage(op: .audioSetObserver, on: true))
    }

    /// The key of the state in outputMuteStateChangeNotification.
    public static let muteStateKey = "AVAudioSessionMuteStateKey"
}

// Keys of the notifications' userInfo. Numbers are UInt, as apps cast them.
public let AVAudioSessionInterruptionTypeKey = "AVAudioSessionInterruptionTypeKey"
public let AVAudioSessionInterruptionOptionKey = "AVAudioSessionInterruptionOptionKey"
public let AVAudioSessionInterruptionReasonKey = "AVAudioSessionInterruptionReasonKey"
public let AVAudioSessionInterruptionWasSuspendedKey = "AVAudioSessionInterruptionWasSuspendedKey"
public let AVAudioSessionRouteChangeReasonKey = "AVAudioSessionRouteChangeReasonKey"
public let AVAudioSessionRouteChangePreviousRouteKey = "AVAudioSessionRouteChangePreviousRouteKey"
public let AVAudioSessionSilenceSecondaryAudioHintTypeKey = "AVAudioSessionSilenceSecondaryAudioHintTypeKey"
