import Foundation
import RingtripEngine

/// SimulatedProcess is one life of the app on a simulated phone. The simulated frameworks find it by ``current``, send it
/// commands and are told events; tests use it to keep the app's objects, as a process's memory does.
///
/// When the phone kills the process, its objects are let go and nothing of it is called any more. Code of a dead process
/// that still runs, on threads of its own, talks to nobody.
public final class SimulatedProcess: @unchecked Sendable {
    /// The phone that it runs on; nil once that is gone.
    public private(set) weak var phone: SimulatedPhone?
    /// Which life of the app it is, from 1.
    public let number: Int
    /// Why it was started.
    public let launch: SystemLaunch

    /// Whether it is the process of an extension of the app.
    public internal(set) var isExtension = false

    private let lock = NSLock()
    private var kept: [AnyObject] = [] // guarded by lock, as all below
    private var objects = 0
    private var tickets = 0
    private var routes: [Int: (SystemMessage) -> SystemMessage] = [:]
    private var rest: [SystemOp: (SystemMessage) -> SystemMessage] = [:]
    private var waiting: [Int: (SystemMessage) -> Void] = [:]
    private var draining = false
    private var shared: [String: AnyObject] = [:]
    private var dead = false
    private var phoneTime = false

    init(phone: SimulatedPhone, number: Int, launch: SystemLaunch) {
        self.phone = phone
        self.number = number
        self.launch = launch
    }

    /// Whether it has not been killed.
    public var isAlive: Bool { locked { !dead } }

    /// Holds an object of the app for as long as the process lives.
    public func keep(_ object: AnyObject) { locked { kept.append(object) } }

    /// What was kept of a type, the first; nil if there is none.
    public func kept<T>(_ type: T.Type = T.self) -> T? { locked { kept.lazy.compactMap { $0 as? T }.first } }

    // MARK: which process runs

    nonisolated(unsafe) private static var running: SimulatedProcess?
    private static let runningLock = NSLock()

    /// The process whose code runs, or ran last: it is whose objects are made by `CXProvider(configuration:)` and its like.
    /// With several phones in one program, make and use their apps' objects only from within their own callbacks.
    public static var current: SimulatedProcess? {
        runningLock.lock()
        defer { runningLock.unlock() }
        return running
    }

    /// The process whose code runs. It is a mistake of the test to use one of the simulated frameworks without a phone.
    public static func currentOrStop(_ what: String) -> SimulatedProcess {
        guard let p = current else {
            preconditionFailure("\(what) was used where no SimulatedPhone has launched an app: make a SimulatedPhone first, and the app's objects in its launch closure")
        }
        return p
    }

    /// Makes `p` the process whose code runs, and returns the one that was.
    @discardableResult
    private static func enter(_ p: SimulatedProcess) -> SimulatedProcess? {
        runningLock.lock()
        defer { runningLock.unlock() }
        let before = running
        running = p
        return before
    }

    /// Goes back from an extension to the app: a test that asks next means the app.
    private func leave(to before: SimulatedProcess?) {
        if isExtension, let before, before.isAlive { SimulatedProcess.enter(before) }
    }

    /// Makes this the process whose code runs, also after `body`, until another's does.
    public func run<R>(_ body: () -> R) -> R {
        MainQueue.run {
            let before = SimulatedProcess.enter(self)
            defer { leave(to: before) }
            let r = body()
            drainSoon()
            return r
        }
    }

    // MARK: commands and events

    /// Sends a command and returns the phone's answer; an empty one when the process or its phone is gone.
    @discardableResult
    public func send(_ command: SystemMessage) -> SystemMessage {
        guard isAlive, let phone else { return SystemMessage() }
        return phone.system(number, command)
    }

    /// A number for a new object of the app, whose events go to `events`.
    public func object(_ events: @escaping (SystemMessage) -> SystemMessage) -> Int {
        locked {
            objects += 1
            routes[objects] = events
            return objects
        }
    }

    /// Forgets an object: it was deallocated.
    public func forget(object: Int) { locked { routes[object] = nil } }

    /// Has events that are about no object go to `handler`.
    public func on(_ op: SystemOp, _ handler: @escaping (SystemMessage) -> SystemMessage) { locked { rest[op] = handler } }

    /// A ticket for a completion handler: `f` is called once, when the phone gives it back.
    public func ticket(_ f: @escaping (SystemError?) -> Void) -> Int { ticketForAnswer { f($0.error) } }

    /// A ticket for a completion handler that gets more than an error.
    public func ticketForAnswer(_ f: @escaping (SystemMessage) -> Void) -> Int {
        locked {
            tickets += 1
            waiting[tickets] = f
            return tickets
        }
    }

    /// Takes a ticket back.
    public func forget(ticket: Int) { locked { waiting[ticket] = nil } }

