import CRingtrip
import Foundation
import RingtripEngine

/// SimulatedPhone is a simulated iPhone with one app on it, whose processes live in this program: the modules CallKit,
/// PushKit, AVFAudio, Intents and LiveCommunicationKit, as they are on Linux, talk to it.
///
///     let phone = try SimulatedPhone { process in
///         process.keep(AppDelegate())          // what application(_:didFinishLaunchingWithOptions:) would make
///     }
///     phone.push(["uuid": "...", "handle": "alice"])
///     try phone.perform("U answer")
///
/// Time is virtual and stands still except in ``wait(_:)``; nothing happens on the phone while none of the methods here
/// runs. Code of the app is called by them, so that what is played twice with one seed leaves one log. It is called on
/// the main thread: from a test that runs there (a synchronous XCTest does) directly, from any other by
/// `DispatchQueue.main.sync`, for which the main thread must be free.
///
/// What the app gives to `DispatchQueue.main.async` or to a `Task` while the phone calls it is run right after the code that
/// was called has returned, before anything else happens on the phone, as an iPhone's main queue would. While there is a
/// phone, all tasks of the program run on the main thread for that, also detached ones; but a task that a push delegate begins
/// runs beside it, for the delegate may wait for it. Work on queues and threads of the
/// app's own is not waited for. `DispatchQueue.asyncAfter` and `Timer` run on the real clock; see
/// ``SimulatedProcess/after(_:_:)``.
public final class SimulatedPhone: @unchecked Sendable {
    private let lock = NSRecursiveLock()
    private var number: ringtrip_simulator = 0
    private var processes: [Int: SimulatedProcess] = [:] // guarded by lock
    private let launch: (SimulatedProcess) -> Void
    private var extensions: [String: (SimulatedProcess) -> Void] = [:] // guarded by lock

    /// The newest process of the app that lives; nil if none does.
    public var process: SimulatedProcess? {
        lock.lock()
        defer { lock.unlock() }
        return processes.values.filter { !$0.isExtension }.max { $0.number < $1.number }
    }

    /// Makes a phone and installs the app. `launch` is called for each process of it, in place of the app's main function
    /// and `application(_:didFinishLaunchingWithOptions:)`.
    /// - Parameters:
    ///   - os: a version of iOS that the simulator has a profile for, as "16", "17.4", "26.4"; empty is the newest.
    ///   - knobs: unsettled behaviours by name; docs/ios-rules.md lists them.
    ///   - seed: what is random on the phone follows from it.
    ///   - exchange: names a ringtrip server in memory that the engine of the app may use, for ``exchange(_:)``; empty is none.
    ///   - traits: what the app has or lacks in its Info.plist and its entitlements.
    /// - Throws: ``SimulatorFailure`` if the phone does not know one of them.
    public init(
        os: String = "", knobs: [String: String] = [:], seed: UInt64 = 1, traits: [String] = [], exchange: String = "",
        launch: @escaping (SimulatedProcess) -> Void
    ) throws {
        self.launch = launch
        let config = SimulatorConfig(os: os, knobs: knobs, seed: seed, traits: traits, exchange: exchange)
        var problem: UnsafeMutablePointer<CChar>?
        number = try bytes(of: BoundaryCoder.encode(config)) { text, count in
            ringtrip_sim_create(text, count, hear, Unmanaged.passUnretained(self).toOpaque(), &problem)
        }
        if number == 0 {
            throw SimulatorFailure(text: take(problem))
        }
        TaskQueue.phones(1)
    }

    deinit { close() }

    /// Ends the phone and its app's process, as if neither had been there.
    public func close() {
        let n = number
        number = 0
        if n != 0 {
            ringtrip_sim_destroy(n)
            TaskQueue.phones(-1)
        }
        lock.lock()
        let left = Array(processes.values)
        processes.removeAll()
        lock.unlock()
        for p in left { p.die() }
    }

    /// Does what a line of a scenario says: the user ("U answer", "U hold on"), the network ("N voipPush u1 name=Bob"), the
    /// world ("SYS cellularRing +15550100"). What follows at once has happened when it returns.
    /// - Throws: ``SimulatorFailure`` if the phone does not know the words, or its screen does not offer it.
    public func perform(_ line: String) throws {
        MainQueue.drain()
        try tell(SimulatorIn(do: line))
        settle()
    }

    /// Does what happens at the server in memory and at the far ends, as "call u1 name=Bob", "answer u51", "hangup u1". What
    /// follows at once has happened when it returns. "said" returns what the device said.
    /// - Throws: ``SimulatorFailure`` if there is no such thing, or no such call.
    @discardableResult
    public func exchange(_ line: String) throws -> String {
        let answer = try tell(SimulatorIn(exchange: line))
        settle()
        return answer.text
    }

    /// Delivers a VoIP push with this payload, whatever it is. What follows at once has happened when it returns.
    public func push(_ payload: Data) {
        MainQueue.drain()
        _ = try? tell(payload.isEmpty ? SimulatorIn(empty: true) : SimulatorIn(push: payload))
        settle()
    }

    /// Delivers a VoIP push with this payload, which must be what JSON can say.
    public func push(_ payload: [String: Any]) {
        guard let json = try? JSONSerialization.data(withJSONObject: payload, options: [.sortedKeys]) else {
            preconditionFailure("SimulatedPhone.push: the payload is not what JSON can say: \(payload)")
        }
        push(json)
    }

    /// Lets time pass on the phone, with all that happens in it.
    public func wait(_ seconds: Double) {
        settle()
        let millis = Int64((seconds * 1000).rounded())
        _ = try? tell(millis > 0 ? SimulatorIn(wait: millis) : SimulatorIn(settle: true))
        settle()
    }

