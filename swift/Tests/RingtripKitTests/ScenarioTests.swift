import RingtripEngine
import XCTest

@testable import RingtripKit

/// The scripts that package capi/exchange plays with the engine directly on the simulated iPhone are played here with
/// RingtripKit in between: push → Swift → C → Go → Swift → simulated CallKit. The logs are the same, byte for byte, except
/// for two things (``normalised(_:)``): a placeholder call's UUID follows from the push's bytes, and PushKit hands a
/// dictionary to the app; and the notifications of the audio session are logged where somebody listens, which the engine in
/// Go does not, but AVAudioSession posts them always.
///
/// RINGTRIP_SCENARIO plays only those that have the text in their name, and says their names.
final class ScenarioTests: XCTestCase {
    func testSameLogsAsInGo() throws {
        let all = try Scenario.all()
        XCTAssertGreaterThanOrEqual(all.count, 50)
        let only = ProcessInfo.processInfo.environment["RINGTRIP_SCENARIO"]
        for s in all where only.map({ s.name.contains($0) }) ?? true {
            if only != nil { FileHandle.standardError.write(Data("\(s.file): \(s.name)\n".utf8)) }
            let log = try play(s)
            guard log != s.log else { continue }
            let at = zip(log, s.log).enumerated().first { $1.0 != $1.1 }?.offset ?? min(log.count, s.log.count)
            XCTFail("""
                \(s.file): \(s.name): line \(at + 1) of the log is another than in Go
                here: \(log.indices.contains(at) ? log[at] : "nothing")
                want: \(s.log.indices.contains(at) ? s.log[at] : "nothing")
                all:
                \(log.joined(separator: "\n"))
                """)
        }
        XCTAssertEqual(Engine.count, 0)
    }

    private func play(_ s: Scenario) throws -> [String] {
        let p = try KitPhone(os: s.os) { c in
            c.answerPolicy = s.config.contains("fulfillFirst") ? .first : .whenConnected
            if s.config.contains("maximumCallGroups=1") { c.provider.maximumCallGroups = 1 }
        }
        for line in s.lines {
            do {
                try p.play(line)
            } catch {
                XCTFail("\(s.file): \(s.name): \(line): \(error)")
            }
        }
        XCTAssertEqual(p.world.media.flatMap(\.violations), [], "\(s.file): \(s.name)")
        let said = try p.phone.exchange("said").replacingOccurrences(of: "\n", with: "; ")
        return normalised(p.phone.log) + ["server hears " + (said.isEmpty ? "nothing" : said)]
    }

    private let audioNotifications = ["interruption", "routeChange", "availableInputsChange", "mediaServices", "silenceSecondaryAudioHint"]

    private func normalised(_ log: String) -> [String] {
        let form = "[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
        return log.replacingOccurrences(of: form, with: "placeholder", options: .regularExpression)
            .split(separator: "\n").map(String.init)
            .filter { line in !audioNotifications.contains { line.contains(" L \($0)") } }
    }
}
