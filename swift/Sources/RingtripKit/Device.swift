import Foundation
import RingtripEngine

/// Device is what a process has besides the call system: a clock, the main queue, its life in the foreground and in the
/// background. ``AppleDevice`` is the iPhone; on Linux it is the simulated one, whose time is virtual. It is the only seam
/// between the two: all else of RingtripKit is the same source on both.
protocol Device: AnyObject, Sendable {
    /// The clock.
    var now: Date { get }
    /// Runs `work` on the main queue, later.
    func async(_ work: @escaping @Sendable () -> Void)
    /// Runs `work` on the main queue after so many nanoseconds, unless the timer is stopped.
    func after(_ nanoseconds: Int64, _ work: @escaping @Sendable () -> Void) -> any DeviceTimer
    /// Holds the thread until `done` is signalled, at most so many seconds.
    func hold(_ seconds: Double, until done: DispatchSemaphore)
    /// UIApplication.State: 0 active, 1 inactive, 2 background.
    var applicationState: Int { get }
    /// Has the app's life told to `listener` on the main queue: ``SystemOp/didBecomeActive`` and
    /// ``SystemOp/didEnterBackground``. Nil ends it.
    func watch(_ listener: (@Sendable (SystemOp) -> Void)?)
    /// Asks for time in the background; `expired` is called on the main queue when it is over.
    func beginTask(_ name: String, expired: @escaping @Sendable () -> Void) -> any DeviceTask
}

/// DeviceTimer is a timer that may be stopped.
protocol DeviceTimer: Sendable {
    func stop()
}

/// DeviceTask is time in the background that may be given back.
protocol DeviceTask: Sendable {
    func end()
}

/// DeviceDesk carries the engine's commands about clock, timers and life out on a device.
final class DeviceDesk: @unchecked Sendable {
    private let device: any Device
    private let tell: @Sendable (SystemMessage) -> Void
    private let lock = NSLock()
    private var timers: [Int: any DeviceTimer] = [:] // guarded by lock, as all below
    private var tasks: [Int: any DeviceTask] = [:]
    private var fired: Set<Int> = [] // timers and tasks that were over before they were kept

    init(_ device: any Device, tell: @escaping @Sendable (SystemMessage) -> Void) {
        self.device = device
        self.tell = tell
    }

    /// Carries a command out; nil if it is none of this desk's.
    func carry(_ m: SystemMessage) -> SystemMessage? {
        let ticket = m.ticket
        switch m.op {
        case .now: return SystemMessage(at: device.now)
        case .mainAsync: device.async { [tell] in tell(SystemMessage(op: .run, ticket: ticket)) }
        case .timerStart:
            let timer = device.after(m.delay) { [weak self, tell] in
                self?.timerOver(ticket)
                tell(SystemMessage(op: .run, ticket: ticket))
            }
            keep(timer, ticket)
        case .timerStop:
            guard let timer = locked({ timers.removeValue(forKey: ticket) }) else { return SystemMessage() }
            timer.stop()
            return SystemMessage(on: true)
        case .applicationState: return SystemMessage(state: device.applicationState)
        case .applicationSetDelegate:
            guard m.on else {
                device.watch(nil)
                break
            }
            device.watch { [tell] in tell(SystemMessage(op: $0)) }
        case .applicationBeginTask:
            let task = device.beginTask(m.name) { [weak self, tell] in
                tell(SystemMessage(op: .taskExpired, ticket: ticket))
                self?.locked { self?.tasks.removeValue(forKey: ticket) }?.end()
            }
            locked { tasks[ticket] = task }
        case .applicationEndTask: locked { tasks.removeValue(forKey: ticket) }?.end()
        default: return nil
        }
        return SystemMessage()
    }

    /// Stops everything, when the engine is gone.
    func close() {
        device.watch(nil)
        let (timers, tasks) = locked {
            let all = (self.timers, self.tasks)
            self.timers = [:]
            self.tasks = [:]
            return all
        }
        for timer in timers.values { timer.stop() }
        for task in tasks.values { task.end() }
    }

    private func keep(_ timer: any DeviceTimer, _ ticket: Int) {
        locked {
            if fired.remove(ticket) == nil { timers[ticket] = timer }
        }
    }

    private func timerOver(_ ticket: Int) {
        locked {
            if timers.removeValue(forKey: ticket) == nil { fired.insert(ticket) }
        }
    }

    private func locked<R>(_ body: () -> R) -> R {
        lock.lock()
        defer { lock.unlock() }
        return body()
    }
}
