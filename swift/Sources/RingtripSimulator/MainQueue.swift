import Foundation

/// MainQueue runs code on the main thread, and what waits for it there.
enum MainQueue {
    /// Runs `work` on the main thread and returns when it has returned.
    static func run<R>(_ work: () -> R) -> R {
        Thread.isMainThread ? work() : DispatchQueue.main.sync(execute: work)
    }

    /// Runs what is in the main queue, and what that puts into it. On the main thread it does so by the run loop, which
    /// can't from within a block of the main queue (as a test of the main actor that is async): what is there stays then.
    static func drain() {
        for _ in 0..<rounds {
            let mark = Mark()
            if !Thread.isMainThread {
                DispatchQueue.main.sync {}
                continue
            }
            DispatchQueue.main.async { mark.passed = true }
            var tries = 0
            while !mark.passed, tries < 50 {
                tries += 1
                _ = RunLoop.main.run(mode: .default, before: .distantPast)
            }
            if !mark.passed { return }
        }
    }

    /// How deep blocks that put blocks into the queue are followed at once. Deeper ones run at the next chance.
    private static let rounds = 6

    private final class Mark: @unchecked Sendable { var passed = false }
}
