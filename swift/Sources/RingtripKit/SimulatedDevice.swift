#if canImport(RingtripSimulator)
import CallKit
import Foundation
import RingtripEngine
import RingtripSimulator

/// SimulatedDevice is the simulated iPhone as ``Device``: its virtual clock, its main queue and its life. Commands go to it
/// as they are, so that what is played here leaves the log that it leaves with the engine alone.
final class SimulatedDevice: Device, @unchecked Sendable {
    private let process: SimulatedProcess

    init(_ process: SimulatedProcess) {
        self.process = process
        process.usesPhoneTime = true
    }

    var now: Date { process.now }

    func async(_ work: @escaping @Sendable () -> Void) {
        process.send(SystemMessage(op: .mainAsync, ticket: process.ticket { _ in work() }))
    }

    func after(_ nanoseconds: Int64, _ work: @escaping @Sendable () -> Void) -> any DeviceTimer {
        let ticket = process.ticket { _ in work() }
        process.send(SystemMessage(op: .timerStart, ticket: ticket, delay: nanoseconds))
        return Ticket(process: process, ticket: ticket, op: .timerStop)
    }

    /// The simulated phone stands still while code of the app runs, so nothing can be waited for: the code takes half a second.
    func hold(_ seconds: Double, until done: DispatchSemaphore) {
        process.send(SystemMessage(op: .processBlock, delay: Int64(min(seconds, 0.5) * 1e9)))
    }

    var applicationState: Int { process.send(SystemMessage(op: .applicationState)).state }

    func watch(_ listener: (@Sendable (SystemOp) -> Void)?) {
        guard let listener else { return }
        process.onDidBecomeActive { listener(.didBecomeActive) }
        process.onDidEnterBackground { listener(.didEnterBackground) }
    }

    func beginTask(_ name: String, expired: @escaping @Sendable () -> Void) -> any DeviceTask {
        let ticket = process.ticket { _ in expired() }
        process.send(SystemMessage(op: .applicationBeginTask, ticket: ticket, name: name))
        return Ticket(process: process, ticket: ticket, op: .applicationEndTask)
    }

    private struct Ticket: DeviceTimer, DeviceTask {
        let process: SimulatedProcess
        let ticket: Int
        let op: SystemOp

        func stop() { end() }

        func end() {
            process.forget(ticket: ticket)
            process.send(SystemMessage(op: op, ticket: ticket))
        }
    }
}

/// On an iPhone CallKit asks an object of the Objective-C runtime which methods it has, by `responds(to:)`. On Linux it says
/// so itself.
extension ProviderDelegate: PartialProviderDelegate {
    var implementedMethods: [String] {
        [
            "PerformStartCallAction", "PerformAnswerCallAction", "PerformEndCallAction", "PerformSetHeldCallAction", "PerformSetMutedCallAction",
            "PerformSetGroupCallAction", "PerformPlayDTMFCallAction", "TimedOutPerformingAction", "DidActivateAudioSession",
        ]
    }
}
#endif
