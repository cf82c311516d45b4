// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types and run make generate.

import Foundation

/// CXHandle.
public struct SystemHandle: BoundaryValue, Sendable, Hashable {
    public var type: Int
    public var value: String

    public init(type: Int = 0, value: String = "") {
        self.type = type
        self.value = value
    }

    public func write(to json: inout BoundaryWriter) {
        json.begin()
        json.field("type", type)
        json.field("value", value)
        json.end()
    }

    public static func read(from json: inout BoundaryReader) throws -> SystemHandle {
        var m = SystemHandle()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "type": try json.value(into: &m.type)
            case "value": try json.value(into: &m.value)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Op says what a command asks for, or what an event tells.
public struct SystemOp: RawRepresentable, BoundaryValue, Sendable, Hashable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Object, Config
    public static let providerNew = SystemOp(rawValue: "provider.new")
    /// Object, On, Implements (see [Unsure])
    public static let providerSetDelegate = SystemOp(rawValue: "provider.setDelegate")
    public static let providerReportNewIncoming = SystemOp(rawValue: "provider.reportNewIncomingCall")
    public static let providerReportUpdated = SystemOp(rawValue: "provider.reportCallUpdated")
    public static let providerReportEnded = SystemOp(rawValue: "provider.reportCallEnded")
    public static let providerReportConnecting = SystemOp(rawValue: "provider.reportOutgoingCallStartedConnecting")
    public static let providerReportConnected = SystemOp(rawValue: "provider.reportOutgoingCallConnected")
    public static let providerSetConfiguration = SystemOp(rawValue: "provider.setConfiguration")
    public static let providerInvalidate = SystemOp(rawValue: "provider.invalidate")
    /// Action.ID, At, Action.Engine
    public static let actionFulfill = SystemOp(rawValue: "action.fulfill")
    /// Action.ID
    public static let actionFail = SystemOp(rawValue: "action.fail")
    public static let controllerNew = SystemOp(rawValue: "controller.new")
    /// Actions, Ticket
    public static let controllerRequestTransaction = SystemOp(rawValue: "controller.requestTransaction")
    public static let observerNew = SystemOp(rawValue: "observer.new")
    /// the answer has Calls
    public static let observerCalls = SystemOp(rawValue: "observer.calls")
    public static let observerSetDelegate = SystemOp(rawValue: "observer.setDelegate")
    public static let registryNew = SystemOp(rawValue: "registry.new")
    public static let registrySetDelegate = SystemOp(rawValue: "registry.setDelegate")
    public static let registrySetDesiredPushTypes = SystemOp(rawValue: "registry.setDesiredPushTypes")
    /// the answer has Token
    public static let registryPushToken = SystemOp(rawValue: "registry.pushToken")
    /// Ticket of the event that brought the push
    public static let pushCompletion = SystemOp(rawValue: "push.completion")
    public static let audioSetCategory = SystemOp(rawValue: "audio.setCategory")
    public static let audioSetActive = SystemOp(rawValue: "audio.setActive")
    public static let audioOverridePort = SystemOp(rawValue: "audio.overrideOutputAudioPort")
    /// the answer has Audio
    public static let audioState = SystemOp(rawValue: "audio.state")
    /// On, Implements: names of callkit's optional interfaces; none is all
    public static let audioSetObserver = SystemOp(rawValue: "audio.setObserver")
    /// the answer has State
    public static let applicationState = SystemOp(rawValue: "application.state")
    public static let applicationSetDelegate = SystemOp(rawValue: "application.setDelegate")
    /// Name, Ticket
    public static let applicationBeginTask = SystemOp(rawValue: "application.beginBackgroundTask")
    /// Ticket
    public static let applicationEndTask = SystemOp(rawValue: "application.endBackgroundTask")
    /// Ticket
    public static let mainAsync = SystemOp(rawValue: "main.async")
    /// Ticket, Delay
    public static let timerStart = SystemOp(rawValue: "timer.start")
    /// Ticket; the answer has On
    public static let timerStop = SystemOp(rawValue: "timer.stop")
    /// the answer has At
    public static let now = SystemOp(rawValue: "now")
    /// Audio.Mode
    public static let audioSetMode = SystemOp(rawValue: "audio.setMode")
    /// Ticket; the completion has On
    public static let audioActivate = SystemOp(rawValue: "audio.activate")
    /// Audio.PreferredSampleRate
    public static let audioSetPreferredSampleRate = SystemOp(rawValue: "audio.setPreferredSampleRate")
    /// Delay
    public static let audioSetPreferredIOBufferDuration = SystemOp(rawValue: "audio.setPreferredIOBufferDuration")
    public static let audioSetPrefersNoInterruptions = SystemOp(rawValue: "audio.setPrefersNoInterruptionsFromSystemAlerts")
    public static let audioSetPrefersEchoCancelledInput = SystemOp(rawValue: "audio.setPrefersEchoCancelledInput")
    public static let audioSetOutputMuted = SystemOp(rawValue: "audio.setOutputMuted")
    /// Name is the port's UID; empty takes the wish back
    public static let audioSetPreferredInput = SystemOp(rawValue: "audio.setPreferredInput")
    public static let audioRequestRecordPermission = SystemOp(rawValue: "audio.requestRecordPermission")
    /// AVAudioApplication
    public static let microphoneSetMuted = SystemOp(rawValue: "microphone.setInputMuted")
    /// the answer has On (muted) and Number (record permission)
    public static let microphoneState = SystemOp(rawValue: "microphone.state")
    public static let microphoneSetObserver = SystemOp(rawValue: "microphone.setObserver")
    /// Ticket; the completion has On
    public static let microphoneRequestPermission = SystemOp(rawValue: "microphone.requestRecordPermission")
    /// Interaction, Ticket
    public static let interactionDonate = SystemOp(rawValue: "interaction.donate")
    /// Names, Ticket
    public static let interactionDelete = SystemOp(rawValue: "interaction.delete")
    /// Name, Ticket
    public static let interactionDeleteGroup = SystemOp(rawValue: "interaction.deleteGroup")
    /// Name, Ticket
    public static let directoryReload = SystemOp(rawValue: "directory.reload")
    /// Name, Ticket; the completion has Number
    public static let directoryStatus = SystemOp(rawValue: "directory.status")
    /// Ticket
    public static let directoryOpenSettings = SystemOp(rawValue: "directory.openSettings")
    public static let reportVoIPPushPayload = SystemOp(rawValue: "provider.reportNewIncomingVoIPPushPayload")
    /// Object, Config; the answer may have Error
    public static let managerNew = SystemOp(rawValue: "manager.new")
    /// Object, On
    public static let managerSetDelegate = SystemOp(rawValue: "manager.setDelegate")
    /// Object, Config
    public static let managerSetConfiguration = SystemOp(rawValue: "manager.setConfiguration")
    /// Object, Actions, Ticket
    public static let managerPerform = SystemOp(rawValue: "manager.perform")
    public static let managerReportNew = SystemOp(rawValue: "manager.reportNewIncomingConversation")
    public static let managerReportNewAndWait = SystemOp(rawValue: "manager.reportNewIncomingConversationAndWait")
    /// Object, Call, Name ("startedConnecting", "connected", "updated", "ended"), At, Number, Conversation
    public static let managerReportEvent = SystemOp(rawValue: "manager.reportConversationEvent")
    /// Object; the answer has Conversations
    public static let managerConversations = SystemOp(rawValue: "manager.conversations")
    public static let managerInvalidate = SystemOp(rawValue: "manager.invalidate")
    /// Ticket; the completion has Recents
    public static let historyRecent = SystemOp(rawValue: "history.recentConversations")
    public static let historyMarkRead = SystemOp(rawValue: "history.markConversationsAsRead")
    public static let historySetObserver = SystemOp(rawValue: "history.setObserver")
    /// the answer has Names: identifier, label, ...
    public static let telephonyServices = SystemOp(rawValue: "telephony.cellularServices")
    /// Members, Names, Ticket
    public static let telephonyStart = SystemOp(rawValue: "telephony.startCellularConversation")
    /// Delay
    public static let processBlock = SystemOp(rawValue: "process.block")
    /// Name is why
    public static let processCrash = SystemOp(rawValue: "process.crash")
    public static let processStartAudio = SystemOp(rawValue: "process.startAudio")
    public static let processStopAudio = SystemOp(rawValue: "process.stopAudio")
    /// On: the app's own track sends
    public static let processTrack = SystemOp(rawValue: "process.microphoneTrack")
    /// Ticket of the event, Notification; the contentHandler
    public static let notificationShow = SystemOp(rawValue: "notification.show")
    public static let directoryAddBlocking = SystemOp(rawValue: "directory.addBlockingEntry")
    public static let directoryRemoveBlocking = SystemOp(rawValue: "directory.removeBlockingEntry")
    public static let directoryRemoveAllBlocked = SystemOp(rawValue: "directory.removeAllBlockingEntries")
    /// Number, Name
    public static let directoryAddIdentity = SystemOp(rawValue: "directory.addIdentificationEntry")
    public static let directoryRemoveIdentity = SystemOp(rawValue: "directory.removeIdentificationEntry")
    public static let directoryRemoveAllKnown = SystemOp(rawValue: "directory.removeAllIdentificationEntries")
    /// Ticket; the completion has On (expired)
    public static let directoryComplete = SystemOp(rawValue: "directory.completeRequest")
    /// Ticket of the event, Number (the code) or Contacts
    public static let intentAnswer = SystemOp(rawValue: "intent.answer")
    /// Launch
    public static let launched = SystemOp(rawValue: "launched")
    /// Object
    public static let providerDidBegin = SystemOp(rawValue: "provider.didBegin")
    /// Object
    public static let providerDidReset = SystemOp(rawValue: "provider.didReset")
    /// Object, Actions; the answer has On
    public static let providerExecute = SystemOp(rawValue: "provider.execute")
    /// Object, Action
    public static let providerPerform = SystemOp(rawValue: "provider.perform")
    /// Object, Action
    public static let providerTimedOut = SystemOp(rawValue: "provider.timedOut")
    /// Object
    public static let providerDidActivate = SystemOp(rawValue: "provider.didActivate")
    public static let providerDidDeactivate = SystemOp(rawValue: "provider.didDeactivate")
    /// Object, Calls
    public static let observerCallChanged = SystemOp(rawValue: "observer.callChanged")
    /// Object, Type, Token
    public static let registryDidUpdate = SystemOp(rawValue: "registry.didUpdate")
    /// Object, Payload, Type, Ticket; MustReport from iOS 26.4 on
    public static let registryDidReceive = SystemOp(rawValue: "registry.didReceive")
    /// Object, Type
    public static let registryDidInvalidate = SystemOp(rawValue: "registry.didInvalidate")
    public static let didBecomeActive = SystemOp(rawValue: "application.didBecomeActive")
    public static let didEnterBackground = SystemOp(rawValue: "application.didEnterBackground")
    /// Activity
    public static let continueUserActivity = SystemOp(rawValue: "application.continueUserActivity")
    /// Ticket
    public static let taskExpired = SystemOp(rawValue: "application.taskExpired")
    /// Number
    public static let audioInterruption = SystemOp(rawValue: "audio.interruption")
    /// Number, Port
    public static let audioRouteChange = SystemOp(rawValue: "audio.routeChange")
    /// Ticket, Error
    public static let completion = SystemOp(rawValue: "completion")
    /// Ticket of MainAsync or TimerStart
    public static let run = SystemOp(rawValue: "run")
    public static let audioMediaServicesLost = SystemOp(rawValue: "audio.mediaServicesWereLost")
    public static let audioMediaServicesReset = SystemOp(rawValue: "audio.mediaServicesWereReset")
    /// On is begin
    public static let audioSilenceSecondary = SystemOp(rawValue: "audio.silenceSecondaryAudioHint")
    public static let audioAvailableInputsChanged = SystemOp(rawValue: "audio.availableInputsChange")
    /// On
    public static let audioOutputMuteChanged = SystemOp(rawValue: "audio.outputMuteStateChange")
    public static let microphoneMuteChanged = SystemOp(rawValue: "microphone.inputMuteStateChange")
    /// Activities
    public static let sceneWillConnect = SystemOp(rawValue: "scene.willConnect")
    public static let sceneContinue = SystemOp(rawValue: "scene.continueUserActivity")
    /// Name
    public static let applicationOpenURL = SystemOp(rawValue: "application.openURL")
    public static let historyDidUpdate = SystemOp(rawValue: "history.didUpdate")
    /// Object
    public static let managerDidBegin = SystemOp(rawValue: "manager.didBegin")
    public static let managerDidReset = SystemOp(rawValue: "manager.didReset")
    /// Object, Action: conversationManager(_:perform:)
    public static let managerAct = SystemOp(rawValue: "manager.act")
    /// Object, Action
    public static let managerTimedOut = SystemOp(rawValue: "manager.timedOut")
    public static let managerDidActivate = SystemOp(rawValue: "manager.didActivate")
    public static let managerDidDeactivate = SystemOp(rawValue: "manager.didDeactivate")
    /// Object, Conversations
    public static let managerChanged = SystemOp(rawValue: "manager.conversationChanged")
    /// Ticket, Notification
    public static let notificationReceived = SystemOp(rawValue: "notification.received")
    /// serviceExtensionTimeWillExpire
    public static let notificationWillExpire = SystemOp(rawValue: "notification.timeWillExpire")
    /// On is incremental
    public static let directoryBegin = SystemOp(rawValue: "directory.beginRequest")
    /// Error
    public static let directoryFailed = SystemOp(rawValue: "directory.requestFailed")
    /// Ticket, Activity
    public static let intentConfirm = SystemOp(rawValue: "intent.confirmStartCall")
    /// Ticket, Activity
    public static let intentResolve = SystemOp(rawValue: "intent.resolveContacts")
    /// Ticket, Activity
    public static let intentHandle = SystemOp(rawValue: "intent.handleStartCall")
}

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

/// Configuration is [callkit.ProviderConfiguration].
public struct SystemConfiguration: BoundaryValue, Sendable, Hashable {
    public var localizedName: String
    public var ringtoneSound: String
    public var iconTemplateImageData: Data?
    public var maximumCallGroups: Int
    public var maximumCallsPerCallGroup: Int
    public var includesCallsInRecents: Bool
    public var supportsVideo: Bool
    public var supportsAudioTranslation: Bool
    public var supportedHandleTypes: [Int]

