import Foundation
import Observation
import RingtripEngine
#if canImport(Combine)
import Combine
#endif
#if canImport(Intents)
import Intents
#endif
#if canImport(Network)
import Network
#endif

/// Ringtrip makes an app's calls ring like phone calls. Make one in `application(_:didFinishLaunchingWithOptions:)`, on every
/// launch, before anything that may fail or wait, and keep it as long as the app runs: the system can't deliver a push to a
/// process without a push registry, which this makes.
///
///     let ringtrip = Ringtrip(RingtripConfiguration(
///         serverURL: URL(string: "https://calls.example.com")!, media: WebRTCMedia(),
///         token: { try await session.ringtripToken() }))
///
///     let call = try await ringtrip.start(to: "alice")
///     try call.mute(true)
///     try call.end()
///
/// What happens to calls the engine decides, which is the same code on every platform; this package stands between its
/// messages and Apple's API, and decides nothing.
@MainActor
public final class Ringtrip {
    /// Where calls are shown on this device.
    public let system: CallSystem
    /// Why there is no engine; nil if all is well. Pushes are then answered with placeholders, so that the app is not ended
    /// by the system, and nothing rings.
    public let problem: RingtripError?
    /// Is told what happens, for apps that don't follow by SwiftUI.
    public weak var delegate: (any RingtripDelegate)?

    private let configuration: RingtripConfiguration
    let shell: Shell
    private let observation = Observed()
    private var shown = EngineSnapshot()
    private var list: [RingtripCall] = []
    private var starting: [UUID: CheckedContinuation<RingtripCall, any Error>] = [:]
    private var asked: [Int64: CheckedContinuation<EngineDone, any Error>] = [:] // by ticket
    private var tickets: Int64 = 0
    #if canImport(Network)
    private let network = NWPathMonitor()
    #endif

    /// Makes the engine, the provider and the push registry. It fails for no reason: see ``problem``.
    public convenience init(_ configuration: RingtripConfiguration) {
        self.init(configuration, device: Shell.device(), launch: SystemLaunch())
    }

    init(_ configuration: RingtripConfiguration, device: any Device, launch: SystemLaunch) {
        self.configuration = configuration
        let shell = Shell(configuration, device: device)
        self.shell = shell
        system = shell.backend.system
        problem = shell.open(launch)
        shell.listen { [weak self] in self?.take($0) } failed: { [weak self] in self?.take($0) } video: { [weak self] in self?.turnToVideo($0) } done: {
            [weak self] in self?.take($0)
        } group: { [weak self] in self?.take($0) }
        #if canImport(Network)
        network.pathUpdateHandler = { [weak shell] path in
            if path.status == .satisfied { shell?.networkChanged() }
        }
        network.start(queue: .main)
        #endif
    }

    deinit {
        #if canImport(Network)
        network.cancel()
        #endif
        shell.close()
    }

    /// Ends it as the death of the process would: nobody is told goodbye. It is for tests; an app keeps it for ever.
    public func close() {
        shell.close()
        let waiting = starting
        starting = [:]
        for w in waiting.values { w.resume(throwing: RingtripError(.closed, "the Ringtrip was closed")) }
        let open = asked
        asked = [:]
        for w in open.values { w.resume(throwing: RingtripError(.closed, "the Ringtrip was closed")) }
    }

    // MARK: what there is

    /// Live calls and those that ended not long ago, oldest first.
    public var calls: [RingtripCall] {
        _ = snapshot
        return list
    }

    /// The call with an ID.
    public func call(_ id: UUID) -> RingtripCall? { calls.first { $0.id == id } }

    /// Whether the line to the server is up.
    public var isOnline: Bool { snapshot.online }
    /// Whether the server knows this device and its push token.
    public var isRegistered: Bool { snapshot.registered }
    /// Whether ``start(to:name:handle:video:)`` finds what it needs.
    public var canStart: Bool { snapshot.canStart }

    /// Whether another app or the mobile network has a call on this phone; no more is known of it.
    public var hasOtherCalls: Bool { snapshot.otherApps }
    /// Whether ``swap()`` would change places: one call talks, one is on hold.
    public var canSwap: Bool { snapshot.canSwap }

