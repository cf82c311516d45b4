import Foundation
import RingtripEngine
#if canImport(UIKit)
import UIKit
#endif

/// AppleDevice is the iPhone (or Mac) that the process runs on: Dispatch's main queue and UIApplication.
final class AppleDevice: Device, @unchecked Sendable {
    private let lock = NSLock()
    private var observers: [any NSObjectProtocol] = [] // guarded by lock, as all below
    private var state = 0

    init() {
        #if canImport(UIKit) && !os(watchOS)
        if Thread.isMainThread {
            state = MainActor.assumeIsolated { UIApplication.shared.applicationState.rawValue }
        } else {
            state = 2
        }
        #endif
    }

    var now: Date { Date() }

    func async(_ work: @escaping @Sendable () -> Void) { DispatchQueue.main.async(execute: work) }

    func after(_ nanoseconds: Int64, _ work: @escaping @Sendable () -> Void) -> any DeviceTimer {
        let timer = DispatchTimer(work)
        DispatchQueue.main.asyncAfter(deadline: .now() + .nanoseconds(Int(nanoseconds)), execute: timer.item)
        return timer
    }

    func hold(_ seconds: Double, until done: DispatchSemaphore) { _ = done.wait(timeout: .now() + seconds) }

    private final class DispatchTimer: DeviceTimer, @unchecked Sendable {
        let item: DispatchWorkItem

        init(_ work: @escaping @Sendable () -> Void) { item = DispatchWorkItem(block: work) }

        func stop() { item.cancel() }
    }

    var applicationState: Int {
        lock.lock()
        defer { lock.unlock() }
        return state
    }

    #if canImport(UIKit) && !os(watchOS)
    func watch(_ listener: (@Sendable (SystemOp) -> Void)?) {
        let center = NotificationCenter.default
        lock.lock()
        let old = observers
        observers = []
        lock.unlock()
        for o in old { center.removeObserver(o) }
        guard let listener else { return }
        let kinds: [(Notification.Name, Int, SystemOp?)] = [
            (UIApplication.didBecomeActiveNotification, 0, .didBecomeActive),
            (UIApplication.willResignActiveNotification, 1, nil),
            (UIApplication.didEnterBackgroundNotification, 2, .didEnterBackground),
            (UIApplication.willEnterForegroundNotification, 1, nil),
        ]
        let new = kinds.map { name, state, op in
            center.addObserver(forName: name, object: nil, queue: .main) { [weak self] _ in
                self?.become(state)
                if let op { listener(op) }
            }
        }
        lock.lock()
        observers = new
        lock.unlock()
    }

    private func become(_ new: Int) {
        lock.lock()
        defer { lock.unlock() }
        state = new
    }

    func beginTask(_ name: String, expired: @escaping @Sendable () -> Void) -> any DeviceTask {
        let task = BackgroundTask()
        task.onMain {
            task.id = UIApplication.shared.beginBackgroundTask(withName: name) {
                expired()
                task.end()
            }
        }
        return task
    }

    /// A task of UIApplication. It is begun and ended on the main thread, in order.
    private final class BackgroundTask: DeviceTask, @unchecked Sendable {
        @MainActor var id = UIBackgroundTaskIdentifier.invalid

        func end() {
            onMain {
                let old = self.id
                self.id = .invalid
                if old != .invalid { UIApplication.shared.endBackgroundTask(old) }
            }
        }

        func onMain(_ work: @escaping @MainActor @Sendable () -> Void) {
            if Thread.isMainThread {
                MainActor.assumeIsolated { work() }
            } else {
                DispatchQueue.main.async { MainActor.assumeIsolated { work() } }
            }
        }
    }
    #else
    func watch(_ listener: (@Sendable (SystemOp) -> Void)?) {}

    func beginTask(_ name: String, expired: @escaping @Sendable () -> Void) -> any DeviceTask { NoTask() }

    private struct NoTask: DeviceTask {
        func end() {}
    }
    #endif
}
