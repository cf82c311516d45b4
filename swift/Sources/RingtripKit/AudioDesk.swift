import Foundation
import RingtripEngine
#if os(Linux)
import AVFAudio
#else
import AVFoundation
#endif

/// AudioDesk carries the engine's commands about the audio session out on AVAudioSession, and tells its notifications.
/// The engine sets category and mode while a start or an answer is performed; it never activates (Apple: Responding to
/// audio session activation).
final class AudioDesk: @unchecked Sendable {
    private let tell: @Sendable (SystemMessage) -> Void
    private let lock = NSLock()
    private var observers: [any NSObjectProtocol] = [] // guarded by lock

    init(tell: @escaping @Sendable (SystemMessage) -> Void) { self.tell = tell }

    private var session: AVAudioSession { AVAudioSession.sharedInstance() }

    /// Carries a command out; nil if it is none of this desk's.
    func carry(_ m: SystemMessage) -> SystemMessage? {
        do {
            switch m.op {
            case .audioSetCategory:
                guard let a = m.audio else { return refusal("\(m.op.rawValue) names no category") }
                try session.setCategory(
                    AVAudioSession.Category(rawValue: AudioDesk.categoryPrefix + a.category),
                    mode: AVAudioSession.Mode(rawValue: AudioDesk.modePrefix + a.mode), options: AVAudioSession.CategoryOptions(rawValue: a.options))
            case .audioSetActive: try session.setActive(m.on)
            case .audioOverridePort: try session.overrideOutputAudioPort(m.on ? .speaker : .none)
            case .audioState:
                return SystemMessage(audio: SystemAudio(
                    category: cut(session.category.rawValue, AudioDesk.categoryPrefix), mode: cut(session.mode.rawValue, AudioDesk.modePrefix), route: route))
            case .audioSetObserver: m.on ? watch() : unwatch()
            default: return nil
            }
            return SystemMessage()
        } catch {
            let e = error as NSError
            return SystemMessage(error: SystemError(domain: e.domain, code: e.code, text: e.localizedDescription))
        }
    }

    private static let categoryPrefix = "AVAudioSessionCategory"
    private static let modePrefix = "AVAudioSessionMode"

    private var route: String { session.currentRoute.outputs.first?.portType.rawValue ?? "" }

    private func cut(_ text: String, _ prefix: String) -> String {
        text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
    }

    private func watch() {
        unwatch()
        let center = NotificationCenter.default
        let interruption = center.addObserver(forName: AVAudioSession.interruptionNotification, object: nil, queue: nil) { [weak self] n in
            let type = (n.userInfo?[AVAudioSessionInterruptionTypeKey] as? NSNumber)?.intValue ?? 0
            self?.tell(SystemMessage(op: .audioInterruption, number: type))
        }
        let change = center.addObserver(forName: AVAudioSession.routeChangeNotification, object: nil, queue: nil) { [weak self] n in
            let reason = (n.userInfo?[AVAudioSessionRouteChangeReasonKey] as? NSNumber)?.intValue ?? 0
            self?.tell(SystemMessage(op: .audioRouteChange, number: reason, port: self?.route ?? ""))
        }
        lock.lock()
        observers = [interruption, change]
        lock.unlock()
    }

    private func unwatch() {
        lock.lock()
        let old = observers
        observers = []
        lock.unlock()
        for o in old { NotificationCenter.default.removeObserver(o) }
    }

    /// Stops to listen, when the engine is gone.
    func close() { unwatch() }
}

/// refusal is the answer to a command that makes no sense.
func refusal(_ text: String) -> SystemMessage {
    SystemMessage(error: SystemError(domain: "com.apple.CallKit.error", code: 2, text: "RingtripKit: \(text)"))
}
