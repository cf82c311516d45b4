import Foundation
import RingtripEngine

/// What kind of handle a person has.
public enum INPersonHandleType: Int, Sendable {
    case unknown = 0
    case emailAddress = 1
    case phoneNumber = 2
}

/// What a handle is for, as "home"; any text.
public struct INPersonHandleLabel: RawRepresentable, Hashable, Sendable {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public init(_ rawValue: String) { self.rawValue = rawValue }

    public static let home = INPersonHandleLabel("_$!<Home>!$_")
    public static let work = INPersonHandleLabel("_$!<Work>!$_")
    public static let iPhone = INPersonHandleLabel("iPhone")
    public static let mobile = INPersonHandleLabel("_$!<Mobile>!$_")
    public static let main = INPersonHandleLabel("_$!<Main>!$_")
    public static let other = INPersonHandleLabel("_$!<Other>!$_")
}

/// How a person is reached.
open class INPersonHandle: NSObject {
    public let value: String?
    public let type: INPersonHandleType
    public let label: INPersonHandleLabel?

    public init(value: String?, type: INPersonHandleType, label: INPersonHandleLabel?) {
        self.value = value
        self.type = type
        self.label = label
    }

    public convenience init(value: String?, type: INPersonHandleType) { self.init(value: value, type: type, label: nil) }

    open override func isEqual(_ object: Any?) -> Bool {
        guard let other = object as? INPersonHandle else { return false }
        return other.value == value && other.type == type
    }
    open override var hash: Int { (value ?? "").hashValue ^ type.rawValue }
}

/// A picture. It is of no use here.
open class INImage: NSObject {
    public override init() {}
    public convenience init(imageData: Data) { self.init() }
    public convenience init(named name: String) { self.init() }
}

/// A person.
open class INPerson: NSObject {
    open var personHandle: INPersonHandle?
    public let nameComponents: PersonNameComponents?
    public let displayName: String
    public let image: INImage?
    public let contactIdentifier: String?
    public let customIdentifier: String?

    public init(
        personHandle: INPersonHandle, nameComponents: PersonNameComponents?, displayName: String?, image: INImage?,
        contactIdentifier: String?, customIdentifier: String?
    ) {
        self.personHandle = personHandle
        self.nameComponents = nameComponents
        self.displayName = displayName ?? personHandle.value ?? ""
        self.image = image
        self.contactIdentifier = contactIdentifier
        self.customIdentifier = customIdentifier
    }

    /// The phone knows handles as CallKit's: unknown is generic.
    convenience init(_ c: SystemContact) {
        let type: INPersonHandleType = c.handle.type == 2 ? .phoneNumber : c.handle.type == 3 ? .emailAddress : .unknown
        self.init(
            personHandle: INPersonHandle(value: c.handle.value, type: type), nameComponents: nil, displayName: c.name, image: nil,
            contactIdentifier: nil, customIdentifier: nil)
    }

    var message: SystemContact {
        let type = personHandle?.type == .phoneNumber ? 2 : personHandle?.type == .emailAddress ? 3 : 1
        return SystemContact(handle: SystemHandle(type: type, value: personHandle?.value ?? ""), name: displayName)
    }
}
