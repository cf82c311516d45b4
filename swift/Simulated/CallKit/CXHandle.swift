import Foundation
import RingtripEngine

/// How a person is reached.
open class CXHandle: NSObject, NSCopying, NSSecureCoding {
    /// A kind of handle.
    public enum HandleType: Int, Sendable {
        case generic = 1
        case phoneNumber = 2
        case emailAddress = 3
    }

    public let type: HandleType
    public let value: String

    public init(type: HandleType, value: String) {
        self.type = type
        self.value = value
    }

    /// Whether type and value are the same.
    open func isEqual(to handle: CXHandle) -> Bool { type == handle.type && value == handle.value }

    open override func isEqual(_ object: Any?) -> Bool { (object as? CXHandle).map(isEqual(to:)) ?? false }
    open override var hash: Int { value.hashValue ^ type.rawValue }
    open override var description: String { "<CXHandle type=\(type) value=\(value)>" }

    open func copy(with zone: NSZone? = nil) -> Any { CXHandle(type: type, value: value) }

    public static var supportsSecureCoding: Bool { true }

    public required init?(coder: NSCoder) {
        guard let type = HandleType(rawValue: coder.decodeInteger(forKey: "type")), let value = coder.decodeText("value") else { return nil }
        self.type = type
        self.value = value
    }

    open func encode(with coder: NSCoder) {
        coder.encode(type.rawValue, forKey: "type")
        coder.encode(value as NSString, forKey: "value")
    }

    convenience init(_ h: SystemHandle) { self.init(type: HandleType(rawValue: h.type) ?? .generic, value: h.value) }
    var message: SystemHandle { SystemHandle(type: type.rawValue, value: value) }
}

extension NSCoder {
    func decodeText(_ key: String) -> String? { (decodeObject(of: NSString.self, forKey: key)).map { "\($0)" } }
    func decodeUUID(_ key: String) -> UUID? { decodeText(key).flatMap(UUID.init(uuidString:)) }
}
