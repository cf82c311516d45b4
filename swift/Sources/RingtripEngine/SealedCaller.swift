import CRingtrip
import Foundation

/// SealedCaller opens who calls, as a push has it encrypted for a device. It needs no engine.
public enum SealedCaller {
    /// Opens it; what can't be opened is answered with an error.
    public static func open(_ sealed: EngineSealed) -> EngineCaller {
        do {
            let json = try BoundaryCoder.encode(sealed)
            let answer = json.withUnsafeBytes { ringtrip_open_caller($0.bindMemory(to: CChar.self).baseAddress, Int64(json.count)) }
            guard let answer else { return EngineCaller(error: "the engine gave no answer") }
            defer { ringtrip_free(answer) }
            return try BoundaryCoder.decode(EngineCaller.self, from: Data(bytes: answer, count: strlen(answer)))
        } catch {
            return EngineCaller(error: "\(error)")
        }
    }
}
