import Foundation

/// Actions that are to be performed together, in order.
open class CXTransaction: NSObject, NSCopying, NSSecureCoding {
    public let uuid: UUID
    public private(set) var actions: [CXAction]

    public init(actions: [CXAction]) {
        uuid = UUID()
        self.actions = actions
    }

    public convenience override init() { self.init(actions: []) }

    public convenience init(action: CXAction) { self.init(actions: [action]) }

    /// Whether all of its actions are.
    open var isComplete: Bool { actions.allSatisfy(\.isComplete) }

    open func addAction(_ action: CXAction) { actions.append(action) }

    open func copy(with zone: NSZone? = nil) -> Any { CXTransaction(actions: actions.compactMap { $0.copy() as? CXAction }) }

    public static var supportsSecureCoding: Bool { true }

    public required init?(coder: NSCoder) {
        guard let id = coder.decodeUUID("uuid"),
            let all = coder.decodeObject(of: [NSArray.self, CXAction.self], forKey: "actions") as? [CXAction]
        else { return nil }
        uuid = id
        actions = all
    }

    open func encode(with coder: NSCoder) {
        coder.encode(uuid.uuidString as NSString, forKey: "uuid")
        coder.encode(actions as NSArray, forKey: "actions")
    }
}