    var snapshot: EngineSnapshot {
        get {
            if #available(iOS 17, macOS 14, macCatalyst 17, watchOS 10, tvOS 17, visionOS 1, *) {
                observation.read(self, \.snapshot)
            }
            return shown
        }
        set {
            guard newValue != shown else { return }
            #if canImport(Combine)
            objectWillChange.send()
            #endif
            if #available(iOS 17, macOS 14, macCatalyst 17, watchOS 10, tvOS 17, visionOS 1, *) {
                observation.write(self, \.snapshot) { shown = newValue }
            } else {
                shown = newValue
            }
        }
    }

    // MARK: what can be done

    /// Calls somebody, and returns when the system has begun to start the call.
    /// - Parameters:
    ///   - callee: the user's ID at the server.
    ///   - name: shown on this phone's call screen; empty is what the server knows.
    ///   - handle: how Recents calls back; nil is the callee's ID.
    ///   - video: whether it is a video call.
    /// - Throws: a ``RingtripError``.
    public func start(to callee: String, name: String = "", handle: RingtripHandle? = nil, video: Bool = false) async throws -> RingtripCall {
        try await begin(EngineRequest(verb: .startCall, callee: callee, name: name, handle: system(handle), video: video))
    }

    /// Asks for a call, and returns it when the system has begun to start it.
    func begin(_ r: EngineRequest) async throws -> RingtripCall {
        let answer = try request(r)
        guard let id = UUID(uuidString: answer.call) else { throw RingtripError(.failed, "the engine started a call without an ID") }
        if let call = call(id), call.state != .ended { return call }
        return try await withCheckedThrowingContinuation { starting[id] = $0 }
    }

    /// Asks what the server has to answer.
    func ask(_ r: EngineRequest) async throws -> EngineDone {
        if let problem { throw problem }
        tickets += 1
        var r = r
        r.ticket = tickets
        let done = try await withCheckedThrowingContinuation { waiting in
            asked[r.ticket] = waiting // before the answer can come
            let answer = shell.request(r)
            if !answer.code.isEmpty { take(EngineDone(ticket: r.ticket, code: answer.code, error: answer.error)) }
        }
        guard done.code.isEmpty else { throw RingtripError(RingtripError.Code(rawValue: done.code), done.error) }
        return done
    }

    func system(_ handle: RingtripHandle?) -> SystemHandle {
        handle.map { SystemHandle(type: $0.kind.rawValue, value: $0.value) } ?? SystemHandle()
    }

    /// Registers the token of ordinary notifications, by which the server tells of missed calls if its app wants that. Call it in
    /// `application(_:didRegisterForRemoteNotificationsWithDeviceToken:)`: Apple gives the token anew at each start of the app.
    public func setAlertToken(_ token: Data) { _ = shell.request(EngineRequest(verb: .alertToken, token: token)) }

    /// Puts the call that talks on hold and resumes the other one.
    public func swap() throws { try request(EngineRequest(verb: .swapCalls)) }

    /// Turns the loudspeaker on, or off, until the route changes, as the system's own button does.
    public func setSpeaker(_ on: Bool) throws { try request(EngineRequest(verb: .setSpeaker, on: on)) }

    #if canImport(Intents)
    /// Goes on with a user activity: a tap in Recents, Siri, the video button of the call screen. Call it in
    /// `application(_:continue:restorationHandler:)`, `scene(_:continue:)` and for those of `scene(_:willConnectTo:)`.
    /// - Returns: whether it was about a call.
    @discardableResult
    public func handle(_ activity: NSUserActivity) -> Bool {
        guard let a = described(activity) else { return false }
        return shell.request(EngineRequest(verb: .continueUse, activity: a)).code.isEmpty
    }
    #endif

    /// Calls whom a URL names, as the system asks the default calling app to: `tel:`, `telephony:`, `facetime:`.
    /// - Returns: whether it was about a call.
    @discardableResult
    public func handle(_ url: URL) -> Bool {
        guard let a = described(url) else { return false }
        return shell.request(EngineRequest(verb: .continueUse, activity: a)).code.isEmpty
    }

    /// Says that a user has logged in, or that another token is to be asked for.
    public func signedIn() {
        shell.askForToken { [weak shell] in _ = shell?.request(EngineRequest(verb: .register)) }
    }

    /// Says that the user has logged out.
    public func signedOut() { shell.giveToken("") }

    @discardableResult
    func request(_ r: EngineRequest) throws -> EngineAnswer {
        if let problem { throw problem }
        let answer = shell.request(r)
        guard answer.code.isEmpty else { throw RingtripError(RingtripError.Code(rawValue: answer.code), answer.error) }
        return answer
    }

    // MARK: what the engine says

    private func take(_ new: EngineSnapshot) {
        let old = Dictionary(list.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var added: [RingtripCall] = []
        var changed: [RingtripCall] = []
        var ended: [RingtripCall] = []
        list = new.calls.compactMap { c in
            guard let id = UUID(uuidString: c.id) else { return nil }
            guard let known = old[id] else {
                let call = RingtripCall(c, id: id, of: self)
                added.append(call)
                if call.state == .ended { ended.append(call) }
                return call
            }
            if known.snapshot != c {
                let over = known.snapshot.state != c.state && c.state == RingtripCall.State.ended.rawValue
                known.snapshot = c
                over ? ended.append(known) : changed.append(known)
                if known.state != .ended { starting.removeValue(forKey: id)?.resume(returning: known) } // it moved here, and had rung here
            }
            return known
        }
        let status = (shown.online, shown.registered, shown.canStart) != (new.online, new.registered, new.canStart)
        snapshot = new
        if configuration.donatesCalls {
            for call in ended where call.isOutgoing || call.answeredAt != nil { donate(call) }
        }
        for call in added {
            starting.removeValue(forKey: call.id)?.resume(returning: call)
            delegate?.ringtrip(self, didAdd: call)
        }
        for call in changed { delegate?.ringtrip(self, didChange: call) }
        for call in ended { delegate?.ringtrip(self, didEnd: call) }
        if status { delegate?.ringtripDidChangeStatus(self) }
    }

    /// The video button of the system's call screen.
    private func turnToVideo(_ id: UUID) {
        if let call = call(id) { configuration.onVideo?(call) }
    }

    private func take(_ done: EngineDone) { asked.removeValue(forKey: done.ticket)?.resume(returning: done) }

    private func take(_ change: EngineGroup) {
        guard let group = UUID(uuidString: change.group) else { return }
        delegate?.ringtrip(self, group: group, didChange: RingtripMember(change.member))
    }

    private func take(_ failure: EngineFailed) {
        guard let id = UUID(uuidString: failure.call) else { return }
        starting.removeValue(forKey: id)?.resume(throwing: RingtripError(.refused, failure.error))
    }
}

