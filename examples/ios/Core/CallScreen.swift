import Foundation
import RingtripKit

/// CallScreen is what the in-call screen says and which of its buttons can be pressed, for one call at one moment. The view
/// draws it and decides nothing.
struct CallScreen: Equatable {
    enum Button: String, CaseIterable { case answer, decline, mute, speaker, keypad, hold, resume, end }

    var title: String
    var status: String
    var buttons: [Button]
    var isMuted: Bool
    var isOnHold: Bool

    @MainActor
    init(_ call: RingtripCall, now: Date) {
        title = call.name.isEmpty ? call.handle.value : call.name
        isMuted = call.isMuted
        isOnHold = call.isOnHold
        switch call.state {
        case .reporting, .ringing:
            status = call.hasVideo ? "Incoming video call" : "Incoming call"
            buttons = [.decline, .answer]
        case .dialing:
            status = "Calling…"
            buttons = [.speaker, .mute, .end]
        case .alerting:
            status = "Ringing…"
            buttons = [.speaker, .mute, .end]
        case .connecting:
            status = "Connecting…"
            buttons = [.mute, .speaker, .end]
        case .connected where call.isOnHold:
            status = call.canResume ? "On hold. The other call is over." : "On hold"
            buttons = [.resume, .end]
        case .connected:
            status = call.isOnHoldThere ? "\(title) has put you on hold" : CallScreen.clock(from: call.answeredAt, to: now)
            buttons = [.mute, .keypad, .speaker, .hold, .end]
        case .ended:
            status = CallScreen.words(call.endReason)
            buttons = []
        }
    }

    /// "0:07", "12:34", "1:02:03"; clocks that disagree never show less than nothing.
    static func clock(from start: Date?, to now: Date) -> String {
        let s = max(0, Int(now.timeIntervalSince(start ?? now)))
        return s < 3600 ? String(format: "%d:%02d", s / 60, s % 60) : String(format: "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60)
    }

    static func words(_ reason: RingtripEndReason?) -> String {
        switch reason {
        case .declined, .declinedElsewhere: "Declined"
        case .busy, .busyElsewhere, .doNotDisturb: "Busy"
        case .unanswered: "No answer"
        case .answeredElsewhere: "Answered on another device"
        case .unreachable: "Could not be reached"
        case .mediaFailed: "The connection failed"
        default: "Call ended"
        }
    }
}
