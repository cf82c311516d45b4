import CRingtrip
import Foundation

/// Engine is the engine of one process: the C face of capi/ringtrip.h in Swift. It decides what happens to calls and
/// calls nobody: what it wants done it says to its listener, and what happened it is told by ``tell(_:)``.
///
/// All methods may be called from any thread, ``tell(_:)`` and ``state`` also from within the listener.
public final class Engine: Sendable {
    /// Carries out what the engine says, and answers. It is called from any thread, often from within ``Engine/tell(_:)``
    /// on the caller's own, and must return soon, for a push may be waiting.
    public typealias Listener = @Sendable (EngineOut) -> EngineAnswer

    private let number: ringtrip_engine
    private let ear: Ear

    /// Makes an engine. When this returns, it has made the provider, the push registry and the observers by its listener.
    /// - Throws: ``EngineFailure`` for a configuration that makes no sense.
    public init(_ config: EngineConfig, listener: @escaping Listener) throws {
        let json: Data
        do {
            json = try BoundaryCoder.encode(config)
        } catch {
            throw EngineFailure(code: "bad_config", text: "\(error)")
        }
        let ear = Ear(listener)
        let context = Unmanaged.passRetained(ear)
        var problem: UnsafeMutablePointer<CChar>?
        let number = lend(json) { ringtrip_create($0, $1, hear, context.toOpaque(), &problem) }
        guard number != 0 else {
            context.release()
            throw EngineFailure(code: "bad_config", text: problem.map(text) ?? "the engine could not be made")
        }
        self.number = number
        self.ear = ear
    }

    deinit { close() }

    /// Ends the engine as the death of its process would: nobody is told goodbye. The listener is not called any more
    /// when this returns, unless it is called from within the listener: then it happens soon.
    public func close() {
        let number = number
        let ear = ear
        guard ear.close() else { return }
        let end: @Sendable () -> Void = {
            ringtrip_destroy(number)
            Unmanaged.passUnretained(ear).release() // the reference that the C side had
        }
        if ear.isSpeaking {
            DispatchQueue.global().async(execute: end) // ringtrip_destroy must not be called from the callback
        } else {
            end()
        }
    }

    /// Tells the engine what happened, and returns its answer when it has carried out what follows at once: for a push,
    /// the report. Errors are answers, with a code.
    @discardableResult
    public func tell(_ message: EngineIn) -> EngineAnswer {
        do {
            let json = try BoundaryCoder.encode(message)
            guard let answer = lend(json, { ringtrip_tell(number, $0, $1) }) else {
                return EngineAnswer(code: "panic", error: "the engine gave no answer")
            }
            defer { ringtrip_free(answer) }
            return try BoundaryCoder.decode(EngineAnswer.self, from: borrowed(answer, strlen(answer)))
        } catch {
            return EngineAnswer(code: "bad_message", error: "\(error)")
        }
    }

    /// What the app's own screens show now.
    public var state: EngineSnapshot {
        guard let json = ringtrip_state(number) else { return EngineSnapshot() }
        defer { ringtrip_free(json) }
        return (try? BoundaryCoder.decode(EngineSnapshot.self, from: borrowed(json, strlen(json)))) ?? EngineSnapshot()
    }

    /// How many engines there are in this process.
    public static var count: Int { Int(ringtrip_count()) }

    /// The version of the engine, as "0.3.0".
    public static var version: String { ringtrip_version().map { String(cString: $0) } ?? "" }
}

/// EngineFailure says why an engine was not made.
public struct EngineFailure: Error, CustomStringConvertible, Sendable, Hashable {
    /// bad_config
    public let code: String
    /// What was wrong and what to do, for people.
    public let text: String

    /// The text.
    public var description: String { text }
}

/// Ear is what the engine's callback has for its context.
private final class Ear: Sendable {
    let listener: Engine.Listener
    private let closed = Flag()

    init(_ listener: @escaping Engine.Listener) { self.listener = listener }

    /// Whether this is the first time.
    func close() -> Bool { closed.set() }

    /// Whether this thread is within the listener.
    var isSpeaking: Bool { pthread_getspecific(Ear.speaking) != nil }

    func hear(_ out: EngineOut) -> EngineAnswer {
        let before = pthread_getspecific(Ear.speaking)
        pthread_setspecific(Ear.speaking, Unmanaged.passUnretained(self).toOpaque())
        defer { pthread_setspecific(Ear.speaking, before) }
        return listener(out)
    }

    private static let speaking: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key, nil)
        return key
    }()
}

/// Flag is raised once.
private final class Flag: @unchecked Sendable {
    private let lock = NSLock()
    private var raised = false

    func set() -> Bool {
        lock.lock()
        defer { lock.unlock() }
        let first = !raised
        raised = true
        return first
    }
}

/// hear is the callback of the C face.
private func hear(_ context: UnsafeMutableRawPointer?, _ out: UnsafePointer<CChar>?, _ length: Int64) -> UnsafeMutablePointer<CChar>? {
    guard let context, let out else { return nil }
    let ear = Unmanaged<Ear>.fromOpaque(context).takeUnretainedValue()
    var answer: EngineAnswer
    do {
        answer = ear.hear(try BoundaryCoder.decode(EngineOut.self, from: borrowed(out, Int(length))))
    } catch {
        answer = EngineAnswer(code: "bad_message", error: "\(error)")
    }
    if answer == EngineAnswer() { return nil }
    guard let json = try? BoundaryCoder.encode(answer), let c = ringtrip_alloc(Int64(json.count + 1)) else { return nil }
    json.withUnsafeBytes { from in
        if let base = from.baseAddress { UnsafeMutableRawPointer(c).copyMemory(from: base, byteCount: json.count) }
    }
    c[json.count] = 0
    return c
}

/// borrowed is what a C string has, which lives as long as the string does.
private func borrowed(_ c: UnsafePointer<CChar>, _ count: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: UnsafeRawPointer(c), count: count)
}

/// lend shows data to C.
private func lend<R>(_ data: Data, _ body: (UnsafePointer<CChar>?, Int64) -> R) -> R {
    data.withUnsafeBytes { body($0.bindMemory(to: CChar.self).baseAddress, Int64(data.count)) }
}

/// text makes a String of what the library returned, and frees it.
private func text(_ c: UnsafeMutablePointer<CChar>) -> String {
    defer { ringtrip_free(c) }
    return String(cString: c)
}
