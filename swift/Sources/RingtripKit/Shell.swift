import Foundation
import RingtripEngine
import RingtripSeal
#if canImport(RingtripSimulator)
import RingtripSimulator
#endif

/// Shell holds one process's engine and the desks that carry its commands out: it hands messages to and fro and nothing
/// else.
final class Shell: @unchecked Sendable {
    let backend: any CallBackend

    private let configuration: RingtripConfiguration
    private let relay: Relay
    private let pushes: PushDesk
    private let audio: AudioDesk
    private let device: DeviceDesk
    private let media: MediaDesk
    private let lock = NSLock()
    private var onSnapshot: (@MainActor (EngineSnapshot) -> Void)? // guarded by lock, as all below
    private var onFailed: (@MainActor (EngineFailed) -> Void)?
    private var onVideo: (@MainActor (UUID) -> Void)?
    private var onDone: (@MainActor (EngineDone) -> Void)?
    private var onGroup: (@MainActor (EngineGroup) -> Void)?
    private var asking = false
    private var afterToken: [@Sendable () -> Void] = []

    /// The device that this process runs on.
    static func device() -> any Device {
        #if canImport(RingtripSimulator)
        if let process = SimulatedProcess.current { return SimulatedDevice(process) }
        #endif
        return AppleDevice()
    }

    init(_ configuration: RingtripConfiguration, device: any Device) {
        self.configuration = configuration
        let relay = Relay()
        self.relay = relay
        let tell: Tell = { [weak relay] in relay?.tell($0) ?? SystemMessage() }
        let log = configuration.log
        backend = Shell.backend(configuration.system, device: device, tell: tell)
        pushes = PushDesk(backend: backend, log: { log?(RingtripLog(level: $0, text: $1)) }, tell: tell)
        audio = AudioDesk { _ = tell($0) }
        self.device = DeviceDesk(device) { _ = tell($0) }
        media = MediaDesk(factory: configuration.media) { [weak relay] in relay?.engine?.tell(EngineIn(media: $0)) }
    }

