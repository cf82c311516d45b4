// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

/// Message is a command, an event, or the answer to either; which fields it has, its Op says. Absent is zero.
public struct SystemMessage: BoundaryValue, Sendable, Hashable {
    public var op: SystemOp
    public var object: Int
    public var ticket: Int
    /// UUID
    public var call: String
    public var on: Bool
    public var at: Date?
    /// nanoseconds
    public var delay: Int64
    public var name: String
    /// CXCallEndedReason, or a number of AVFAudio
    public var number: Int
    public var implements: [String]
    public var config: SystemConfiguration?
    public var update: SystemUpdate?
    public var action: SystemAction?
    public var actions: [SystemAction]
    public var calls: [SystemCall]
    public var type: String
    public var types: [String]
    /// base64
    public var token: Data?
    /// base64 of dictionaryPayload as JSON, or of whatever came
    public var payload: Data?
    /// in an answer: the delegate has no such method
    public var missing: Bool
    public var mustReport: Bool?
    public var audio: SystemAudio?
    public var port: String
    public var state: Int
    public var activity: SystemActivity?
    public var launch: SystemLaunch?
    public var error: SystemError?
    public var names: [String]
    public var interruption: SystemInterruption?
    /// before and now
    public var routes: [SystemRoute]
    public var activities: [SystemActivity]
    public var contacts: [SystemContact]
    public var interaction: SystemInteraction?
    public var members: [SystemContact]
    public var conversation: SystemConversationUpdate?
    public var conversations: [SystemConversation]
    public var recents: [SystemRecent]
    public var notification: SystemNotification?

