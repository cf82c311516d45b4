import AVFoundation
import CallKit
import PushKit
import RingtripSimulator
import XCTest

/// An app in few lines: it reports each push, and answers what its closures say.
class Caller: NSObject, PKPushRegistryDelegate {
    let provider: CXProvider
    let controller = CXCallController(queue: .main)
    private let registry: PKPushRegistry
    var calls: [UUID] = []

    init(configuration: CXProviderConfiguration = CXProviderConfiguration(), queue: DispatchQueue? = nil, delegate: (any CXProviderDelegate)? = nil) {
        provider = CXProvider(configuration: configuration)
        registry = PKPushRegistry(queue: nil)
        super.init()
        provider.setDelegate(delegate ?? self as? any CXProviderDelegate, queue: queue)
        registry.delegate = self
        registry.desiredPushTypes = [.voIP]
    }

    func pushRegistry(_ registry: PKPushRegistry, didUpdate pushCredentials: PKPushCredentials, for type: PKPushType) {}

    func pushRegistry(
        _ registry: PKPushRegistry, didReceiveIncomingPushWith payload: PKPushPayload, for type: PKPushType, completion: @escaping () -> Void
    ) {
        let id = UUID(uuidString: payload.dictionaryPayload["callUUID"] as? String ?? "") ?? UUID()
        calls.append(id)
        let update = CXCallUpdate()
        update.remoteHandle = CXHandle(type: .generic, value: "alice")
        update.localizedCallerName = "Alice"
        provider.reportNewIncomingCall(with: id, update: update) { _ in completion() }
    }
}

extension SimulatedPhone {
    /// A phone whose app is made by `make`, in the background and ready for pushes.
    static func with<App: AnyObject>(
        os: String = "", knobs: [String: String] = [:], traits: [String] = [], _ make: @escaping (SimulatedProcess) -> App
    ) throws -> SimulatedPhone {
        let phone = try SimulatedPhone(os: os, knobs: knobs, traits: traits) { $0.keep(make($0)) }
        try phone.perform("U open")
        phone.wait(1)
        try phone.perform("U home")
        phone.wait(1)
        return phone
    }

    func app<App>(_ type: App.Type = App.self) throws -> App { try XCTUnwrap(process?.kept(type)) }

    /// Delivers a push and lets it ring.
    @discardableResult
    func ring(_ id: UUID = UUID()) -> UUID {
        push(["callUUID": id.uuidString])
        wait(1)
        return id
    }
}

/// Fails unless the phone's log has the words.
func XCTAssertLog(_ phone: SimulatedPhone, has words: String, file: StaticString = #filePath, line: UInt = #line) {
    XCTAssertTrue(phone.log.contains(words), "the log has no \(words):\n\(phone.log)", file: file, line: line)
}