    private static func backend(_ wanted: CallSystem, device: any Device, tell: @escaping Tell) -> any CallBackend {
        let system = wanted.resolved(region: region, hasCallKit: CallSystem.hasCallKit, hasConversations: CallSystem.hasConversations)
        #if canImport(CallKit) && !os(macOS)
        if system == .callKit { return CallKitBackend(tell: tell) }
        #endif
        #if canImport(LiveCommunicationKit) && !os(macOS)
        if system == .liveCommunicationKit, #available(iOS 18, macCatalyst 18, visionOS 2, watchOS 11, *) {
            return ConversationBackend(device: device, tell: tell)
        }
        #endif
        return InAppBackend(device: device, tell: tell)
    }

    private static var region: String? {
        if #available(iOS 16, macOS 13, macCatalyst 16, watchOS 9, tvOS 16, visionOS 1, *) { return Locale.current.region?.identifier }
        return Locale.current.regionCode
    }

    /// Makes the engine. If that fails, pushes are taken without one.
    func open(_ launch: SystemLaunch) -> RingtripError? {
        do {
            let engine = try Engine(config(launch)) { [weak self] in self?.hear($0) ?? EngineAnswer() }
            relay.set(engine)
            if !backend.takesPushes { // no push token will come that the engine would register the device with
                engine.tell(EngineIn(request: EngineRequest(verb: .register)))
            }
            return nil
        } catch {
            let problem = RingtripError(.badConfig, "\(error)")
            configuration.log?(RingtripLog(level: .error, text: "there is no engine, and nothing will ring: \(error)"))
            if backend.takesPushes { pushes.stand() }
            return problem
        }
    }

    /// Says who hears of snapshots, of starts that came to nothing, of the video button, of answers to requests with a ticket and
    /// of group calls, on the main actor.
    func listen(
        _ snapshot: @escaping @MainActor (EngineSnapshot) -> Void, failed: @escaping @MainActor (EngineFailed) -> Void,
        video: @escaping @MainActor (UUID) -> Void, done: @escaping @MainActor (EngineDone) -> Void,
        group: @escaping @MainActor (EngineGroup) -> Void
    ) {
        locked {
            onSnapshot = snapshot
            onFailed = failed
            onVideo = video
            onDone = done
            onGroup = group
        }
        if let engine = relay.engine { main { snapshot(engine.state) } }
    }

    func request(_ r: EngineRequest) -> EngineAnswer {
        relay.engine?.tell(EngineIn(request: r)) ?? EngineAnswer(code: RingtripError.Code.closed.rawValue, error: "there is no engine")
    }

    func networkChanged() { relay.engine?.tell(EngineIn(network: true)) }

    func giveToken(_ token: String) { relay.engine?.tell(EngineIn(token: token)) }

    /// Loses the engine as a failure would, while everything else stands.
    func loseEngineForTests() {
        relay.engine?.close()
        relay.set(nil)
    }

    func close() {
        relay.engine?.close()
        relay.set(nil)
        backend.close()
        pushes.close()
        audio.close()
        device.close()
        media.close()
    }

    // MARK: what the engine says

    private func hear(_ out: EngineOut) -> EngineAnswer {
        if let m = out.system { return EngineAnswer(system: carry(m)) }
        if let m = out.media { return EngineAnswer(media: media.carry(m)) }
        if let s = out.snapshot, let f = locked({ onSnapshot }) { main { f(s) } }
        if let e = out.failed, let f = locked({ onFailed }) { main { f(e) } }
        if let id = UUID(uuidString: out.video), let f = locked({ onVideo }) { main { f(id) } }
        if let d = out.done, let f = locked({ onDone }) { main { f(d) } }
        if let g = out.group, let f = locked({ onGroup }) { main { f(g) } }
        if out.sealKey { return sealKey() }
        if let l = out.log { configuration.log?(RingtripLog(level: RingtripLog.Level(rawValue: l.level) ?? .info, text: l.text)) }
        if out.token { askForToken() }
        return EngineAnswer()
    }

    /// The device's sealing key, or why it can't be read now. A push may be waiting.
    private func sealKey() -> EngineAnswer {
        guard let sealing = configuration.sealing else { return EngineAnswer(error: "the configuration has no sealing") }
        do {
            return EngineAnswer(key: try sealing.keys.sealKey())
        } catch {
            return EngineAnswer(error: "\(error)")
        }
    }

    private func carry(_ m: SystemMessage) -> SystemMessage {
        if m.op == .registrySetDesiredPushTypes, !backend.takesPushes { return SystemMessage() }
        return device.carry(m) ?? pushes.carry(m) ?? audio.carry(m) ?? backend.carry(m) ?? refusal("no command is named \(m.op.rawValue)")
    }

    /// Asks the app for the user's token, once at a time, and tells it when it comes.
    func askForToken(then: (@Sendable () -> Void)? = nil) {
        let first = locked {
            if let then { afterToken.append(then) }
            let was = asking
            asking = true
            return !was
        }
        guard first else { return }
        Task { [weak self, configuration] in
            do {
                let token = try await configuration.token()
                let waiting = self?.answered() ?? []
                self?.giveToken(token)
                for work in waiting { work() }
            } catch {
                _ = self?.answered()
                configuration.log?(RingtripLog(level: .warn, text: "the app has no token of a user: \(error)"))
            }
        }
    }

    /// The asking is over: what waits for it.
    private func answered() -> [@Sendable () -> Void] {
        locked {
            asking = false
            let waiting = afterToken
            afterToken = []
            return waiting
        }
    }

    private func config(_ launch: SystemLaunch) -> EngineConfig {
        let c = configuration
        let p = c.provider
        var made = EngineConfig(
            serverURL: c.serverURL.absoluteString, deviceID: c.deviceID, deviceName: c.deviceName, bundleID: Bundle.main.bundleIdentifier ?? "",
            production: c.production, appVersion: Bundle.main.infoDictionary?["CFBundleShortVersionString"] as? String ?? "",
            osVersion: osVersion, folder: c.folder?.path ?? "", callerName: c.callerName, callerHandle: c.callerHandle,
            fulfillFirst: c.answerPolicy == .first, ringSeconds: c.ringSeconds,
            mixes: c.media is any CallMediaMixer, stayOnHold: !c.resumesByItself, takesVideo: c.onVideo != nil, seals: c.sealing != nil, sealedName: c.sealing?.placeholder ?? "", launch: launch, exchange: c.exchange)
        made.provider = SystemConfiguration(
            ringtoneSound: p.ringtoneSound ?? "", iconTemplateImageData: p.iconTemplateImageData, maximumCallGroups: p.maximumCallGroups,
            maximumCallsPerCallGroup: p.maximumCallsPerCallGroup, includesCallsInRecents: p.includesCallsInRecents,
            supportsVideo: p.supportsVideo ?? (c.onVideo != nil), supportedHandleTypes: p.supportedHandleTypes.map(\.rawValue).sorted())
        return made
    }

    private var osVersion: String {
        let v = ProcessInfo.processInfo.operatingSystemVersion
        return "\(v.majorVersion).\(v.minorVersion).\(v.patchVersion)"
    }

    private func locked<R>(_ body: () -> R) -> R {
        lock.lock()
        defer { lock.unlock() }
        return body()
    }
}

/// main runs work on the main actor: at once if that is where we are.
func main(_ work: @escaping @MainActor @Sendable () -> Void) {
    if Thread.isMainThread {
        MainActor.assumeIsolated { work() }
    } else {
        DispatchQueue.main.async { MainActor.assumeIsolated { work() } }
    }
}

/// Relay carries events to the engine, once there is one.
final class Relay: @unchecked Sendable {
    private let lock = NSLock()
    private var current: Engine? // guarded by lock

    var engine: Engine? {
        lock.lock()
        defer { lock.unlock() }
        return current
    }

    func set(_ engine: Engine?) {
        lock.lock()
        let old = current
        current = engine
        lock.unlock()
        withExtendedLifetime(old) {}
    }

    func tell(_ m: SystemMessage) -> SystemMessage {
        guard let engine else { return refusal("there is no engine") }
        let answer = engine.tell(EngineIn(system: m))
        if answer.code.isEmpty { return answer.system ?? SystemMessage() }
        return SystemMessage(error: SystemError(domain: "ringtrip", text: "\(answer.code): \(answer.error)"))
    }
}