    public init(localizedName: String = "", ringtoneSound: String = "", iconTemplateImageData: Data? = nil, maximumCallGroups: Int = 0, maximumCallsPerCallGroup: Int = 0, includesCallsInRecents: Bool = false, supportsVideo: Bool = false, supportsAudioTranslation: Bool = false, supportedHandleTypes: [Int] = []) {
        self.localizedName = localizedName
        self.ringtoneSound = ringtoneSound
        self.iconTemplateImageData = iconTemplateImageData
        self.maximumCallGroups = maximumCallGroups
        self.maximumCallsPerCallGroup = maximumCallsPerCallGroup
        self.includesCallsInRecents = includesCallsInRecents
        self.supportsVideo = supportsVideo
        self.supportsAudioTranslation = supportsAudioTranslation
        self.supportedHandleTypes = supportedHandleTypes
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.localizedName != "" { json.field("localizedName", self.localizedName) }
        if self.ringtoneSound != "" { json.field("ringtoneSound", self.ringtoneSound) }
        if let v = self.iconTemplateImageData { json.field("iconTemplateImageData", v) }
        if self.maximumCallGroups != 0 { json.field("maximumCallGroups", self.maximumCallGroups) }
        if self.maximumCallsPerCallGroup != 0 { json.field("maximumCallsPerCallGroup", self.maximumCallsPerCallGroup) }
        if self.includesCallsInRecents != false { json.field("includesCallsInRecents", self.includesCallsInRecents) }
        if self.supportsVideo != false { json.field("supportsVideo", self.supportsVideo) }
        if self.supportsAudioTranslation != false { json.field("supportsAudioTranslation", self.supportsAudioTranslation) }
        if !self.supportedHandleTypes.isEmpty { json.field("supportedHandleTypes", self.supportedHandleTypes) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemConfiguration {
        var m = SystemConfiguration()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "localizedName": try json.value(into: &m.localizedName)
            case "ringtoneSound": try json.value(into: &m.ringtoneSound)
            case "iconTemplateImageData": try json.value(into: &m.iconTemplateImageData)
            case "maximumCallGroups": try json.value(into: &m.maximumCallGroups)
            case "maximumCallsPerCallGroup": try json.value(into: &m.maximumCallsPerCallGroup)
            case "includesCallsInRecents": try json.value(into: &m.includesCallsInRecents)
            case "supportsVideo": try json.value(into: &m.supportsVideo)
            case "supportsAudioTranslation": try json.value(into: &m.supportsAudioTranslation)
            case "supportedHandleTypes": try json.value(into: &m.supportedHandleTypes)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Update is [callkit.Update]: absent fields change nothing.
public struct SystemUpdate: BoundaryValue, Sendable, Hashable {
    public var remoteHandle: SystemHandle?
    public var localizedCallerName: String?
    public var supportsHolding: Bool?
    public var supportsGrouping: Bool?
    public var supportsUngrouping: Bool?
    public var supportsDTMF: Bool?
    public var hasVideo: Bool?

    public init(remoteHandle: SystemHandle? = nil, localizedCallerName: String? = nil, supportsHolding: Bool? = nil, supportsGrouping: Bool? = nil, supportsUngrouping: Bool? = nil, supportsDTMF: Bool? = nil, hasVideo: Bool? = nil) {
        self.remoteHandle = remoteHandle
        self.localizedCallerName = localizedCallerName
        self.supportsHolding = supportsHolding
        self.supportsGrouping = supportsGrouping
        self.supportsUngrouping = supportsUngrouping
        self.supportsDTMF = supportsDTMF
        self.hasVideo = hasVideo
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if let v = self.remoteHandle { json.field("remoteHandle", v) }
        if let v = self.localizedCallerName { json.field("localizedCallerName", v) }
        if let v = self.supportsHolding { json.field("supportsHolding", v) }
        if let v = self.supportsGrouping { json.field("supportsGrouping", v) }
        if let v = self.supportsUngrouping { json.field("supportsUngrouping", v) }
        if let v = self.supportsDTMF { json.field("supportsDTMF", v) }
        if let v = self.hasVideo { json.field("hasVideo", v) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemUpdate {
        var m = SystemUpdate()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "remoteHandle": try json.value(into: &m.remoteHandle)
            case "localizedCallerName": try json.value(into: &m.localizedCallerName)
            case "supportsHolding": try json.value(into: &m.supportsHolding)
            case "supportsGrouping": try json.value(into: &m.supportsGrouping)
            case "supportsUngrouping": try json.value(into: &m.supportsUngrouping)
            case "supportsDTMF": try json.value(into: &m.supportsDTMF)
            case "hasVideo": try json.value(into: &m.hasVideo)
            default: try json.skip()
            }
        }
        return m
    }
}

/// ActionKind is the class of an action without CX and CallAction.
public struct SystemActionKind: RawRepresentable, BoundaryValue, Sendable, Hashable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let start = SystemActionKind(rawValue: "Start")
    public static let answer = SystemActionKind(rawValue: "Answer")
    public static let end = SystemActionKind(rawValue: "End")
    public static let setHeld = SystemActionKind(rawValue: "SetHeld")
    public static let setMuted = SystemActionKind(rawValue: "SetMuted")
    public static let setGroup = SystemActionKind(rawValue: "SetGroup")
    public static let playDTMF = SystemActionKind(rawValue: "PlayDTMF")
    public static let setTranslating = SystemActionKind(rawValue: "SetTranslating")
}

/// Action is a [callkit.Action] with the fields of its kind.
public struct SystemAction: BoundaryValue, Sendable, Hashable {
    public var kind: SystemActionKind
    /// UUID of the action; the system gives it
    public var id: String
    /// UUID
    public var call: String
    public var timeout: Date?
    /// onHold, muted, isTranslating
    public var on: Bool
    public var handle: SystemHandle
    public var contact: String
    public var video: Bool
    /// UUID; absent leaves the group
    public var groupWith: String
    public var digits: String
    public var tone: Int
    public var local: String
    public var remote: String
    public var engine: UInt
    /// the handles of a StartConversationAction
    public var members: [SystemContact]

    public init(kind: SystemActionKind = SystemActionKind(rawValue: ""), id: String = "", call: String = "", timeout: Date? = nil, on: Bool = false, handle: SystemHandle = SystemHandle(), contact: String = "", video: Bool = false, groupWith: String = "", digits: String = "", tone: Int = 0, local: String = "", remote: String = "", engine: UInt = 0, members: [SystemContact] = []) {
        self.kind = kind
        self.id = id
        self.call = call
        self.timeout = timeout
        self.on = on
        self.handle = handle
        self.contact = contact
        self.video = video
        self.groupWith = groupWith
        self.digits = digits
        self.tone = tone
        self.local = local
        self.remote = remote
        self.engine = engine
        self.members = members
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.kind != SystemActionKind(rawValue: "") { json.field("kind", self.kind) }
        if self.id != "" { json.field("id", self.id) }
        if self.call != "" { json.field("call", self.call) }
        if let v = self.timeout { json.field("timeout", v) }
        if self.on != false { json.field("on", self.on) }
        if self.handle != SystemHandle() { json.field("handle", self.handle) }
        if self.contact != "" { json.field("contact", self.contact) }
        if self.video != false { json.field("video", self.video) }
        if self.groupWith != "" { json.field("groupWith", self.groupWith) }
        if self.digits != "" { json.field("digits", self.digits) }
        if self.tone != 0 { json.field("tone", self.tone) }
        if self.local != "" { json.field("local", self.local) }
        if self.remote != "" { json.field("remote", self.remote) }
        if self.engine != 0 { json.field("engine", self.engine) }
        if !self.members.isEmpty { json.field("members", self.members) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemAction {
        var m = SystemAction()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "kind": try json.value(into: &m.kind)
            case "id": try json.value(into: &m.id)
            case "call": try json.value(into: &m.call)
            case "timeout": try json.value(into: &m.timeout)
            case "on": try json.value(into: &m.on)
            case "handle": try json.value(into: &m.handle)
            case "contact": try json.value(into: &m.contact)
            case "video": try json.value(into: &m.video)
            case "groupWith": try json.value(into: &m.groupWith)
            case "digits": try json.value(into: &m.digits)
            case "tone": try json.value(into: &m.tone)
            case "local": try json.value(into: &m.local)
            case "remote": try json.value(into: &m.remote)
            case "engine": try json.value(into: &m.engine)
            case "members": try json.value(into: &m.members)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Call is [callkit.Call].
public struct SystemCall: BoundaryValue, Sendable, Hashable {
    public var uuid: String
    public var isOutgoing: Bool
    public var isOnHold: Bool
    public var hasConnected: Bool
    public var hasEnded: Bool

    public init(uuid: String = "", isOutgoing: Bool = false, isOnHold: Bool = false, hasConnected: Bool = false, hasEnded: Bool = false) {
        self.uuid = uuid
        self.isOutgoing = isOutgoing
        self.isOnHold = isOnHold
        self.hasConnected = hasConnected
        self.hasEnded = hasEnded
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.uuid != "" { json.field("uuid", self.uuid) }
        if self.isOutgoing != false { json.field("isOutgoing", self.isOutgoing) }
        if self.isOnHold != false { json.field("isOnHold", self.isOnHold) }
        if self.hasConnected != false { json.field("hasConnected", self.hasConnected) }
        if self.hasEnded != false { json.field("hasEnded", self.hasEnded) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemCall {
        var m = SystemCall()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "uuid": try json.value(into: &m.uuid)
            case "isOutgoing": try json.value(into: &m.isOutgoing)
            case "isOnHold": try json.value(into: &m.isOnHold)
            case "hasConnected": try json.value(into: &m.hasConnected)
            case "hasEnded": try json.value(into: &m.hasEnded)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Audio is what an app can ask of its audio session, or how it is.
public struct SystemAudio: BoundaryValue, Sendable, Hashable {
    public var category: String
    public var mode: String
    public var options: UInt
    public var route: String
    public var policy: Int
    public var categories: [String]
    public var modes: [String]
    public var preferredSampleRate: Double
    public var sampleRate: Double
    /// nanoseconds
    public var preferredIOBufferDuration: Int64
    /// nanoseconds
    public var ioBufferDuration: Int64
    public var prefersNoInterruptions: Bool
    public var prefersEchoCancelledInput: Bool
    public var echoCancelledInput: Bool
    public var outputMuted: Bool
    public var recordPermission: Int
    public var otherAudioPlaying: Bool
    public var silenceSecondaryAudio: Bool
    public var current: SystemRoute?
    public var availableInputs: [SystemPort]
    public var preferredInput: SystemPort?

    public init(category: String = "", mode: String = "", options: UInt = 0, route: String = "", policy: Int = 0, categories: [String] = [], modes: [String] = [], preferredSampleRate: Double = 0, sampleRate: Double = 0, preferredIOBufferDuration: Int64 = 0, ioBufferDuration: Int64 = 0, prefersNoInterruptions: Bool = false, prefersEchoCancelledInput: Bool = false, echoCancelledInput: Bool = false, outputMuted: Bool = false, recordPermission: Int = 0, otherAudioPlaying: Bool = false, silenceSecondaryAudio: Bool = false, current: SystemRoute? = nil, availableInputs: [SystemPort] = [], preferredInput: SystemPort? = nil) {
        self.category = category
        self.mode = mode
        self.options = options
        self.route = route
        self.policy = policy
        self.categories = categories
        self.modes = modes
        self.preferredSampleRate = preferredSampleRate
        self.sampleRate = sampleRate
        self.preferredIOBufferDuration = preferredIOBufferDuration
        self.ioBufferDuration = ioBufferDuration
        self.prefersNoInterruptions = prefersNoInterruptions
        self.prefersEchoCancelledInput = prefersEchoCancelledInput
        self.echoCancelledInput = echoCancelledInput
        self.outputMuted = outputMuted
        self.recordPermission = recordPermission
        self.otherAudioPlaying = otherAudioPlaying
        self.silenceSecondaryAudio = silenceSecondaryAudio
        self.current = current
        self.availableInputs = availableInputs
        self.preferredInput = preferredInput
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.category != "" { json.field("category", self.category) }
        if self.mode != "" { json.field("mode", self.mode) }
        if self.options != 0 { json.field("options", self.options) }
        if self.route != "" { json.field("route", self.route) }
        if self.policy != 0 { json.field("policy", self.policy) }
        if !self.categories.isEmpty { json.field("categories", self.categories) }
        if !self.modes.isEmpty { json.field("modes", self.modes) }
        if self.preferredSampleRate != 0 { json.field("preferredSampleRate", self.preferredSampleRate) }
        if self.sampleRate != 0 { json.field("sampleRate", self.sampleRate) }
        if self.preferredIOBufferDuration != 0 { json.field("preferredIOBufferDuration", self.preferredIOBufferDuration) }
        if self.ioBufferDuration != 0 { json.field("ioBufferDuration", self.ioBufferDuration) }
        if self.prefersNoInterruptions != false { json.field("prefersNoInterruptions", self.prefersNoInterruptions) }
        if self.prefersEchoCancelledInput != false { json.field("prefersEchoCancelledInput", self.prefersEchoCancelledInput) }
        if self.echoCancelledInput != false { json.field("echoCancelledInput", self.echoCancelledInput) }
        if self.outputMuted != false { json.field("outputMuted", self.outputMuted) }
        if self.recordPermission != 0 { json.field("recordPermission", self.recordPermission) }
        if self.otherAudioPlaying != false { json.field("otherAudioPlaying", self.otherAudioPlaying) }
        if self.silenceSecondaryAudio != false { json.field("silenceSecondaryAudio", self.silenceSecondaryAudio) }
        if let v = self.current { json.field("current", v) }
        if !self.availableInputs.isEmpty { json.field("availableInputs", self.availableInputs) }
        if let v = self.preferredInput { json.field("preferredInput", v) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemAudio {
        var m = SystemAudio()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "category": try json.value(into: &m.category)
            case "mode": try json.value(into: &m.mode)
            case "options": try json.value(into: &m.options)
            case "route": try json.value(into: &m.route)
            case "policy": try json.value(into: &m.policy)
            case "categories": try json.value(into: &m.categories)
            case "modes": try json.value(into: &m.modes)
            case "preferredSampleRate": try json.value(into: &m.preferredSampleRate)
            case "sampleRate": try json.value(into: &m.sampleRate)
            case "preferredIOBufferDuration": try json.value(into: &m.preferredIOBufferDuration)
            case "ioBufferDuration": try json.value(into: &m.ioBufferDuration)
            case "prefersNoInterruptions": try json.value(into: &m.prefersNoInterruptions)
            case "prefersEchoCancelledInput": try json.value(into: &m.prefersEchoCancelledInput)
            case "echoCancelledInput": try json.value(into: &m.echoCancelledInput)
            case "outputMuted": try json.value(into: &m.outputMuted)
            case "recordPermission": try json.value(into: &m.recordPermission)
            case "otherAudioPlaying": try json.value(into: &m.otherAudioPlaying)
            case "silenceSecondaryAudio": try json.value(into: &m.silenceSecondaryAudio)
            case "current": try json.value(into: &m.current)
            case "availableInputs": try json.value(into: &m.availableInputs)
            case "preferredInput": try json.value(into: &m.preferredInput)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Port is [callkit.AudioPortDescription].
public struct SystemPort: BoundaryValue, Sendable, Hashable {
    public var type: String
    public var name: String
    public var uid: String

    public init(type: String = "", name: String = "", uid: String = "") {
        self.type = type
        self.name = name
        self.uid = uid
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.type != "" { json.field("type", self.type) }
        if self.name != "" { json.field("name", self.name) }
        if self.uid != "" { json.field("uid", self.uid) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemPort {
        var m = SystemPort()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "type": try json.value(into: &m.type)
            case "name": try json.value(into: &m.name)
            case "uid": try json.value(into: &m.uid)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Route is [callkit.AudioRoute].
public struct SystemRoute: BoundaryValue, Sendable, Hashable {
    public var inputs: [SystemPort]
    public var outputs: [SystemPort]

    public init(inputs: [SystemPort] = [], outputs: [SystemPort] = []) {
        self.inputs = inputs
        self.outputs = outputs
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if !self.inputs.isEmpty { json.field("inputs", self.inputs) }
        if !self.outputs.isEmpty { json.field("outputs", self.outputs) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemRoute {
        var m = SystemRoute()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "inputs": try json.value(into: &m.inputs)
            case "outputs": try json.value(into: &m.outputs)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Interruption is [callkit.Interruption].
public struct SystemInterruption: BoundaryValue, Sendable, Hashable {
    public var type: Int
    public var options: Int
    public var reason: Int
    public var wasSuspended: Bool

    public init(type: Int = 0, options: Int = 0, reason: Int = 0, wasSuspended: Bool = false) {
        self.type = type
        self.options = options
        self.reason = reason
        self.wasSuspended = wasSuspended
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.type != 0 { json.field("type", self.type) }
        if self.options != 0 { json.field("options", self.options) }
        if self.reason != 0 { json.field("reason", self.reason) }
        if self.wasSuspended != false { json.field("wasSuspended", self.wasSuspended) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemInterruption {
        var m = SystemInterruption()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "type": try json.value(into: &m.type)
            case "options": try json.value(into: &m.options)
            case "reason": try json.value(into: &m.reason)
            case "wasSuspended": try json.value(into: &m.wasSuspended)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Interaction is [callkit.Interaction].
public struct SystemInteraction: BoundaryValue, Sendable, Hashable {
    public var identifier: String
    public var group: String
    public var intent: SystemActivity
    public var direction: Int
    public var start: Date?
    /// nanoseconds
    public var duration: Int64

    public init(identifier: String = "", group: String = "", intent: SystemActivity = SystemActivity(), direction: Int = 0, start: Date? = nil, duration: Int64 = 0) {
        self.identifier = identifier
        self.group = group
        self.intent = intent
        self.direction = direction
        self.start = start
        self.duration = duration
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.identifier != "" { json.field("identifier", self.identifier) }
        if self.group != "" { json.field("group", self.group) }
        if self.intent != SystemActivity() { json.field("intent", self.intent) }
        if self.direction != 0 { json.field("direction", self.direction) }
        if let v = self.start { json.field("start", v) }
        if self.duration != 0 { json.field("duration", self.duration) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemInteraction {
        var m = SystemInteraction()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "identifier": try json.value(into: &m.identifier)
            case "group": try json.value(into: &m.group)
            case "intent": try json.value(into: &m.intent)
            case "direction": try json.value(into: &m.direction)
            case "start": try json.value(into: &m.start)
            case "duration": try json.value(into: &m.duration)
            default: try json.skip()
            }
        }
        return m
    }
}

/// ConversationUpdate is lck.Update: absent fields change nothing.
public struct SystemConversationUpdate: BoundaryValue, Sendable, Hashable {
    public var localMember: SystemContact?
    public var members: [SystemContact]?
    public var activeRemoteMembers: [SystemContact]?
    public var capabilities: Int?

    public init(localMember: SystemContact? = nil, members: [SystemContact]? = nil, activeRemoteMembers: [SystemContact]? = nil, capabilities: Int? = nil) {
        self.localMember = localMember
        self.members = members
        self.activeRemoteMembers = activeRemoteMembers
        self.capabilities = capabilities
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if let v = self.localMember { json.field("localMember", v) }
        if let v = self.members { json.field("members", v) }
        if let v = self.activeRemoteMembers { json.field("activeRemoteMembers", v) }
        if let v = self.capabilities { json.field("capabilities", v) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemConversationUpdate {
        var m = SystemConversationUpdate()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "localMember": try json.value(into: &m.localMember)
            case "members": try json.value(into: &m.members)
            case "activeRemoteMembers": try json.value(into: &m.activeRemoteMembers)
            case "capabilities": try json.value(into: &m.capabilities)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Conversation is lck.Conversation.
public struct SystemConversation: BoundaryValue, Sendable, Hashable {
    public var uuid: String
    /// idle, joining, joined, paused, leaving, left
    public var state: Int
    public var localMember: SystemContact?

    public init(uuid: String = "", state: Int = 0, localMember: SystemContact? = nil) {
        self.uuid = uuid
        self.state = state
        self.localMember = localMember
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.uuid != "" { json.field("uuid", self.uuid) }
        if self.state != 0 { json.field("state", self.state) }
        if let v = self.localMember { json.field("localMember", v) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemConversation {
        var m = SystemConversation()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "uuid": try json.value(into: &m.uuid)
            case "state": try json.value(into: &m.state)
            case "localMember": try json.value(into: &m.localMember)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Recent is lck.RecentConversation.
public struct SystemRecent: BoundaryValue, Sendable, Hashable {
    public var id: String
    public var date: Date?
    /// nanoseconds
    public var duration: Int64
    public var incoming: Bool
    /// connected, missed, declined, cancelled, elsewhere, failed
    public var status: Int
    public var handles: [SystemContact]
    public var isRead: Bool

    public init(id: String = "", date: Date? = nil, duration: Int64 = 0, incoming: Bool = false, status: Int = 0, handles: [SystemContact] = [], isRead: Bool = false) {
        self.id = id
        self.date = date
        self.duration = duration
        self.incoming = incoming
        self.status = status
        self.handles = handles
        self.isRead = isRead
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.id != "" { json.field("id", self.id) }
        if let v = self.date { json.field("date", v) }
        if self.duration != 0 { json.field("duration", self.duration) }
        if self.incoming != false { json.field("incoming", self.incoming) }
        if self.status != 0 { json.field("status", self.status) }
        if !self.handles.isEmpty { json.field("handles", self.handles) }
        if self.isRead != false { json.field("isRead", self.isRead) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemRecent {
        var m = SystemRecent()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "id": try json.value(into: &m.id)
            case "date": try json.value(into: &m.date)
            case "duration": try json.value(into: &m.duration)
            case "incoming": try json.value(into: &m.incoming)
            case "status": try json.value(into: &m.status)
            case "handles": try json.value(into: &m.handles)
            case "isRead": try json.value(into: &m.isRead)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Notification is [callkit.NotificationRequest] and its content.
public struct SystemNotification: BoundaryValue, Sendable, Hashable {
    public var identifier: String
    public var title: String
    public var body: String
    /// base64 of the push's payload as JSON
    public var userInfo: Data?

    public init(identifier: String = "", title: String = "", body: String = "", userInfo: Data? = nil) {
        self.identifier = identifier
        self.title = title
        self.body = body
        self.userInfo = userInfo
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.identifier != "" { json.field("identifier", self.identifier) }
        if self.title != "" { json.field("title", self.title) }
        if self.body != "" { json.field("body", self.body) }
        if let v = self.userInfo { json.field("userInfo", v) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemNotification {
        var m = SystemNotification()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "identifier": try json.value(into: &m.identifier)
            case "title": try json.value(into: &m.title)
            case "body": try json.value(into: &m.body)
            case "userInfo": try json.value(into: &m.userInfo)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Activity is [callkit.UserActivity], flat.
public struct SystemActivity: BoundaryValue, Sendable, Hashable {
    public var type: String
    public var contacts: [SystemContact]
    public var callCapability: Int
    /// it has an intent
    public var intent: Bool
    /// userInfo["handle"]
    public var handle: String
    public var destinationType: Int
    public var audioRoute: Int
    public var record: SystemCallRecord?

    public init(type: String = "", contacts: [SystemContact] = [], callCapability: Int = 0, intent: Bool = false, handle: String = "", destinationType: Int = 0, audioRoute: Int = 0, record: SystemCallRecord? = nil) {
        self.type = type
        self.contacts = contacts
        self.callCapability = callCapability
        self.intent = intent
        self.handle = handle
        self.destinationType = destinationType
        self.audioRoute = audioRoute
        self.record = record
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.type != "" { json.field("type", self.type) }
        if !self.contacts.isEmpty { json.field("contacts", self.contacts) }
        if self.callCapability != 0 { json.field("callCapability", self.callCapability) }
        if self.intent != false { json.field("intent", self.intent) }
        if self.handle != "" { json.field("handle", self.handle) }
        if self.destinationType != 0 { json.field("destinationType", self.destinationType) }
        if self.audioRoute != 0 { json.field("audioRoute", self.audioRoute) }
        if let v = self.record { json.field("record", v) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemActivity {
        var m = SystemActivity()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "type": try json.value(into: &m.type)
            case "contacts": try json.value(into: &m.contacts)
            case "callCapability": try json.value(into: &m.callCapability)
            case "intent": try json.value(into: &m.intent)
            case "handle": try json.value(into: &m.handle)
            case "destinationType": try json.value(into: &m.destinationType)
            case "audioRoute": try json.value(into: &m.audioRoute)
            case "record": try json.value(into: &m.record)
            default: try json.skip()
            }
        }
        return m
    }
}

/// CallRecord is [callkit.CallRecord].
public struct SystemCallRecord: BoundaryValue, Sendable, Hashable {
    public var identifier: String
    public var date: Date?
    public var caller: SystemContact
    public var type: Int
    public var capability: Int
    /// nanoseconds
    public var duration: Int64

    public init(identifier: String = "", date: Date? = nil, caller: SystemContact = SystemContact(), type: Int = 0, capability: Int = 0, duration: Int64 = 0) {
        self.identifier = identifier
        self.date = date
        self.caller = caller
        self.type = type
        self.capability = capability
        self.duration = duration
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.identifier != "" { json.field("identifier", self.identifier) }
        if let v = self.date { json.field("date", v) }
        if self.caller != SystemContact() { json.field("caller", self.caller) }
        if self.type != 0 { json.field("type", self.type) }
        if self.capability != 0 { json.field("capability", self.capability) }
        if self.duration != 0 { json.field("duration", self.duration) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemCallRecord {
        var m = SystemCallRecord()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "identifier": try json.value(into: &m.identifier)
            case "date": try json.value(into: &m.date)
            case "caller": try json.value(into: &m.caller)
            case "type": try json.value(into: &m.type)
            case "capability": try json.value(into: &m.capability)
            case "duration": try json.value(into: &m.duration)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Contact is [callkit.Person].
public struct SystemContact: BoundaryValue, Sendable, Hashable {
    public var handle: SystemHandle
    public var name: String

    public init(handle: SystemHandle = SystemHandle(), name: String = "") {
        self.handle = handle
        self.name = name
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.handle != SystemHandle() { json.field("handle", self.handle) }
        if self.name != "" { json.field("name", self.name) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemContact {
        var m = SystemContact()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "handle": try json.value(into: &m.handle)
            case "name": try json.value(into: &m.name)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Launch is [callkit.LaunchOptions].
public struct SystemLaunch: BoundaryValue, Sendable, Hashable {
    public var background: Bool
    public var activity: SystemActivity?

    public init(background: Bool = false, activity: SystemActivity? = nil) {
        self.background = background
        self.activity = activity
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.background != false { json.field("background", self.background) }
        if let v = self.activity { json.field("activity", v) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemLaunch {
        var m = SystemLaunch()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "background": try json.value(into: &m.background)
            case "activity": try json.value(into: &m.activity)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Error is an NSError.
public struct SystemError: BoundaryValue, Sendable, Hashable {
    public var domain: String
    public var code: Int
    public var text: String

    public init(domain: String = "", code: Int = 0, text: String = "") {
        self.domain = domain
        self.code = code
        self.text = text
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.domain != "" { json.field("domain", self.domain) }
        if self.code != 0 { json.field("code", self.code) }
        if self.text != "" { json.field("text", self.text) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SystemError {
        var m = SystemError()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "domain": try json.value(into: &m.domain)
            case "code": try json.value(into: &m.code)
            case "text": try json.value(into: &m.text)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Op says what a command asks of the SDK, or what an event tells.
public struct MediaOp: RawRepresentable, BoundaryValue, Sendable, Hashable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Call, Name, Role, Credentials
    public static let new = MediaOp(rawValue: "new")
    public static let prepare = MediaOp(rawValue: "prepare")
    public static let warm = MediaOp(rawValue: "warm")
    /// Kind, Name, Data
    public static let receive = MediaOp(rawValue: "receive")
    public static let startAudio = MediaOp(rawValue: "startAudio")
    public static let stopAudio = MediaOp(rawValue: "stopAudio")
    /// On
    public static let setMuted = MediaOp(rawValue: "setMuted")
    /// On
    public static let setHeld = MediaOp(rawValue: "setHeld")
    /// Data
    public static let playDTMF = MediaOp(rawValue: "playDTMF")
    public static let restart = MediaOp(rawValue: "restart")
    /// the answer has Stats
    public static let stats = MediaOp(rawValue: "stats")
    /// Name: the group; empty: out of its group
    public static let mix = MediaOp(rawValue: "mix")
    public static let close = MediaOp(rawValue: "close")
    /// Kind, Name, Data: a message for the far end
    public static let send = MediaOp(rawValue: "send")
    /// Event, Data: the digit of a DTMF, Error: of a Failed
    public static let notify = MediaOp(rawValue: "notify")
}

/// Message is a command, an event, or the answer to either. Absent is zero.
public struct MediaMessage: BoundaryValue, Sendable, Hashable {
    public var op: MediaOp
    public var session: Int
    /// UUID, for logs
    public var call: String
    /// of the session between its two ends
    public var name: String
    /// 1 answerer, 2 offerer
    public var role: Int
    public var credentials: Data?
    /// 1 offer, 2 answer, 3 candidate, 4 bye
    public var kind: Int
    public var data: String
    public var on: Bool
    /// 1 connected, 2 disconnected, 3 failed, 4 first media, 5 DTMF
    public var event: Int
    public var stats: MediaCounters?
    public var error: String
    /// of the error, where package media has one: closed, notPrepared, badMessage, notConnected, bye
    public var code: String

    public init(op: MediaOp = MediaOp(rawValue: ""), session: Int = 0, call: String = "", name: String = "", role: Int = 0, credentials: Data? = nil, kind: Int = 0, data: String = "", on: Bool = false, event: Int = 0, stats: MediaCounters? = nil, error: String = "", code: String = "") {
        self.op = op
        self.session = session
        self.call = call
        self.name = name
        self.role = role
        self.credentials = credentials
        self.kind = kind
        self.data = data
        self.on = on
        self.event = event
        self.stats = stats
        self.error = error
        self.code = code
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.op != MediaOp(rawValue: "") { json.field("op", self.op) }
        if self.session != 0 { json.field("session", self.session) }
        if self.call != "" { json.field("call", self.call) }
        if self.name != "" { json.field("name", self.name) }
        if self.role != 0 { json.field("role", self.role) }
        if let v = self.credentials { json.field("credentials", v) }
        if self.kind != 0 { json.field("kind", self.kind) }
        if self.data != "" { json.field("data", self.data) }
        if self.on != false { json.field("on", self.on) }
        if self.event != 0 { json.field("event", self.event) }
        if let v = self.stats { json.field("stats", v) }
        if self.error != "" { json.field("error", self.error) }
        if self.code != "" { json.field("code", self.code) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> MediaMessage {
        var m = MediaMessage()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "op": try json.value(into: &m.op)
            case "session": try json.value(into: &m.session)
            case "call": try json.value(into: &m.call)
            case "name": try json.value(into: &m.name)
            case "role": try json.value(into: &m.role)
            case "credentials": try json.value(into: &m.credentials)
            case "kind": try json.value(into: &m.kind)
            case "data": try json.value(into: &m.data)
            case "on": try json.value(into: &m.on)
            case "event": try json.value(into: &m.event)
            case "stats": try json.value(into: &m.stats)
            case "error": try json.value(into: &m.error)
            case "code": try json.value(into: &m.code)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Counters is [media.Stats].
public struct MediaCounters: BoundaryValue, Sendable, Hashable {
    public var packetsSent: UInt64
    public var packetsReceived: UInt64
    public var packetsLost: UInt64
    public var bytesSent: UInt64
    public var bytesReceived: UInt64
    public var jitterMillis: Double
    public var roundTripMillis: Double
    public var localCandidate: String
    public var remoteCandidate: String
    /// 0 silence to 1 full scale
    public var audioLevel: Double

    public init(packetsSent: UInt64 = 0, packetsReceived: UInt64 = 0, packetsLost: UInt64 = 0, bytesSent: UInt64 = 0, bytesReceived: UInt64 = 0, jitterMillis: Double = 0, roundTripMillis: Double = 0, localCandidate: String = "", remoteCandidate: String = "", audioLevel: Double = 0) {
        self.packetsSent = packetsSent
        self.packetsReceived = packetsReceived
        self.packetsLost = packetsLost
        self.bytesSent = bytesSent
        self.bytesReceived = bytesReceived
        self.jitterMillis = jitterMillis
        self.roundTripMillis = roundTripMillis
        self.localCandidate = localCandidate
        self.remoteCandidate = remoteCandidate
        self.audioLevel = audioLevel
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.packetsSent != 0 { json.field("packetsSent", self.packetsSent) }
        if self.packetsReceived != 0 { json.field("packetsReceived", self.packetsReceived) }
        if self.packetsLost != 0 { json.field("packetsLost", self.packetsLost) }
        if self.bytesSent != 0 { json.field("bytesSent", self.bytesSent) }
        if self.bytesReceived != 0 { json.field("bytesReceived", self.bytesReceived) }
        if self.jitterMillis != 0 { json.field("jitterMillis", self.jitterMillis) }
        if self.roundTripMillis != 0 { json.field("roundTripMillis", self.roundTripMillis) }
        if self.localCandidate != "" { json.field("localCandidate", self.localCandidate) }
        if self.remoteCandidate != "" { json.field("remoteCandidate", self.remoteCandidate) }
        if self.audioLevel != 0 { json.field("audioLevel", self.audioLevel) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> MediaCounters {
        var m = MediaCounters()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "packetsSent": try json.value(into: &m.packetsSent)
            case "packetsReceived": try json.value(into: &m.packetsReceived)
            case "packetsLost": try json.value(into: &m.packetsLost)
            case "bytesSent": try json.value(into: &m.bytesSent)
            case "bytesReceived": try json.value(into: &m.bytesReceived)
            case "jitterMillis": try json.value(into: &m.jitterMillis)
            case "roundTripMillis": try json.value(into: &m.roundTripMillis)
            case "localCandidate": try json.value(into: &m.localCandidate)
            case "remoteCandidate": try json.value(into: &m.remoteCandidate)
            case "audioLevel": try json.value(into: &m.audioLevel)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Config is what an engine is made from. ServerURL and DeviceID must be set.
public struct EngineConfig: BoundaryValue, Sendable, Hashable {
    /// as "https://calls.example.com"
    public var serverURL: String
    /// once per installation, 1-64 of [A-Za-z0-9._-]
    public var deviceID: String
    /// for people: "Bob's iPhone"
    public var deviceName: String
    public var bundleID: String
    /// the push token is valid in APNs' production environment
    public var production: Bool
    public var appVersion: String
    public var osVersion: String
    /// Folder is where the journal of live calls is kept; it must exist and be readable from the first unlock on.
    public var folder: String
    public var callerName: String
    public var callerHandle: String
    public var provider: SystemConfiguration?
    /// the other answer policy
    public var fulfillFirst: Bool
    /// the longest ring, below 60; 0: 45
    public var ringSeconds: Double
    /// the media adapter can mix the calls of a group
    public var mixes: Bool
    /// the user resumes what was held for a call that is over
    public var stayOnHold: Bool
    /// the app turns a call into a video call when Out.Video says so
    public var takesVideo: Bool
    /// why the process was started
    public var launch: SystemLaunch?
    /// Exchange names the simulator whose exchange stands in for the server. It is for tests: only a library that is built
    public var exchange: String

    public init(serverURL: String = "", deviceID: String = "", deviceName: String = "", bundleID: String = "", production: Bool = false, appVersion: String = "", osVersion: String = "", folder: String = "", callerName: String = "", callerHandle: String = "", provider: SystemConfiguration? = nil, fulfillFirst: Bool = false, ringSeconds: Double = 0, mixes: Bool = false, stayOnHold: Bool = false, takesVideo: Bool = false, launch: SystemLaunch? = nil, exchange: String = "") {
        self.serverURL = serverURL
        self.deviceID = deviceID
        self.deviceName = deviceName
        self.bundleID = bundleID
        self.production = production
        self.appVersion = appVersion
        self.osVersion = osVersion
        self.folder = folder
        self.callerName = callerName
        self.callerHandle = callerHandle
        self.provider = provider
        self.fulfillFirst = fulfillFirst
        self.ringSeconds = ringSeconds
        self.mixes = mixes
        self.stayOnHold = stayOnHold
        self.takesVideo = takesVideo
        self.launch = launch
        self.exchange = exchange
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.serverURL != "" { json.field("serverURL", self.serverURL) }
        if self.deviceID != "" { json.field("deviceID", self.deviceID) }
        if self.deviceName != "" { json.field("deviceName", self.deviceName) }
        if self.bundleID != "" { json.field("bundleID", self.bundleID) }
        if self.production != false { json.field("production", self.production) }
        if self.appVersion != "" { json.field("appVersion", self.appVersion) }
        if self.osVersion != "" { json.field("osVersion", self.osVersion) }
        if self.folder != "" { json.field("folder", self.folder) }
        if self.callerName != "" { json.field("callerName", self.callerName) }
        if self.callerHandle != "" { json.field("callerHandle", self.callerHandle) }
        if let v = self.provider { json.field("provider", v) }
        if self.fulfillFirst != false { json.field("fulfillFirst", self.fulfillFirst) }
        if self.ringSeconds != 0 { json.field("ringSeconds", self.ringSeconds) }
        if self.mixes != false { json.field("mixes", self.mixes) }
        if self.stayOnHold != false { json.field("stayOnHold", self.stayOnHold) }
        if self.takesVideo != false { json.field("takesVideo", self.takesVideo) }
        if let v = self.launch { json.field("launch", v) }
        if self.exchange != "" { json.field("exchange", self.exchange) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> EngineConfig {
        var m = EngineConfig()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "serverURL": try json.value(into: &m.serverURL)
            case "deviceID": try json.value(into: &m.deviceID)
            case "deviceName": try json.value(into: &m.deviceName)
            case "bundleID": try json.value(into: &m.bundleID)
            case "production": try json.value(into: &m.production)
            case "appVersion": try json.value(into: &m.appVersion)
            case "osVersion": try json.value(into: &m.osVersion)
            case "folder": try json.value(into: &m.folder)
            case "callerName": try json.value(into: &m.callerName)
            case "callerHandle": try json.value(into: &m.callerHandle)
            case "provider": try json.value(into: &m.provider)
            case "fulfillFirst": try json.value(into: &m.fulfillFirst)
            case "ringSeconds": try json.value(into: &m.ringSeconds)
            case "mixes": try json.value(into: &m.mixes)
            case "stayOnHold": try json.value(into: &m.stayOnHold)
            case "takesVideo": try json.value(into: &m.takesVideo)
            case "launch": try json.value(into: &m.launch)
            case "exchange": try json.value(into: &m.exchange)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Out is what an engine says. One of its fields is set.
public struct EngineOut: BoundaryValue, Sendable, Hashable {
    /// a command for the call system
    public var system: SystemMessage?
    /// a command for the media adapter
    public var media: MediaMessage?
    public var snapshot: EngineSnapshot?
    /// the user's JWT is wanted: answered at once, or later by In.Token
    public var token: Bool
    public var log: EngineLog?
    /// a start that the system refused after it was answered
    public var failed: EngineFailed?
    /// the call whose video button the user pressed; only with Config.TakesVideo
    public var video: String

    public init(system: SystemMessage? = nil, media: MediaMessage? = nil, snapshot: EngineSnapshot? = nil, token: Bool = false, log: EngineLog? = nil, failed: EngineFailed? = nil, video: String = "") {
        self.system = system
        self.media = media
        self.snapshot = snapshot
        self.token = token
        self.log = log
        self.failed = failed
        self.video = video
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if let v = self.system { json.field("system", v) }
        if let v = self.media { json.field("media", v) }
        if let v = self.snapshot { json.field("snapshot", v) }
        if self.token != false { json.field("token", self.token) }
        if let v = self.log { json.field("log", v) }
        if let v = self.failed { json.field("failed", v) }
        if self.video != "" { json.field("video", self.video) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> EngineOut {
        var m = EngineOut()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "system": try json.value(into: &m.system)
            case "media": try json.value(into: &m.media)
            case "snapshot": try json.value(into: &m.snapshot)
            case "token": try json.value(into: &m.token)
            case "log": try json.value(into: &m.log)
            case "failed": try json.value(into: &m.failed)
            case "video": try json.value(into: &m.video)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Failed says that the system does not let a call start that was asked for.
public struct EngineFailed: BoundaryValue, Sendable, Hashable {
    public var call: String
    /// for people
    public var error: String

    public init(call: String = "", error: String = "") {
        self.call = call
        self.error = error
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.call != "" { json.field("call", self.call) }
        if self.error != "" { json.field("error", self.error) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> EngineFailed {
        var m = EngineFailed()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "call": try json.value(into: &m.call)
            case "error": try json.value(into: &m.error)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Answer is what is said to an Out, or to an In.
public struct EngineAnswer: BoundaryValue, Sendable, Hashable {
    public var system: SystemMessage?
    public var media: MediaMessage?
    public var token: String
    /// of a start
    public var call: String
    /// of the error: closed, no_call, on_call, not_connected, no_callee, too_many_calls, nothing_to_swap, cannot_mix, failed, bad_message, panic
    public var code: String
    /// for people
    public var error: String

    public init(system: SystemMessage? = nil, media: MediaMessage? = nil, token: String = "", call: String = "", code: String = "", error: String = "") {
        self.system = system
        self.media = media
        self.token = token
        self.call = call
        self.code = code
        self.error = error
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if let v = self.system { json.field("system", v) }
        if let v = self.media { json.field("media", v) }
        if self.token != "" { json.field("token", self.token) }
        if self.call != "" { json.field("call", self.call) }
        if self.code != "" { json.field("code", self.code) }
        if self.error != "" { json.field("error", self.error) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> EngineAnswer {
        var m = EngineAnswer()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "system": try json.value(into: &m.system)
            case "media": try json.value(into: &m.media)
            case "token": try json.value(into: &m.token)
            case "call": try json.value(into: &m.call)
            case "code": try json.value(into: &m.code)
            case "error": try json.value(into: &m.error)
            default: try json.skip()
            }
        }
        return m
    }
}

/// In is what an engine is told. One of its fields is set.
public struct EngineIn: BoundaryValue, Sendable, Hashable {
    /// an event of the call system
    public var system: SystemMessage?
    /// an event of the media adapter
    public var media: MediaMessage?
    /// what the user wants, on the app's own screen
    public var request: EngineRequest?
    /// the user's JWT; empty: logged out
    public var token: String?
    /// the network came, went or changed
    public var network: Bool?

    public init(system: SystemMessage? = nil, media: MediaMessage? = nil, request: EngineRequest? = nil, token: String? = nil, network: Bool? = nil) {
        self.system = system
        self.media = media
        self.request = request
        self.token = token
        self.network = network
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if let v = self.system { json.field("system", v) }
        if let v = self.media { json.field("media", v) }
        if let v = self.request { json.field("request", v) }
        if let v = self.token { json.field("token", v) }
        if let v = self.network { json.field("network", v) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> EngineIn {
        var m = EngineIn()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "system": try json.value(into: &m.system)
            case "media": try json.value(into: &m.media)
            case "request": try json.value(into: &m.request)
            case "token": try json.value(into: &m.token)
            case "network": try json.value(into: &m.network)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Verb is what a user wants.
public struct EngineVerb: RawRepresentable, BoundaryValue, Sendable, Hashable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Callee, Name, Handle, Video; the answer has Call
    public static let startCall = EngineVerb(rawValue: "start")
    /// Call
    public static let answerCall = EngineVerb(rawValue: "answer")
    /// Call
    public static let endCall = EngineVerb(rawValue: "end")
    /// Call, On
    public static let holdCall = EngineVerb(rawValue: "hold")
    /// Call, On
    public static let muteCall = EngineVerb(rawValue: "mute")
    /// Call, Digits
    public static let playTones = EngineVerb(rawValue: "tones")
    /// On
    public static let setSpeaker = EngineVerb(rawValue: "speaker")
    /// Activity
    public static let continueUse = EngineVerb(rawValue: "continue")
    /// the user has logged in
    public static let register = EngineVerb(rawValue: "register")
    /// Call
    public static let holdAnswer = EngineVerb(rawValue: "holdAnswer")
    /// Call
    public static let endAnswer = EngineVerb(rawValue: "endAnswer")
    /// Call
    public static let endHeldAnswer = EngineVerb(rawValue: "endHeldAnswer")
    /// Call
    public static let resumeCall = EngineVerb(rawValue: "resume")
    public static let swapCalls = EngineVerb(rawValue: "swap")
    /// Call, With
    public static let mergeCalls = EngineVerb(rawValue: "merge")
    /// Call
    public static let splitCall = EngineVerb(rawValue: "split")
}

/// Request is what a user wants of a call.
public struct EngineRequest: BoundaryValue, Sendable, Hashable {
    public var verb: EngineVerb
    public var call: String
    /// the other call
    public var with: String
    public var callee: String
    public var name: String
    public var handle: SystemHandle
    public var video: Bool
    public var on: Bool
    public var digits: String
    public var activity: SystemActivity?

    public init(verb: EngineVerb = EngineVerb(rawValue: ""), call: String = "", with: String = "", callee: String = "", name: String = "", handle: SystemHandle = SystemHandle(), video: Bool = false, on: Bool = false, digits: String = "", activity: SystemActivity? = nil) {
        self.verb = verb
        self.call = call
        self.with = with
        self.callee = callee
        self.name = name
        self.handle = handle
        self.video = video
        self.on = on
        self.digits = digits
        self.activity = activity
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.verb != EngineVerb(rawValue: "") { json.field("verb", self.verb) }
        if self.call != "" { json.field("call", self.call) }
        if self.with != "" { json.field("with", self.with) }
        if self.callee != "" { json.field("callee", self.callee) }
        if self.name != "" { json.field("name", self.name) }
        if self.handle != SystemHandle() { json.field("handle", self.handle) }
        if self.video != false { json.field("video", self.video) }
        if self.on != false { json.field("on", self.on) }
        if self.digits != "" { json.field("digits", self.digits) }
        if let v = self.activity { json.field("activity", v) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> EngineRequest {
        var m = EngineRequest()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "verb": try json.value(into: &m.verb)
            case "call": try json.value(into: &m.call)
            case "with": try json.value(into: &m.with)
            case "callee": try json.value(into: &m.callee)
            case "name": try json.value(into: &m.name)
            case "handle": try json.value(into: &m.handle)
            case "video": try json.value(into: &m.video)
            case "on": try json.value(into: &m.on)
            case "digits": try json.value(into: &m.digits)
            case "activity": try json.value(into: &m.activity)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Snapshot is what the app's own screens show.
public struct EngineSnapshot: BoundaryValue, Sendable, Hashable {
    public var online: Bool
    public var registered: Bool
    public var canStart: Bool
    /// another app or the mobile network has a call on this phone
    public var otherApps: Bool
    /// one call talks, one is on hold
    public var canSwap: Bool
    public var calls: [EngineCall]

    public init(online: Bool = false, registered: Bool = false, canStart: Bool = false, otherApps: Bool = false, canSwap: Bool = false, calls: [EngineCall] = []) {
        self.online = online
        self.registered = registered
        self.canStart = canStart
        self.otherApps = otherApps
        self.canSwap = canSwap
        self.calls = calls
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.online != false { json.field("online", self.online) }
        if self.registered != false { json.field("registered", self.registered) }
        if self.canStart != false { json.field("canStart", self.canStart) }
        if self.otherApps != false { json.field("otherApps", self.otherApps) }
        if self.canSwap != false { json.field("canSwap", self.canSwap) }
        if !self.calls.isEmpty { json.field("calls", self.calls) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> EngineSnapshot {
        var m = EngineSnapshot()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "online": try json.value(into: &m.online)
            case "registered": try json.value(into: &m.registered)
            case "canStart": try json.value(into: &m.canStart)
            case "otherApps": try json.value(into: &m.otherApps)
            case "canSwap": try json.value(into: &m.canSwap)
            case "calls": try json.value(into: &m.calls)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Call is a call at one moment.
public struct EngineCall: BoundaryValue, Sendable, Hashable {
    public var id: String
    /// idle, reporting, ringing, dialing, alerting, connecting, connected, ended
    public var state: String
    public var outgoing: Bool
    public var video: Bool
    public var name: String
    public var handle: SystemHandle
    public var muted: Bool
    public var held: Bool
    public var remoteHeld: Bool
    public var audioRunning: Bool
    /// cold, warming, up, lost, gone
    public var transport: String
    /// why it ended, in the words of package call; empty while it lives
    public var reason: String
    public var answeredAt: Date?
    public var answeredBy: String
    public var canResume: Bool
    /// of several calls, the one that was answered or resumed last
    public var front: Bool
    /// it rings during another call
    public var waiting: Bool
    /// it waits, and the one that talks can be put on hold for it
    public var canHold: Bool
    /// it waits, and the one in front can be ended for it
    public var canEnd: Bool
    /// it waits, and the one on hold can be ended for it
    public var canEndHeld: Bool
    /// calls of one number are grouped; 0: in no group
    public var group: Int

    public init(id: String = "", state: String = "", outgoing: Bool = false, video: Bool = false, name: String = "", handle: SystemHandle = SystemHandle(), muted: Bool = false, held: Bool = false, remoteHeld: Bool = false, audioRunning: Bool = false, transport: String = "", reason: String = "", answeredAt: Date? = nil, answeredBy: String = "", canResume: Bool = false, front: Bool = false, waiting: Bool = false, canHold: Bool = false, canEnd: Bool = false, canEndHeld: Bool = false, group: Int = 0) {
        self.id = id
        self.state = state
        self.outgoing = outgoing
        self.video = video
        self.name = name
        self.handle = handle
        self.muted = muted
        self.held = held
        self.remoteHeld = remoteHeld
        self.audioRunning = audioRunning
        self.transport = transport
        self.reason = reason
        self.answeredAt = answeredAt
        self.answeredBy = answeredBy
        self.canResume = canResume
        self.front = front
        self.waiting = waiting
        self.canHold = canHold
        self.canEnd = canEnd
        self.canEndHeld = canEndHeld
        self.group = group
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.id != "" { json.field("id", self.id) }
        if self.state != "" { json.field("state", self.state) }
        if self.outgoing != false { json.field("outgoing", self.outgoing) }
        if self.video != false { json.field("video", self.video) }
        if self.name != "" { json.field("name", self.name) }
        if self.handle != SystemHandle() { json.field("handle", self.handle) }
        if self.muted != false { json.field("muted", self.muted) }
        if self.held != false { json.field("held", self.held) }
        if self.remoteHeld != false { json.field("remoteHeld", self.remoteHeld) }
        if self.audioRunning != false { json.field("audioRunning", self.audioRunning) }
        if self.transport != "" { json.field("transport", self.transport) }
        if self.reason != "" { json.field("reason", self.reason) }
        if let v = self.answeredAt { json.field("answeredAt", v) }
        if self.answeredBy != "" { json.field("answeredBy", self.answeredBy) }
        if self.canResume != false { json.field("canResume", self.canResume) }
        if self.front != false { json.field("front", self.front) }
        if self.waiting != false { json.field("waiting", self.waiting) }
        if self.canHold != false { json.field("canHold", self.canHold) }
        if self.canEnd != false { json.field("canEnd", self.canEnd) }
        if self.canEndHeld != false { json.field("canEndHeld", self.canEndHeld) }
        if self.group != 0 { json.field("group", self.group) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> EngineCall {
        var m = EngineCall()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "id": try json.value(into: &m.id)
            case "state": try json.value(into: &m.state)
            case "outgoing": try json.value(into: &m.outgoing)
            case "video": try json.value(into: &m.video)
            case "name": try json.value(into: &m.name)
            case "handle": try json.value(into: &m.handle)
            case "muted": try json.value(into: &m.muted)
            case "held": try json.value(into: &m.held)
            case "remoteHeld": try json.value(into: &m.remoteHeld)
            case "audioRunning": try json.value(into: &m.audioRunning)
            case "transport": try json.value(into: &m.transport)
            case "reason": try json.value(into: &m.reason)
            case "answeredAt": try json.value(into: &m.answeredAt)
            case "answeredBy": try json.value(into: &m.answeredBy)
            case "canResume": try json.value(into: &m.canResume)
            case "front": try json.value(into: &m.front)
            case "waiting": try json.value(into: &m.waiting)
            case "canHold": try json.value(into: &m.canHold)
            case "canEnd": try json.value(into: &m.canEnd)
            case "canEndHeld": try json.value(into: &m.canEndHeld)
            case "group": try json.value(into: &m.group)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Log is a line of the engine's log.
public struct EngineLog: BoundaryValue, Sendable, Hashable {
    /// DEBUG, INFO, WARN, ERROR
    public var level: String
    public var text: String

    public init(level: String = "", text: String = "") {
        self.level = level
        self.text = text
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.level != "" { json.field("level", self.level) }
        if self.text != "" { json.field("text", self.text) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> EngineLog {
        var m = EngineLog()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "level": try json.value(into: &m.level)
            case "text": try json.value(into: &m.text)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Config is what a simulator is made from. Everything may be left out.
public struct SimulatorConfig: BoundaryValue, Sendable, Hashable {
    /// a profile, as "18"; empty: the newest
    public var os: String
    public var knobs: [String: String]
    public var seed: UInt64
    /// what the app has or lacks: see callkittest.Traits
    public var traits: [String]
    /// Exchange names the exchange that stands in for the server, see package exchange; empty makes none.
    public var exchange: String

    public init(os: String = "", knobs: [String: String] = [:], seed: UInt64 = 0, traits: [String] = [], exchange: String = "") {
        self.os = os
        self.knobs = knobs
        self.seed = seed
        self.traits = traits
        self.exchange = exchange
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.os != "" { json.field("os", self.os) }
        if !self.knobs.isEmpty { json.field("knobs", self.knobs) }
        if self.seed != 0 { json.field("seed", self.seed) }
        if !self.traits.isEmpty { json.field("traits", self.traits) }
        if self.exchange != "" { json.field("exchange", self.exchange) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SimulatorConfig {
        var m = SimulatorConfig()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "os": try json.value(into: &m.os)
            case "knobs": try json.value(into: &m.knobs)
            case "seed": try json.value(into: &m.seed)
            case "traits": try json.value(into: &m.traits)
            case "exchange": try json.value(into: &m.exchange)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Out is what a simulator says to a process of the app, answered by a [wire.Message].
public struct SimulatorOut: BoundaryValue, Sendable, Hashable {
    public var process: Int
    /// the process is one of an extension: notificationService, callDirectory or intents
    public var `extension`: String
    /// an event; "launched" is the first
    public var system: SystemMessage?
    /// the process is gone
    public var died: Bool
    /// it stands still, or goes on
    public var suspended: Bool?

    public init(process: Int = 0, `extension`: String = "", system: SystemMessage? = nil, died: Bool = false, suspended: Bool? = nil) {
        self.process = process
        self.extension = `extension`
        self.system = system
        self.died = died
        self.suspended = suspended
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.process != 0 { json.field("process", self.process) }
        if self.extension != "" { json.field("extension", self.extension) }
        if let v = self.system { json.field("system", v) }
        if self.died != false { json.field("died", self.died) }
        if let v = self.suspended { json.field("suspended", v) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SimulatorOut {
        var m = SimulatorOut()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "process": try json.value(into: &m.process)
            case "extension": try json.value(into: &m.extension)
            case "system": try json.value(into: &m.system)
            case "died": try json.value(into: &m.died)
            case "suspended": try json.value(into: &m.suspended)
            default: try json.skip()
            }
        }
        return m
    }
}

/// In is what is done to a simulator. One of its fields is set.
public struct SimulatorIn: BoundaryValue, Sendable, Hashable {
    /// Do is a line of a scenario, as "U answer", "N voipPush u1 name=Bob" or "SYS cellularRing +1555".
    public var `do`: String
    /// Push delivers a VoIP push with a payload as it came, base64.
    public var push: Data?
    /// Empty delivers a VoIP push with an empty payload.
    public var empty: Bool
    /// Wait lets so many milliseconds pass; 0 with Settle only does what is due.
    public var wait: Int64
    public var settle: Bool
    /// Look says what can be seen: screen, calls, app, strikes, recents, audio.
    public var look: String
    /// the log so far
    public var log: Bool
    /// Exchange is what happens at the server and at the far end, as "call u1 name=Bob"; "said" tells what the device said.
    public var exchange: String

    public init(`do`: String = "", push: Data? = nil, empty: Bool = false, wait: Int64 = 0, settle: Bool = false, look: String = "", log: Bool = false, exchange: String = "") {
        self.do = `do`
        self.push = push
        self.empty = empty
        self.wait = wait
        self.settle = settle
        self.look = look
        self.log = log
        self.exchange = exchange
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.do != "" { json.field("do", self.do) }
        if let v = self.push { json.field("push", v) }
        if self.empty != false { json.field("empty", self.empty) }
        if self.wait != 0 { json.field("wait", self.wait) }
        if self.settle != false { json.field("settle", self.settle) }
        if self.look != "" { json.field("look", self.look) }
        if self.log != false { json.field("log", self.log) }
        if self.exchange != "" { json.field("exchange", self.exchange) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SimulatorIn {
        var m = SimulatorIn()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "do": try json.value(into: &m.do)
            case "push": try json.value(into: &m.push)
            case "empty": try json.value(into: &m.empty)
            case "wait": try json.value(into: &m.wait)
            case "settle": try json.value(into: &m.settle)
            case "look": try json.value(into: &m.look)
            case "log": try json.value(into: &m.log)
            case "exchange": try json.value(into: &m.exchange)
            default: try json.skip()
            }
        }
        return m
    }
}

/// Answer is what is said to an In.
public struct SimulatorAnswer: BoundaryValue, Sendable, Hashable {
    public var text: String
    public var at: Date?
    public var error: String

    public init(text: String = "", at: Date? = nil, error: String = "") {
        self.text = text
        self.at = at
        self.error = error
    }

    /// Zero is left out, as in Go.
    public func write(to json: inout BoundaryWriter) {
        json.begin()
        if self.text != "" { json.field("text", self.text) }
        if let v = self.at { json.field("at", v) }
        if self.error != "" { json.field("error", self.error) }
        json.end()
    }

    /// Absent is zero, as in Go.
    public static func read(from json: inout BoundaryReader) throws -> SimulatorAnswer {
        var m = SimulatorAnswer()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "text": try json.value(into: &m.text)
            case "at": try json.value(into: &m.at)
            case "error": try json.value(into: &m.error)
            default: try json.skip()
            }
        }
        return m
    }
}
