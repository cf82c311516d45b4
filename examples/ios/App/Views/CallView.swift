import RingtripKit
import SwiftUI

/// CallView is the app's own in-call screen. Each button asks the system, so that this screen, the lock screen and a headset
/// never disagree.
struct CallView: View {
    @ObservedObject var call: RingtripCall
    let ringtrip: Ringtrip
    @State private var isSpeaker = false
    @State private var showsKeypad = false

    var body: some View {
        TimelineView(.periodic(from: .now, by: 1)) { timeline in
            let screen = CallScreen(call, now: timeline.date)
            VStack(spacing: 24) {
                Text(screen.title).font(.largeTitle)
                Text(screen.status).foregroundColor(.secondary).monospacedDigit()
                Spacer()
                if showsKeypad { keypad }
                LazyVGrid(columns: [GridItem(.adaptive(minimum: 88))], spacing: 24) {
                    ForEach(screen.buttons, id: \.self) { button(for: $0, screen) }
                }
            }
            .padding(32)
        }
    }

    private func button(for b: CallScreen.Button, _ screen: CallScreen) -> some View {
        let look: (String, String, Color) = switch b {
        case .answer: ("phone.fill", "Answer", .green)
        case .decline: ("phone.down.fill", "Decline", .red)
        case .mute: (screen.isMuted ? "mic.slash.fill" : "mic.fill", "Mute", .gray)
        case .speaker: (isSpeaker ? "speaker.wave.3.fill" : "speaker.fill", "Speaker", .gray)
        case .keypad: ("circle.grid.3x3.fill", "Keypad", .gray)
        case .hold: ("pause.fill", "Hold", .gray)
        case .resume: ("play.fill", "Resume", .green)
        case .end: ("phone.down.fill", "End", .red)
        }
        return Button { press(b, screen) } label: {
            VStack {
                Image(systemName: look.0).font(.title).frame(width: 64, height: 64).background(look.2).clipShape(Circle())
                Text(look.1).font(.caption)
            }
            .foregroundColor(.primary)
        }
    }

    private var keypad: some View {
        LazyVGrid(columns: Array(repeating: GridItem(), count: 3)) {
            ForEach(Array("123456789*0#"), id: \.self) { key in
                Button(String(key)) { try? call.play(tones: String(key)) }.font(.title).padding(8)
            }
        }
    }

    private func press(_ b: CallScreen.Button, _ screen: CallScreen) {
        switch b {
        case .answer: try? call.answer()
        case .decline, .end: try? call.end()
        case .mute: try? call.mute(!screen.isMuted)
        case .hold: try? call.hold(true)
        case .resume: try? call.hold(false)
        case .keypad: showsKeypad.toggle()
        case .speaker:
            isSpeaker.toggle()
            try? ringtrip.setSpeaker(isSpeaker)
        }
    }
}