    /// Does what is due, in no time: also what the app has put into the main queue since.
    public func settle() {
        for _ in 0..<2 { // what the first round woke may have put more into the queue
            MainQueue.drain()
            _ = try? tell(SimulatorIn(settle: true))
        }
    }

    /// What can be seen: "screen", "calls", "app", "strikes", "recents", "audio", "route", "dialogs", "notices".
    /// - Throws: ``SimulatorFailure`` for other words.
    public func look(_ what: String) throws -> String {
        try tell(SimulatorIn(look: what)).text
    }

    /// All that happened, line by line: time, channel, words.
    public var log: String { (try? tell(SimulatorIn(log: true)).text) ?? "" }

    @discardableResult
    private func tell(_ message: SimulatorIn) throws -> SimulatorAnswer {
        guard number != 0 else {
            throw SimulatorFailure(text: "the simulated phone has been closed")
        }
        let json = try bytes(of: BoundaryCoder.encode(message)) { take(ringtrip_sim_do(number, $0, $1)) }
        let answer = try BoundaryCoder.decode(SimulatorAnswer.self, from: Data(json.utf8))
        if !answer.error.isEmpty {
            throw SimulatorFailure(text: answer.error)
        }
        return answer
    }

    /// Carries a command of a process to the phone.
    func system(_ process: Int, _ command: SystemMessage) -> SystemMessage {
        do {
            let json = try bytes(of: BoundaryCoder.encode(command)) { take(ringtrip_sim_system(number, Int64(process), $0, $1)) }
            return try BoundaryCoder.decode(SystemMessage.self, from: Data(json.utf8))
        } catch {
            return SystemMessage(error: SystemError(domain: "SimulatedPhone", text: "\(error)"))
        }
    }

    /// Says what the process of an extension is made of. The kinds are notificationService, callDirectory and intents; the
    /// app has those that its traits name. The modules offer this with Apple's types.
    public func install(extension kind: String, _ make: @escaping (SimulatedProcess) -> Void) {
        lock.lock()
        defer { lock.unlock() }
        extensions[kind] = make
    }

    /// Makes the process of an extension and tells it its first event.
    private func begin(_ out: SimulatorOut, _ event: SystemMessage) -> SystemMessage {
        let p = SimulatedProcess(phone: self, number: out.process, launch: SystemLaunch(background: true))
        lock.lock()
        let make = extensions[out.extension]
        processes[out.process] = p
        lock.unlock()
        p.isExtension = true
        guard let make else {
            preconditionFailure("the app's traits name an extension \(out.extension), and nobody has installed its code in the SimulatedPhone")
        }
        p.run { make(p) }
        return p.event(event)
    }

    /// Takes what the phone says to a process.
    fileprivate func heard(_ out: SimulatorOut) -> SystemMessage {
        lock.lock()
        let known = processes[out.process]
        lock.unlock()
        if out.died {
            lock.lock()
            processes[out.process] = nil
            lock.unlock()
            known?.die()
            return SystemMessage()
        }
        guard let event = out.system else { return SystemMessage() }
        if known == nil, !out.extension.isEmpty {
            return begin(out, event)
        }
        guard event.op == .launched else {
            return known?.event(event) ?? SystemMessage(error: SystemError(domain: "SimulatedPhone", text: "there is no process \(out.process)"))
        }
        let p = SimulatedProcess(phone: self, number: out.process, launch: event.launch ?? SystemLaunch())
        lock.lock()
        processes[out.process] = p
        lock.unlock()
        p.run { launch(p) }
        return SystemMessage()
    }
}

/// SimulatorFailure says why a simulated phone did not do something.
public struct SimulatorFailure: Error, CustomStringConvertible, Sendable {
    /// What was wrong, and what would have been right.
    public let text: String
    /// The text.
    public var description: String { text }
}

/// hear is the callback of the C face.
private func hear(_ context: UnsafeMutableRawPointer?, _ out: UnsafePointer<CChar>?, _ length: Int64) -> UnsafeMutablePointer<CChar>? {
    guard let context, let out else { return nil }
    let phone = Unmanaged<SimulatedPhone>.fromOpaque(context).takeUnretainedValue()
    var answer: SystemMessage
    do {
        answer = phone.heard(try BoundaryCoder.decode(SimulatorOut.self, from: Data(bytes: out, count: Int(length))))
    } catch {
        answer = SystemMessage(error: SystemError(domain: "SimulatedPhone", text: "\(error)"))
    }
    guard let json = try? BoundaryCoder.encode(answer), json.count > 2 else { return nil }
    return copy(json)
}

/// copy allocates a C string that the library frees.
private func copy(_ json: Data) -> UnsafeMutablePointer<CChar>? {
    guard let c = ringtrip_alloc(Int64(json.count + 1)) else { return nil }
    json.withUnsafeBytes { from in
        UnsafeMutableRawPointer(c).copyMemory(from: from.baseAddress!, byteCount: json.count)
    }
    c[json.count] = 0
    return c
}

/// bytes lends data as C has it.
private func bytes<R>(of data: Data, _ body: (UnsafePointer<CChar>?, Int64) -> R) -> R {
    data.withUnsafeBytes { body($0.bindMemory(to: CChar.self).baseAddress, Int64(data.count)) }
}

/// take makes a String of what the library returned, and frees it.
private func take(_ text: UnsafeMutablePointer<CChar>?) -> String {
    guard let text else { return "" }
    defer { ringtrip_free(text) }
    return String(cString: text)
}