    public init(op: SystemOp = SystemOp(rawValue: ""), object: Int = 0, ticket: Int = 0, call: String = "", on: Bool = false, at: Date? = nil, delay: Int64 = 0, name: String = "", number: Int = 0, implements: [String] = [], config: SystemConfiguration? = nil, update: SystemUpdate? = nil, action: SystemAction? = nil, actions: [SystemAction] = [], calls: [SystemCall] = [], type: String = "", types: [String] = [], token: Data? = nil, payload: Data? = nil, missing: Bool = false, mustReport: Bool? = nil, audio: SystemAudio? = nil, port: String = "", state: Int = 0, activity: SystemActivity? = nil, launch: SystemLaunch? = nil, error: SystemError? = nil, names: [String] = [], interruption: SystemInterruption? = nil, routes: [SystemRoute] = [], activities: [SystemActivity] = [], contacts: [SystemContact] = [], interaction: SystemInteraction? = nil, members: [SystemContact] = [], conversation: SystemConversationUpdate? = nil, conversations: [SystemConversation] = [], recents: [SystemRecent] = [], notification: SystemNotification? = nil) {
        self.op = op
        self.object = object
        self.ticket = ticket
        self.call = call
        self.on = on
        self.at = at
        self.delay = delay
        self.name = name
        self.number = number
        self.implements = implements
        self.config = config
        self.update = update
        self.action = action
        self.actions = actions
        self.calls = calls
        self.type = type
        self.types = types
        self.token = token
        self.payload = payload
        self.missing = missing
        self.mustReport = mustReport
        self.audio = audio
        self.port = port
        self.state = state
        self.activity = activity
        self.launch = launch
        self.error = error
        self.names = names
        self.interruption = interruption
        self.routes = routes
        self.activities = activities
        self.contacts = contacts
        self.interaction = interaction
        self.members = members
        self.conversation = conversation
        self.conversations = conversations
        self.recents = recents
        self.notification = notification
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.op != SystemOp(rawValue: "") { json.field("op", self.op) }
        if self.object != 0 { json.field("object", self.object) }
        if self.ticket != 0 { json.field("ticket", self.ticket) }
        if self.call != "" { json.field("call", self.call) }
        if self.on != false { json.field("on", self.on) }
        if let v = self.at { json.field("at", v) }
        if self.delay != 0 { json.field("delay", self.delay) }
        if self.name != "" { json.field("name", self.name) }
        if self.number != 0 { json.field("number", self.number) }
        if !self.implements.isEmpty { json.field("implements", self.implements) }
        if let v = self.config { json.field("config", v) }
        if let v = self.update { json.field("update", v) }
        if let v = self.action { json.field("action", v) }
        if !self.actions.isEmpty { json.field("actions", self.actions) }
        if !self.calls.isEmpty { json.field("calls", self.calls) }
        if self.type != "" { json.field("type", self.type) }
        if !self.types.isEmpty { json.field("types", self.types) }
        if let v = self.token { json.field("token", v) }
        if let v = self.payload { json.field("payload", v) }
        if self.missing != false { json.field("missing", self.missing) }
        if let v = self.mustReport { json.field("mustReport", v) }
        if let v = self.audio { json.field("audio", v) }
        if self.port != "" { json.field("port", self.port) }
        if self.state != 0 { json.field("state", self.state) }
        if let v = self.activity { json.field("activity", v) }
        if let v = self.launch { json.field("launch", v) }
        if let v = self.error { json.field("error", v) }
        if !self.names.isEmpty { json.field("names", self.names) }
        if let v = self.interruption { json.field("interruption", v) }
        if !self.routes.isEmpty { json.field("routes", self.routes) }
        if !self.activities.isEmpty { json.field("activities", self.activities) }
        if !self.contacts.isEmpty { json.field("contacts", self.contacts) }
        if let v = self.interaction { json.field("interaction", v) }
        if !self.members.isEmpty { json.field("members", self.members) }
        if let v = self.conversation { json.field("conversation", v) }
        if !self.conversations.isEmpty { json.field("conversations", self.conversations) }
        if !self.recents.isEmpty { json.field("recents", self.recents) }
        if let v = self.notification { json.field("notification", v) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemMessage {
        var m = SystemMessage()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "op": try json.value(into: &m.op)
            case "object": try json.value(into: &m.object)
            case "ticket": try json.value(into: &m.ticket)
            case "call": try json.value(into: &m.call)
            case "on": try json.value(into: &m.on)
            case "at": try json.value(into: &m.at)
            case "delay": try json.value(into: &m.delay)
            case "name": try json.value(into: &m.name)
            case "number": try json.value(into: &m.number)
            case "implements": try json.value(into: &m.implements)
            case "config": try json.value(into: &m.config)
            case "update": try json.value(into: &m.update)
            case "action": try json.value(into: &m.action)
            case "actions": try json.value(into: &m.actions)
            case "calls": try json.value(into: &m.calls)
            case "type": try json.value(into: &m.type)
            case "types": try json.value(into: &m.types)
            case "token": try json.value(into: &m.token)
            case "payload": try json.value(into: &m.payload)
            case "missing": try json.value(into: &m.missing)
            case "mustReport": try json.value(into: &m.mustReport)
            case "audio": try json.value(into: &m.audio)
            case "port": try json.value(into: &m.port)
            case "state": try json.value(into: &m.state)
            case "activity": try json.value(into: &m.activity)
            case "launch": try json.value(into: &m.launch)
            case "error": try json.value(into: &m.error)
            case "names": try json.value(into: &m.names)
            case "interruption": try json.value(into: &m.interruption)
            case "routes": try json.value(into: &m.routes)
            case "activities": try json.value(into: &m.activities)
            case "contacts": try json.value(into: &m.contacts)
            case "interaction": try json.value(into: &m.interaction)
            case "members": try json.value(into: &m.members)
            case "conversation": try json.value(into: &m.conversation)
            case "conversations": try json.value(into: &m.conversations)
            case "recents": try json.value(into: &m.recents)
            case "notification": try json.value(into: &m.notification)
            default: try json.skip()
            }
        }
        return m
    }
}
