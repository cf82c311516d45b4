import Foundation
import RingtripEngine

/// Something that the user wants an app to do.
open class INIntent: NSObject {
    /// Names this very wish.
    public let identifier: String? = UUID().uuidString
    public override init() {}
}

/// What became of a wish.
open class INIntentResponse: NSObject {
    open var userActivity: NSUserActivity?
    public override init() {}
}

/// What a call can carry.
public enum INCallCapability: Int, Sendable {
    case unknown = 0
    case audioCall = 1
    case videoCall = 2
}

/// Whom a call goes to.
public enum INCallDestinationType: Int, Sendable {
    case unknown = 0
    case normal = 1
    case emergency = 2
    case voicemail = 3
    case redial = 4
    case callBack = 5
}

/// Where the user wants to hear it.
public enum INCallAudioRoute: Int, Sendable {
    case unknown = 0
    case speakerphoneAudioRoute = 1
    case bluetoothAudioRoute = 2
}

/// The kinds of calls in a history.
public enum INCallRecordType: Int, Sendable {
    case unknown = 0
    case outgoing = 1
    case missed = 2
    case received = 3
    case latest = 4
    case voicemail = 5
    case ringing = 6
    case inProgress = 7
    case onHold = 8
}

/// A call of the past.
open class INCallRecord: NSObject {
    public let identifier: String
    public let dateCreated: Date?
    public let caller: INPerson?
    public let callRecordType: INCallRecordType
    public let callCapability: INCallCapability
    public let callDuration: Double?

    public init(
        identifier: String, dateCreated: Date?, caller: INPerson?, callRecordType: INCallRecordType, callCapability: INCallCapability,
        callDuration: Double?
    ) {
        self.identifier = identifier
        self.dateCreated = dateCreated
        self.caller = caller
        self.callRecordType = callRecordType
        self.callCapability = callCapability
        self.callDuration = callDuration
    }

    convenience init(_ r: SystemCallRecord) {
        self.init(
            identifier: r.identifier, dateCreated: r.date, caller: INPerson(r.caller), callRecordType: INCallRecordType(rawValue: r.type) ?? .unknown,
            callCapability: INCallCapability(rawValue: r.capability) ?? .unknown, callDuration: Double(r.duration) / 1e9)
    }

    var message: SystemCallRecord {
        SystemCallRecord(
            identifier: identifier, date: dateCreated, caller: caller?.message ?? SystemContact(), type: callRecordType.rawValue,
            capability: callCapability.rawValue, duration: Int64((callDuration ?? 0) * 1e9))
    }
}

/// Which calls of a history are meant.
open class INCallRecordFilter: NSObject {
    public let participants: [INPerson]?
    public let callTypes: UInt
    public let callCapability: INCallCapability

    public init(participants: [INPerson]?, callTypes: UInt, callCapability: INCallCapability) {
        self.participants = participants
        self.callTypes = callTypes
        self.callCapability = callCapability
    }
}

/// The user wants to call somebody.
open class INStartCallIntent: INIntent {
    public let callRecordFilter: INCallRecordFilter?
    public let callRecordToCallBack: INCallRecord?
    public let audioRoute: INCallAudioRoute
    public let destinationType: INCallDestinationType
    /// Whom; the first is called.
    public let contacts: [INPerson]?
    public let callCapability: INCallCapability

    public init(
        callRecordFilter: INCallRecordFilter?, callRecordToCallBack: INCallRecord?, audioRoute: INCallAudioRoute,
        destinationType: INCallDestinationType, contacts: [INPerson]?, callCapability: INCallCapability
    ) {
        self.callRecordFilter = callRecordFilter
        self.callRecordToCallBack = callRecordToCallBack
        self.audioRoute = audioRoute
        self.destinationType = destinationType
        self.contacts = contacts
        self.callCapability = callCapability
    }

    convenience init(_ a: SystemActivity) {
        self.init(
            callRecordFilter: nil, callRecordToCallBack: a.record.map(INCallRecord.init), audioRoute: INCallAudioRoute(rawValue: a.audioRoute) ?? .unknown,
            destinationType: INCallDestinationType(rawValue: a.destinationType) ?? .unknown, contacts: a.contacts.map(INPerson.init),
            callCapability: INCallCapability(rawValue: a.callCapability) ?? .unknown)
    }

    var message: SystemActivity {
        SystemActivity(
            type: "INStartCallIntent", contacts: (contacts ?? []).map(\.message), callCapability: callCapability.rawValue, intent: true,
            destinationType: destinationType.rawValue, audioRoute: audioRoute.rawValue, record: callRecordToCallBack?.message)
    }
}

/// What iOS 10 to 12 had for INStartCallIntent, and is seen still as the type of user activities.
open class INStartAudioCallIntent: INIntent {
    public let destinationType: INCallDestinationType
    public let contacts: [INPerson]?

    public init(destinationType: INCallDestinationType, contacts: [INPerson]?) {
        self.destinationType = destinationType
        self.contacts = contacts
    }
}

/// What iOS 10 to 12 had for INStartCallIntent with video.
open class INStartVideoCallIntent: INIntent {
    public let contacts: [INPerson]?

    public init(contacts: [INPerson]?) { self.contacts = contacts }
}

public let INStartAudioCallIntentIdentifier = "INStartAudioCallIntent"
public let INStartVideoCallIntentIdentifier = "INStartVideoCallIntent"

/// The user wants to answer a call (iOS 16.2).
open class INAnswerCallIntent: INIntent {
    public let audioRoute: INCallAudioRoute
    public let callIdentifier: String?

    public init(audioRoute: INCallAudioRoute, callIdentifier: String?) {
        self.audioRoute = audioRoute
        self.callIdentifier = callIdentifier
    }
}

/// The user wants to end a call (iOS 16.2).
open class INHangUpCallIntent: INIntent {
    public let callIdentifier: String?

    public init(callIdentifier: String?) { self.callIdentifier = callIdentifier }
}