#if canImport(Combine)
extension Ringtrip: ObservableObject {}
#endif

@available(iOS 17, macOS 14, macCatalyst 17, watchOS 10, tvOS 17, visionOS 1, *)
extension Ringtrip: Observable {}

/// RingtripDelegate is told what happens, on the main actor. All methods are optional.
@MainActor
public protocol RingtripDelegate: AnyObject {
    /// There is a new call: one that rings, or one that was started.
    func ringtrip(_ ringtrip: Ringtrip, didAdd call: RingtripCall)
    /// Something about a live call changed.
    func ringtrip(_ ringtrip: Ringtrip, didChange call: RingtripCall)
    /// A call is over; ``RingtripCall/endReason`` says why.
    func ringtrip(_ ringtrip: Ringtrip, didEnd call: RingtripCall)
    /// ``Ringtrip/isOnline``, ``Ringtrip/isRegistered`` or ``Ringtrip/canStart`` changed.
    func ringtripDidChangeStatus(_ ringtrip: Ringtrip)
    /// Somebody rings for, joined or left a group call that this phone is in. One may be missed: ``Ringtrip/members(of:)`` has
    /// the truth.
    func ringtrip(_ ringtrip: Ringtrip, group: UUID, didChange member: RingtripMember)
}

extension RingtripDelegate {
    public func ringtrip(_ ringtrip: Ringtrip, didAdd call: RingtripCall) {}
    public func ringtrip(_ ringtrip: Ringtrip, didChange call: RingtripCall) {}
    public func ringtrip(_ ringtrip: Ringtrip, didEnd call: RingtripCall) {}
    public func ringtripDidChangeStatus(_ ringtrip: Ringtrip) {}
    public func ringtrip(_ ringtrip: Ringtrip, group: UUID, didChange member: RingtripMember) {}
}