    /// The one object of a kind in this process, as `AVAudioSession.sharedInstance()`.
    public func singleton<T: AnyObject>(_ name: String, _ make: () -> T) -> T {
        if let have = locked({ shared[name] }) as? T { return have }
        let new = make()
        locked { shared[name] = new }
        return new
    }

    func event(_ message: SystemMessage) -> SystemMessage {
        switch message.op {
        case .run where message.ticket == SimulatedProcess.drainTicket:
            MainQueue.run {
                let before = SimulatedProcess.enter(self)
                MainQueue.drain()
                leave(to: before)
            }
            locked { draining = false }
            return SystemMessage()
        case .run, .completion, .taskExpired:
            guard let f = locked({ waiting.removeValue(forKey: message.ticket) }) else { return SystemMessage() }
            run { f(message) }
            return SystemMessage()
        default:
            let f = locked { message.object != 0 ? routes[message.object] : rest[message.op] }
            guard let f else {
                return SystemMessage(error: SystemError(domain: "SimulatedProcess", text: "\(message.op.rawValue): nobody listens"))
            }
            if message.op == .registryDidReceive {
                return run { TaskQueue.withPool { f(message) } }
            }
            return run { f(message) }
        }
    }

    /// Asks the phone for a turn to run what the app has put into the main queue: after the code that runs has returned,
    /// so that a report that a push delegate leaves to the main queue comes too late, as on an iPhone.
    private func drainSoon() {
        let first = locked {
            let was = draining
            draining = true
            return !was && !dead
        }
        if first {
            send(SystemMessage(op: .mainAsync, ticket: SimulatedProcess.drainTicket))
        }
    }

    private static let drainTicket = -1

    func die() {
        let gone = locked {
            dead = true
            let all = (kept, routes, rest, waiting, shared)
            kept = []
            routes = [:]
            rest = [:]
            waiting = [:]
            shared = [:]
            return all
        }
        SimulatedProcess.runningLock.lock()
        if SimulatedProcess.running === self { SimulatedProcess.running = nil }
        SimulatedProcess.runningLock.unlock()
        withExtendedLifetime(gone) {} // the app's deinitialisers run here
    }

    // MARK: queues and time

    /// Calls `work` for the app: at once for the main queue (nil), else by `queue.sync`, so that the phone waits until it
    /// has returned and its rules about that hold. Code on such a queue must not wait for the main queue.
    public func call<R>(on queue: DispatchQueue?, _ work: () -> R) -> R {
        guard let queue, queue.label != "com.apple.main-thread" else { return work() } // on Linux each .main is another object
        return queue.sync(execute: work)
    }

    /// Makes the code that calls it take so many seconds of the phone's time, as if it waited for a network or a lock.
    public func block(_ seconds: Double) { send(SystemMessage(op: .processBlock, delay: Int64(seconds * 1e9))) }

    /// Ends the process as an uncaught exception would, when the code that calls it has returned.
    public func crash(_ why: String) { send(SystemMessage(op: .processCrash, name: why)) }

    /// Starts what stands for the app's audio engine, as a media SDK does.
    /// - Throws: what an iPhone would, as when nobody has activated the audio session.
    public func startAudio(record: Bool) throws {
        if let e = send(SystemMessage(op: .processStartAudio, on: record)).error {
            throw NSError(domain: e.domain, code: e.code, userInfo: [NSLocalizedDescriptionKey: e.text])
        }
    }

    /// Stops it.
    public func stopAudio() { send(SystemMessage(op: .processStopAudio)) }

    /// The phone's clock.
    public var now: Date { send(SystemMessage(op: .now)).at ?? Date() }

    /// Calls `f` on the main queue after so many seconds of the phone's time, unless the process ends before.
    public func after(_ seconds: Double, _ f: @escaping () -> Void) {
        send(SystemMessage(op: .timerStart, ticket: ticket { _ in f() }, delay: Int64(seconds * 1e9)))
    }

    /// Whether the app's dates are on the phone's clock already, as those of an app that asks ``now`` instead of `Date()`.
    public var usesPhoneTime: Bool {
        get { locked { phoneTime } }
        set { locked { phoneTime = newValue } }
    }

    /// A moment on the phone's clock for a date of the app's. The app reads the real clock, by `Date()`: what is so long
    /// before or after now there is so here, to a tenth of a second. nil is nil.
    public func phoneDate(_ date: Date?) -> Date? {
        guard let date, !usesPhoneTime else { return date }
        let ahead = (date.timeIntervalSinceNow * 10).rounded() / 10
        guard abs(ahead) < 1e9 else { return date }
        return ahead == 0 ? nil : now.addingTimeInterval(ahead)
    }

    /// A moment on the app's clock for one of the phone's.
    public func appDate(_ date: Date?) -> Date? {
        guard let date, !usesPhoneTime else { return date }
        return Date().addingTimeInterval(date.timeIntervalSince(now))
    }

    private func locked<R>(_ body: () -> R) -> R {
        lock.lock()
        defer { lock.unlock() }
        return body()
    }
}
