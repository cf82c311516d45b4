import Foundation

enum CallState {
    case connecting
    case active
    case held
    case ended
}

public class Call {
    public let uuid: UUID
    public let outgoing: Bool
    public let handle: String

    public var isMuted = false
    var state: CallState = .ended {
        didSet { stateChanged?() }
    }
    var connectedDate: Date?
    var stateChanged: (() -> Void)?

    public var isActive: Bool { state == .active }
    public var isOnHold: Bool { state == .held }

    init(uuid: UUID, outgoing: Bool = false, handle: String) {
        self.uuid = uuid
        self.outgoing = outgoing
        self.handle = handle
    }

    func start(completion: ((_ success: Bool) -> Void)?) {
        completion?(true)
        DispatchQueue.main.async {
            self.state = .connecting
        }
    }

    func answer() {
        state = .active
    }

    func end() {
        state = .ended
    }
}
