import Foundation
import RingtripEngine
import RingtripSimulator

/// Country code and number in digits, as 14085550123.
public typealias CXCallDirectoryPhoneNumber = Int64

/// The largest: 15 digits.
public let CXCallDirectoryPhoneNumberMax: CXCallDirectoryPhoneNumber = 999_999_999_999_999

/// The main object of a call directory extension, which gives the system numbers to block and names for numbers.
open class CXCallDirectoryProvider: NSObject {
    public override init() {}

    /// Adds and removes entries and then completes the request, at once or later.
    open func beginRequest(with context: CXCallDirectoryExtensionContext) {}
}

/// Takes entries, in ascending order, those to block and those to identify apart.
open class CXCallDirectoryExtensionContext: NSObject {
    private let process: SimulatedProcess
    /// Whether the entries of the request before are kept and only changes are wanted.
    public let isIncremental: Bool
    /// Who is told that the request failed. It is not retained.
    open weak var delegate: (any CXCallDirectoryExtensionContextDelegate)?

    init(process: SimulatedProcess, isIncremental: Bool) {
        self.process = process
        self.isIncremental = isIncremental
        super.init()
        process.on(.directoryFailed) { [weak self] m in
            if let self, let e = m.error { self.delegate?.requestFailed(for: self, withError: e.error) }
            return SystemMessage()
        }
    }

    open func addBlockingEntry(withNextSequentialPhoneNumber phoneNumber: CXCallDirectoryPhoneNumber) {
        process.send(SystemMessage(op: .directoryAddBlocking, number: Int(phoneNumber)))
    }

    open func removeBlockingEntry(withPhoneNumber phoneNumber: CXCallDirectoryPhoneNumber) {
        process.send(SystemMessage(op: .directoryRemoveBlocking, number: Int(phoneNumber)))
    }

    open func removeAllBlockingEntries() { process.send(SystemMessage(op: .directoryRemoveAllBlocked)) }

    open func addIdentificationEntry(withNextSequentialPhoneNumber phoneNumber: CXCallDirectoryPhoneNumber, label: String) {
        process.send(SystemMessage(op: .directoryAddIdentity, name: label, number: Int(phoneNumber)))
    }

    open func removeIdentificationEntry(withPhoneNumber phoneNumber: CXCallDirectoryPhoneNumber) {
        process.send(SystemMessage(op: .directoryRemoveIdentity, number: Int(phoneNumber)))
    }

    open func removeAllIdentificationEntries() { process.send(SystemMessage(op: .directoryRemoveAllKnown)) }

    /// Says that this is all; the handler is told whether the request had expired before.
    open func completeRequest(completionHandler completion: ((Bool) -> Void)? = nil) {
        process.send(SystemMessage(op: .directoryComplete, ticket: process.ticketForAnswer { completion?($0.on) }))
    }
}

/// Is told that a request failed.
public protocol CXCallDirectoryExtensionContextDelegate: NSObjectProtocol {
    func requestFailed(for extensionContext: CXCallDirectoryExtensionContext, withError error: any Error)
}

/// The app's side of its call directory extensions.
open class CXCallDirectoryManager: NSObject {
    /// Whether the user lets an extension block and identify.
    public enum EnabledStatus: Int, Sendable {
        case unknown = 0
        case disabled = 1
        case enabled = 2
    }

    private let process: SimulatedProcess
    private let queue = DispatchQueue(label: "CXCallDirectoryManager")

    init(process: SimulatedProcess) { self.process = process }

    /// The app's own.
    open class var sharedInstance: CXCallDirectoryManager {
        let process = SimulatedProcess.currentOrStop("CXCallDirectoryManager")
        return process.singleton("CXCallDirectoryManager") { CXCallDirectoryManager(process: process) }
    }

    /// Has the extension asked again, for it has news.
    open func reloadExtension(withIdentifier identifier: String, completionHandler completion: (((any Error)?) -> Void)? = nil) {
        send(.directoryReload, identifier) { completion?($0.error?.error) }
    }

    open func getEnabledStatusForExtension(
        withIdentifier identifier: String, completionHandler completion: @escaping (EnabledStatus, (any Error)?) -> Void
    ) {
        send(.directoryStatus, identifier) { completion(EnabledStatus(rawValue: $0.number) ?? .unknown, $0.error?.error) }
    }

    /// Shows the user where to enable the extension.
    open func openSettings(completionHandler completion: (((any Error)?) -> Void)? = nil) {
        send(.directoryOpenSettings, "") { completion?($0.error?.error) }
    }

    open func reloadExtension(withIdentifier identifier: String, isolation: isolated (any Actor)? = #isolation) async throws {
        try await asynchronously { reloadExtension(withIdentifier: identifier, completionHandler: $0) }
    }

    open func openSettings(isolation: isolated (any Actor)? = #isolation) async throws {
        try await asynchronously { openSettings(completionHandler: $0) }
    }

    open func enabledStatusForExtension(
        withIdentifier identifier: String, isolation: isolated (any Actor)? = #isolation
    ) async throws -> EnabledStatus {
        try await withCheckedThrowingContinuation { (c: CheckedContinuation<EnabledStatus, any Error>) in
            getEnabledStatusForExtension(withIdentifier: identifier) { status, error in
                if let error { c.resume(throwing: error) } else { c.resume(returning: status) }
            }
        }
    }

    private func send(_ op: SystemOp, _ name: String, _ done: @escaping (SystemMessage) -> Void) {
        let process = process
        let queue = queue
        process.send(SystemMessage(op: op, ticket: process.ticketForAnswer { m in process.call(on: queue) { done(m) } }, name: name))
    }
}

extension SimulatedPhone {
    /// Says what the app's call directory extension is, whose trait is callDirectory. Its identifier is
    /// com.example.app.directory.
    public func install(callDirectory make: @escaping () -> CXCallDirectoryProvider) {
        install(extension: "callDirectory") { process in
            let provider = make()
            process.keep(provider)
            process.on(.directoryBegin) { [weak process] m in
                guard let process else { return SystemMessage() }
                let context = CXCallDirectoryExtensionContext(process: process, isIncremental: m.on)
                process.keep(context)
                provider.beginRequest(with: context)
                return SystemMessage()
            }
        }
    }
}
