import Foundation

/// TaskQueue has all tasks of the program run on the main thread, one after the other, while there is a simulated phone. On
/// the threads of Swift's own pool they would run at the same time as the phone, and what is played twice would not leave
/// one log.
///
/// It uses the hook that the Swift runtime has for who brings an executor of their own. A runtime without it leaves tasks
/// where they are.
enum TaskQueue {
    private typealias Original = @convention(thin) (UnownedJob) -> Void
    private typealias Hook = @convention(thin) (UnownedJob, Original) -> Void

    nonisolated(unsafe) private static let hook: UnsafeMutablePointer<Hook?>? = {
        guard let program = dlopen(nil, RTLD_LAZY), let found = dlsym(program, "swift_task_enqueueGlobal_hook") else { return nil }
        return found.assumingMemoryBound(to: Hook?.self)
    }()

    nonisolated(unsafe) private static var phones = 0
    private static let lock = NSLock()

    /// Whether tasks go to Swift's own threads all the same: while a push delegate runs, for it may block the main thread
    /// until a task of its own has reported (forums 774958).
    nonisolated(unsafe) private(set) static var usesPool = false

    /// Runs `body` with tasks on Swift's own threads.
    static func withPool<R>(_ body: () -> R) -> R {
        usesPool = true
        defer { usesPool = false }
        return body()
    }

    /// Says that there is one phone more (1) or less (-1).
    static func phones(_ change: Int) {
        lock.lock()
        defer { lock.unlock() }
        phones += change
        if phones == 1, change == 1 {
            hook?.pointee = { job, original in
                if TaskQueue.usesPool { original(job) } else { MainActor.shared.enqueue(job) }
            }
        } else if phones == 0 {
            hook?.pointee = nil
        }
    }
}
