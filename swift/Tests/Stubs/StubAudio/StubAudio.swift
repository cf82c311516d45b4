import Foundation

/// StubAudio is what the stubs of the media SDKs share: it knows whether the system lends the audio session, keeps what the
/// SDKs did, and calls it a violation when an SDK's audio runs while the session is not lent, or touches the session itself.
public final class StubAudio: @unchecked Sendable {
    public static let shared = StubAudio()

    private let lock = NSLock()
    private var lent: @Sendable () -> Bool = { false }
    private var done: [String] = []
    private var broken: [String] = []
    private var running: Set<String> = []

    /// Starts anew; `isLent` says whether the system lends the session.
    public func reset(isLent: @escaping @Sendable () -> Bool) {
        locked { (lent, done, broken, running) = (isLent, [], [], []) }
    }

    /// What the SDKs did, in order.
    public var log: [String] { locked { done } }
    /// What broke a rule.
    public var violations: [String] { locked { broken } }
    /// The SDKs whose audio unit runs.
    public var units: [String] { locked { running.sorted() } }

    /// An SDK says what it does.
    public func say(_ words: String) { locked { done.append(words) } }

    /// An SDK starts or stops its audio unit.
    public func unit(_ sdk: String, runs: Bool) {
        let isLent = runs ? locked { lent }() : true
        locked {
            guard running.contains(sdk) != runs else { return }
            if runs { running.insert(sdk) } else { running.remove(sdk) }
            done.append("\(sdk): audio \(runs ? "starts" : "stops")")
            if runs, !isLent { broken.append("\(sdk): audio starts while the system does not lend the session") }
        }
    }

    /// An SDK does what only the system may.
    public func violate(_ words: String) { locked { broken.append(words) } }

    private func locked<R>(_ body: () -> R) -> R {
        lock.lock()
        defer { lock.unlock() }
        return body()
    }
}
