// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types and run make generate.

import Foundation

/// CXHandle.
public struct SystemHandle: Codable, Sendable, Hashable {
    public var type: Int
    public var value: String

    public init(type: Int = 0, value: String = "") {
        self.type = type
        self.value = value
    }
}

/// Op says what a command asks for, or what an event tells.
public struct SystemOp: RawRepresentable, Codable, Sendable, Hashable {
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
public struct SystemMessage: Codable, Sendable, Hashable {
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

    enum CodingKeys: String, CodingKey {
        case op, object, ticket, call, on, at, delay, name, number, implements, config, update, action, actions, calls, type, types, token, payload, missing, mustReport, audio, port, state, activity, launch, error, names, interruption, routes, activities, contacts, interaction, members, conversation, conversations, recents, notification
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.op = try c.decodeIfPresent(SystemOp.self, forKey: .op) ?? SystemOp(rawValue: "")
        self.object = try c.decodeIfPresent(Int.self, forKey: .object) ?? 0
        self.ticket = try c.decodeIfPresent(Int.self, forKey: .ticket) ?? 0
        self.call = try c.decodeIfPresent(String.self, forKey: .call) ?? ""
        self.on = try c.decodeIfPresent(Bool.self, forKey: .on) ?? false
        self.at = try c.decodeIfPresent(Date.self, forKey: .at)
        self.delay = try c.decodeIfPresent(Int64.self, forKey: .delay) ?? 0
        self.name = try c.decodeIfPresent(String.self, forKey: .name) ?? ""
        self.number = try c.decodeIfPresent(Int.self, forKey: .number) ?? 0
        self.implements = try c.decodeIfPresent([String].self, forKey: .implements) ?? []
        self.config = try c.decodeIfPresent(SystemConfiguration.self, forKey: .config)
        self.update = try c.decodeIfPresent(SystemUpdate.self, forKey: .update)
        self.action = try c.decodeIfPresent(SystemAction.self, forKey: .action)
        self.actions = try c.decodeIfPresent([SystemAction].self, forKey: .actions) ?? []
        self.calls = try c.decodeIfPresent([SystemCall].self, forKey: .calls) ?? []
        self.type = try c.decodeIfPresent(String.self, forKey: .type) ?? ""
        self.types = try c.decodeIfPresent([String].self, forKey: .types) ?? []
        self.token = try c.decodeIfPresent(Data.self, forKey: .token)
        self.payload = try c.decodeIfPresent(Data.self, forKey: .payload)
        self.missing = try c.decodeIfPresent(Bool.self, forKey: .missing) ?? false
        self.mustReport = try c.decodeIfPresent(Bool.self, forKey: .mustReport)
        self.audio = try c.decodeIfPresent(SystemAudio.self, forKey: .audio)
        self.port = try c.decodeIfPresent(String.self, forKey: .port) ?? ""
        self.state = try c.decodeIfPresent(Int.self, forKey: .state) ?? 0
        self.activity = try c.decodeIfPresent(SystemActivity.self, forKey: .activity)
        self.launch = try c.decodeIfPresent(SystemLaunch.self, forKey: .launch)
        self.error = try c.decodeIfPresent(SystemError.self, forKey: .error)
        self.names = try c.decodeIfPresent([String].self, forKey: .names) ?? []
        self.interruption = try c.decodeIfPresent(SystemInterruption.self, forKey: .interruption)
        self.routes = try c.decodeIfPresent([SystemRoute].self, forKey: .routes) ?? []
        self.activities = try c.decodeIfPresent([SystemActivity].self, forKey: .activities) ?? []
        self.contacts = try c.decodeIfPresent([SystemContact].self, forKey: .contacts) ?? []
        self.interaction = try c.decodeIfPresent(SystemInteraction.self, forKey: .interaction)
        self.members = try c.decodeIfPresent([SystemContact].self, forKey: .members) ?? []
        self.conversation = try c.decodeIfPresent(SystemConversationUpdate.self, forKey: .conversation)
        self.conversations = try c.decodeIfPresent([SystemConversation].self, forKey: .conversations) ?? []
        self.recents = try c.decodeIfPresent([SystemRecent].self, forKey: .recents) ?? []
        self.notification = try c.decodeIfPresent(SystemNotification.self, forKey: .notification)
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.op != SystemOp(rawValue: "") { try c.encode(self.op, forKey: .op) }
        if self.object != 0 { try c.encode(self.object, forKey: .object) }
        if self.ticket != 0 { try c.encode(self.ticket, forKey: .ticket) }
        if self.call != "" { try c.encode(self.call, forKey: .call) }
        if self.on != false { try c.encode(self.on, forKey: .on) }
        try c.encodeIfPresent(self.at, forKey: .at)
        if self.delay != 0 { try c.encode(self.delay, forKey: .delay) }
        if self.name != "" { try c.encode(self.name, forKey: .name) }
        if self.number != 0 { try c.encode(self.number, forKey: .number) }
        if !self.implements.isEmpty { try c.encode(self.implements, forKey: .implements) }
        try c.encodeIfPresent(self.config, forKey: .config)
        try c.encodeIfPresent(self.update, forKey: .update)
        try c.encodeIfPresent(self.action, forKey: .action)
        if !self.actions.isEmpty { try c.encode(self.actions, forKey: .actions) }
        if !self.calls.isEmpty { try c.encode(self.calls, forKey: .calls) }
        if self.type != "" { try c.encode(self.type, forKey: .type) }
        if !self.types.isEmpty { try c.encode(self.types, forKey: .types) }
        try c.encodeIfPresent(self.token, forKey: .token)
        try c.encodeIfPresent(self.payload, forKey: .payload)
        if self.missing != false { try c.encode(self.missing, forKey: .missing) }
        try c.encodeIfPresent(self.mustReport, forKey: .mustReport)
        try c.encodeIfPresent(self.audio, forKey: .audio)
        if self.port != "" { try c.encode(self.port, forKey: .port) }
        if self.state != 0 { try c.encode(self.state, forKey: .state) }
        try c.encodeIfPresent(self.activity, forKey: .activity)
        try c.encodeIfPresent(self.launch, forKey: .launch)
        try c.encodeIfPresent(self.error, forKey: .error)
        if !self.names.isEmpty { try c.encode(self.names, forKey: .names) }
        try c.encodeIfPresent(self.interruption, forKey: .interruption)
        if !self.routes.isEmpty { try c.encode(self.routes, forKey: .routes) }
        if !self.activities.isEmpty { try c.encode(self.activities, forKey: .activities) }
        if !self.contacts.isEmpty { try c.encode(self.contacts, forKey: .contacts) }
        try c.encodeIfPresent(self.interaction, forKey: .interaction)
        if !self.members.isEmpty { try c.encode(self.members, forKey: .members) }
        try c.encodeIfPresent(self.conversation, forKey: .conversation)
        if !self.conversations.isEmpty { try c.encode(self.conversations, forKey: .conversations) }
        if !self.recents.isEmpty { try c.encode(self.recents, forKey: .recents) }
        try c.encodeIfPresent(self.notification, forKey: .notification)
    }
}

/// Configuration is [callkit.ProviderConfiguration].
public struct SystemConfiguration: Codable, Sendable, Hashable {
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

    enum CodingKeys: String, CodingKey {
        case localizedName, ringtoneSound, iconTemplateImageData, maximumCallGroups, maximumCallsPerCallGroup, includesCallsInRecents, supportsVideo, supportsAudioTranslation, supportedHandleTypes
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.localizedName = try c.decodeIfPresent(String.self, forKey: .localizedName) ?? ""
        self.ringtoneSound = try c.decodeIfPresent(String.self, forKey: .ringtoneSound) ?? ""
        self.iconTemplateImageData = try c.decodeIfPresent(Data.self, forKey: .iconTemplateImageData)
        self.maximumCallGroups = try c.decodeIfPresent(Int.self, forKey: .maximumCallGroups) ?? 0
        self.maximumCallsPerCallGroup = try c.decodeIfPresent(Int.self, forKey: .maximumCallsPerCallGroup) ?? 0
        self.includesCallsInRecents = try c.decodeIfPresent(Bool.self, forKey: .includesCallsInRecents) ?? false
        self.supportsVideo = try c.decodeIfPresent(Bool.self, forKey: .supportsVideo) ?? false
        self.supportsAudioTranslation = try c.decodeIfPresent(Bool.self, forKey: .supportsAudioTranslation) ?? false
        self.supportedHandleTypes = try c.decodeIfPresent([Int].self, forKey: .supportedHandleTypes) ?? []
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.localizedName != "" { try c.encode(self.localizedName, forKey: .localizedName) }
        if self.ringtoneSound != "" { try c.encode(self.ringtoneSound, forKey: .ringtoneSound) }
        try c.encodeIfPresent(self.iconTemplateImageData, forKey: .iconTemplateImageData)
        if self.maximumCallGroups != 0 { try c.encode(self.maximumCallGroups, forKey: .maximumCallGroups) }
        if self.maximumCallsPerCallGroup != 0 { try c.encode(self.maximumCallsPerCallGroup, forKey: .maximumCallsPerCallGroup) }
        if self.includesCallsInRecents != false { try c.encode(self.includesCallsInRecents, forKey: .includesCallsInRecents) }
        if self.supportsVideo != false { try c.encode(self.supportsVideo, forKey: .supportsVideo) }
        if self.supportsAudioTranslation != false { try c.encode(self.supportsAudioTranslation, forKey: .supportsAudioTranslation) }
        if !self.supportedHandleTypes.isEmpty { try c.encode(self.supportedHandleTypes, forKey: .supportedHandleTypes) }
    }
}

/// Update is [callkit.Update]: absent fields change nothing.
public struct SystemUpdate: Codable, Sendable, Hashable {
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

    enum CodingKeys: String, CodingKey {
        case remoteHandle, localizedCallerName, supportsHolding, supportsGrouping, supportsUngrouping, supportsDTMF, hasVideo
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.remoteHandle = try c.decodeIfPresent(SystemHandle.self, forKey: .remoteHandle)
        self.localizedCallerName = try c.decodeIfPresent(String.self, forKey: .localizedCallerName)
        self.supportsHolding = try c.decodeIfPresent(Bool.self, forKey: .supportsHolding)
        self.supportsGrouping = try c.decodeIfPresent(Bool.self, forKey: .supportsGrouping)
        self.supportsUngrouping = try c.decodeIfPresent(Bool.self, forKey: .supportsUngrouping)
        self.supportsDTMF = try c.decodeIfPresent(Bool.self, forKey: .supportsDTMF)
        self.hasVideo = try c.decodeIfPresent(Bool.self, forKey: .hasVideo)
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        try c.encodeIfPresent(self.remoteHandle, forKey: .remoteHandle)
        try c.encodeIfPresent(self.localizedCallerName, forKey: .localizedCallerName)
        try c.encodeIfPresent(self.supportsHolding, forKey: .supportsHolding)
        try c.encodeIfPresent(self.supportsGrouping, forKey: .supportsGrouping)
        try c.encodeIfPresent(self.supportsUngrouping, forKey: .supportsUngrouping)
        try c.encodeIfPresent(self.supportsDTMF, forKey: .supportsDTMF)
        try c.encodeIfPresent(self.hasVideo, forKey: .hasVideo)
    }
}

/// ActionKind is the class of an action without CX and CallAction.
public struct SystemActionKind: RawRepresentable, Codable, Sendable, Hashable {
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
public struct SystemAction: Codable, Sendable, Hashable {
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

    enum CodingKeys: String, CodingKey {
        case kind, id, call, timeout, on, handle, contact, video, groupWith, digits, tone, local, remote, engine, members
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.kind = try c.decodeIfPresent(SystemActionKind.self, forKey: .kind) ?? SystemActionKind(rawValue: "")
        self.id = try c.decodeIfPresent(String.self, forKey: .id) ?? ""
        self.call = try c.decodeIfPresent(String.self, forKey: .call) ?? ""
        self.timeout = try c.decodeIfPresent(Date.self, forKey: .timeout)
        self.on = try c.decodeIfPresent(Bool.self, forKey: .on) ?? false
        self.handle = try c.decodeIfPresent(SystemHandle.self, forKey: .handle) ?? SystemHandle()
        self.contact = try c.decodeIfPresent(String.self, forKey: .contact) ?? ""
        self.video = try c.decodeIfPresent(Bool.self, forKey: .video) ?? false
        self.groupWith = try c.decodeIfPresent(String.self, forKey: .groupWith) ?? ""
        self.digits = try c.decodeIfPresent(String.self, forKey: .digits) ?? ""
        self.tone = try c.decodeIfPresent(Int.self, forKey: .tone) ?? 0
        self.local = try c.decodeIfPresent(String.self, forKey: .local) ?? ""
        self.remote = try c.decodeIfPresent(String.self, forKey: .remote) ?? ""
        self.engine = try c.decodeIfPresent(UInt.self, forKey: .engine) ?? 0
        self.members = try c.decodeIfPresent([SystemContact].self, forKey: .members) ?? []
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.kind != SystemActionKind(rawValue: "") { try c.encode(self.kind, forKey: .kind) }
        if self.id != "" { try c.encode(self.id, forKey: .id) }
        if self.call != "" { try c.encode(self.call, forKey: .call) }
        try c.encodeIfPresent(self.timeout, forKey: .timeout)
        if self.on != false { try c.encode(self.on, forKey: .on) }
        if self.handle != SystemHandle() { try c.encode(self.handle, forKey: .handle) }
        if self.contact != "" { try c.encode(self.contact, forKey: .contact) }
        if self.video != false { try c.encode(self.video, forKey: .video) }
        if self.groupWith != "" { try c.encode(self.groupWith, forKey: .groupWith) }
        if self.digits != "" { try c.encode(self.digits, forKey: .digits) }
        if self.tone != 0 { try c.encode(self.tone, forKey: .tone) }
        if self.local != "" { try c.encode(self.local, forKey: .local) }
        if self.remote != "" { try c.encode(self.remote, forKey: .remote) }
        if self.engine != 0 { try c.encode(self.engine, forKey: .engine) }
        if !self.members.isEmpty { try c.encode(self.members, forKey: .members) }
    }
}

/// Call is [callkit.Call].
public struct SystemCall: Codable, Sendable, Hashable {
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

    enum CodingKeys: String, CodingKey {
        case uuid, isOutgoing, isOnHold, hasConnected, hasEnded
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.uuid = try c.decodeIfPresent(String.self, forKey: .uuid) ?? ""
        self.isOutgoing = try c.decodeIfPresent(Bool.self, forKey: .isOutgoing) ?? false
        self.isOnHold = try c.decodeIfPresent(Bool.self, forKey: .isOnHold) ?? false
        self.hasConnected = try c.decodeIfPresent(Bool.self, forKey: .hasConnected) ?? false
        self.hasEnded = try c.decodeIfPresent(Bool.self, forKey: .hasEnded) ?? false
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.uuid != "" { try c.encode(self.uuid, forKey: .uuid) }
        if self.isOutgoing != false { try c.encode(self.isOutgoing, forKey: .isOutgoing) }
        if self.isOnHold != false { try c.encode(self.isOnHold, forKey: .isOnHold) }
        if self.hasConnected != false { try c.encode(self.hasConnected, forKey: .hasConnected) }
        if self.hasEnded != false { try c.encode(self.hasEnded, forKey: .hasEnded) }
    }
}

/// Audio is what an app can ask of its audio session, or how it is.
public struct SystemAudio: Codable, Sendable, Hashable {
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

    enum CodingKeys: String, CodingKey {
        case category, mode, options, route, policy, categories, modes, preferredSampleRate, sampleRate, preferredIOBufferDuration, ioBufferDuration, prefersNoInterruptions, prefersEchoCancelledInput, echoCancelledInput, outputMuted, recordPermission, otherAudioPlaying, silenceSecondaryAudio, current, availableInputs, preferredInput
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.category = try c.decodeIfPresent(String.self, forKey: .category) ?? ""
        self.mode = try c.decodeIfPresent(String.self, forKey: .mode) ?? ""
        self.options = try c.decodeIfPresent(UInt.self, forKey: .options) ?? 0
        self.route = try c.decodeIfPresent(String.self, forKey: .route) ?? ""
        self.policy = try c.decodeIfPresent(Int.self, forKey: .policy) ?? 0
        self.categories = try c.decodeIfPresent([String].self, forKey: .categories) ?? []
        self.modes = try c.decodeIfPresent([String].self, forKey: .modes) ?? []
        self.preferredSampleRate = try c.decodeIfPresent(Double.self, forKey: .preferredSampleRate) ?? 0
        self.sampleRate = try c.decodeIfPresent(Double.self, forKey: .sampleRate) ?? 0
        self.preferredIOBufferDuration = try c.decodeIfPresent(Int64.self, forKey: .preferredIOBufferDuration) ?? 0
        self.ioBufferDuration = try c.decodeIfPresent(Int64.self, forKey: .ioBufferDuration) ?? 0
        self.prefersNoInterruptions = try c.decodeIfPresent(Bool.self, forKey: .prefersNoInterruptions) ?? false
        self.prefersEchoCancelledInput = try c.decodeIfPresent(Bool.self, forKey: .prefersEchoCancelledInput) ?? false
        self.echoCancelledInput = try c.decodeIfPresent(Bool.self, forKey: .echoCancelledInput) ?? false
        self.outputMuted = try c.decodeIfPresent(Bool.self, forKey: .outputMuted) ?? false
        self.recordPermission = try c.decodeIfPresent(Int.self, forKey: .recordPermission) ?? 0
        self.otherAudioPlaying = try c.decodeIfPresent(Bool.self, forKey: .otherAudioPlaying) ?? false
        self.silenceSecondaryAudio = try c.decodeIfPresent(Bool.self, forKey: .silenceSecondaryAudio) ?? false
        self.current = try c.decodeIfPresent(SystemRoute.self, forKey: .current)
        self.availableInputs = try c.decodeIfPresent([SystemPort].self, forKey: .availableInputs) ?? []
        self.preferredInput = try c.decodeIfPresent(SystemPort.self, forKey: .preferredInput)
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.category != "" { try c.encode(self.category, forKey: .category) }
        if self.mode != "" { try c.encode(self.mode, forKey: .mode) }
        if self.options != 0 { try c.encode(self.options, forKey: .options) }
        if self.route != "" { try c.encode(self.route, forKey: .route) }
        if self.policy != 0 { try c.encode(self.policy, forKey: .policy) }
        if !self.categories.isEmpty { try c.encode(self.categories, forKey: .categories) }
        if !self.modes.isEmpty { try c.encode(self.modes, forKey: .modes) }
        if self.preferredSampleRate != 0 { try c.encode(self.preferredSampleRate, forKey: .preferredSampleRate) }
        if self.sampleRate != 0 { try c.encode(self.sampleRate, forKey: .sampleRate) }
        if self.preferredIOBufferDuration != 0 { try c.encode(self.preferredIOBufferDuration, forKey: .preferredIOBufferDuration) }
        if self.ioBufferDuration != 0 { try c.encode(self.ioBufferDuration, forKey: .ioBufferDuration) }
        if self.prefersNoInterruptions != false { try c.encode(self.prefersNoInterruptions, forKey: .prefersNoInterruptions) }
        if self.prefersEchoCancelledInput != false { try c.encode(self.prefersEchoCancelledInput, forKey: .prefersEchoCancelledInput) }
        if self.echoCancelledInput != false { try c.encode(self.echoCancelledInput, forKey: .echoCancelledInput) }
        if self.outputMuted != false { try c.encode(self.outputMuted, forKey: .outputMuted) }
        if self.recordPermission != 0 { try c.encode(self.recordPermission, forKey: .recordPermission) }
        if self.otherAudioPlaying != false { try c.encode(self.otherAudioPlaying, forKey: .otherAudioPlaying) }
        if self.silenceSecondaryAudio != false { try c.encode(self.silenceSecondaryAudio, forKey: .silenceSecondaryAudio) }
        try c.encodeIfPresent(self.current, forKey: .current)
        if !self.availableInputs.isEmpty { try c.encode(self.availableInputs, forKey: .availableInputs) }
        try c.encodeIfPresent(self.preferredInput, forKey: .preferredInput)
    }
}

/// Port is [callkit.AudioPortDescription].
public struct SystemPort: Codable, Sendable, Hashable {
    public var type: String
    public var name: String
    public var uid: String

    public init(type: String = "", name: String = "", uid: String = "") {
        self.type = type
        self.name = name
        self.uid = uid
    }

    enum CodingKeys: String, CodingKey {
        case type, name, uid
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.type = try c.decodeIfPresent(String.self, forKey: .type) ?? ""
        self.name = try c.decodeIfPresent(String.self, forKey: .name) ?? ""
        self.uid = try c.decodeIfPresent(String.self, forKey: .uid) ?? ""
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.type != "" { try c.encode(self.type, forKey: .type) }
        if self.name != "" { try c.encode(self.name, forKey: .name) }
        if self.uid != "" { try c.encode(self.uid, forKey: .uid) }
    }
}

/// Route is [callkit.AudioRoute].
public struct SystemRoute: Codable, Sendable, Hashable {
    public var inputs: [SystemPort]
    public var outputs: [SystemPort]

    public init(inputs: [SystemPort] = [], outputs: [SystemPort] = []) {
        self.inputs = inputs
        self.outputs = outputs
    }

    enum CodingKeys: String, CodingKey {
        case inputs, outputs
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.inputs = try c.decodeIfPresent([SystemPort].self, forKey: .inputs) ?? []
        self.outputs = try c.decodeIfPresent([SystemPort].self, forKey: .outputs) ?? []
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if !self.inputs.isEmpty { try c.encode(self.inputs, forKey: .inputs) }
        if !self.outputs.isEmpty { try c.encode(self.outputs, forKey: .outputs) }
    }
}

/// Interruption is [callkit.Interruption].
public struct SystemInterruption: Codable, Sendable, Hashable {
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

    enum CodingKeys: String, CodingKey {
        case type, options, reason, wasSuspended
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.type = try c.decodeIfPresent(Int.self, forKey: .type) ?? 0
        self.options = try c.decodeIfPresent(Int.self, forKey: .options) ?? 0
        self.reason = try c.decodeIfPresent(Int.self, forKey: .reason) ?? 0
        self.wasSuspended = try c.decodeIfPresent(Bool.self, forKey: .wasSuspended) ?? false
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.type != 0 { try c.encode(self.type, forKey: .type) }
        if self.options != 0 { try c.encode(self.options, forKey: .options) }
        if self.reason != 0 { try c.encode(self.reason, forKey: .reason) }
        if self.wasSuspended != false { try c.encode(self.wasSuspended, forKey: .wasSuspended) }
    }
}

/// Interaction is [callkit.Interaction].
public struct SystemInteraction: Codable, Sendable, Hashable {
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

    enum CodingKeys: String, CodingKey {
        case identifier, group, intent, direction, start, duration
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.identifier = try c.decodeIfPresent(String.self, forKey: .identifier) ?? ""
        self.group = try c.decodeIfPresent(String.self, forKey: .group) ?? ""
        self.intent = try c.decodeIfPresent(SystemActivity.self, forKey: .intent) ?? SystemActivity()
        self.direction = try c.decodeIfPresent(Int.self, forKey: .direction) ?? 0
        self.start = try c.decodeIfPresent(Date.self, forKey: .start)
        self.duration = try c.decodeIfPresent(Int64.self, forKey: .duration) ?? 0
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.identifier != "" { try c.encode(self.identifier, forKey: .identifier) }
        if self.group != "" { try c.encode(self.group, forKey: .group) }
        if self.intent != SystemActivity() { try c.encode(self.intent, forKey: .intent) }
        if self.direction != 0 { try c.encode(self.direction, forKey: .direction) }
        try c.encodeIfPresent(self.start, forKey: .start)
        if self.duration != 0 { try c.encode(self.duration, forKey: .duration) }
    }
}

/// ConversationUpdate is lck.Update: absent fields change nothing.
public struct SystemConversationUpdate: Codable, Sendable, Hashable {
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

    enum CodingKeys: String, CodingKey {
        case localMember, members, activeRemoteMembers, capabilities
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.localMember = try c.decodeIfPresent(SystemContact.self, forKey: .localMember)
        self.members = try c.decodeIfPresent([SystemContact].self, forKey: .members)
        self.activeRemoteMembers = try c.decodeIfPresent([SystemContact].self, forKey: .activeRemoteMembers)
        self.capabilities = try c.decodeIfPresent(Int.self, forKey: .capabilities)
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        try c.encodeIfPresent(self.localMember, forKey: .localMember)
        try c.encodeIfPresent(self.members, forKey: .members)
        try c.encodeIfPresent(self.activeRemoteMembers, forKey: .activeRemoteMembers)
        try c.encodeIfPresent(self.capabilities, forKey: .capabilities)
    }
}

/// Conversation is lck.Conversation.
public struct SystemConversation: Codable, Sendable, Hashable {
    public var uuid: String
    /// idle, joining, joined, paused, leaving, left
    public var state: Int
    public var localMember: SystemContact?

    public init(uuid: String = "", state: Int = 0, localMember: SystemContact? = nil) {
        self.uuid = uuid
        self.state = state
        self.localMember = localMember
    }

    enum CodingKeys: String, CodingKey {
        case uuid, state, localMember
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.uuid = try c.decodeIfPresent(String.self, forKey: .uuid) ?? ""
        self.state = try c.decodeIfPresent(Int.self, forKey: .state) ?? 0
        self.localMember = try c.decodeIfPresent(SystemContact.self, forKey: .localMember)
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.uuid != "" { try c.encode(self.uuid, forKey: .uuid) }
        if self.state != 0 { try c.encode(self.state, forKey: .state) }
        try c.encodeIfPresent(self.localMember, forKey: .localMember)
    }
}

/// Recent is lck.RecentConversation.
public struct SystemRecent: Codable, Sendable, Hashable {
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

    enum CodingKeys: String, CodingKey {
        case id, date, duration, incoming, status, handles, isRead
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.id = try c.decodeIfPresent(String.self, forKey: .id) ?? ""
        self.date = try c.decodeIfPresent(Date.self, forKey: .date)
        self.duration = try c.decodeIfPresent(Int64.self, forKey: .duration) ?? 0
        self.incoming = try c.decodeIfPresent(Bool.self, forKey: .incoming) ?? false
        self.status = try c.decodeIfPresent(Int.self, forKey: .status) ?? 0
        self.handles = try c.decodeIfPresent([SystemContact].self, forKey: .handles) ?? []
        self.isRead = try c.decodeIfPresent(Bool.self, forKey: .isRead) ?? false
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.id != "" { try c.encode(self.id, forKey: .id) }
        try c.encodeIfPresent(self.date, forKey: .date)
        if self.duration != 0 { try c.encode(self.duration, forKey: .duration) }
        if self.incoming != false { try c.encode(self.incoming, forKey: .incoming) }
        if self.status != 0 { try c.encode(self.status, forKey: .status) }
        if !self.handles.isEmpty { try c.encode(self.handles, forKey: .handles) }
        if self.isRead != false { try c.encode(self.isRead, forKey: .isRead) }
    }
}

/// Notification is [callkit.NotificationRequest] and its content.
public struct SystemNotification: Codable, Sendable, Hashable {
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

    enum CodingKeys: String, CodingKey {
        case identifier, title, body, userInfo
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.identifier = try c.decodeIfPresent(String.self, forKey: .identifier) ?? ""
        self.title = try c.decodeIfPresent(String.self, forKey: .title) ?? ""
        self.body = try c.decodeIfPresent(String.self, forKey: .body) ?? ""
        self.userInfo = try c.decodeIfPresent(Data.self, forKey: .userInfo)
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.identifier != "" { try c.encode(self.identifier, forKey: .identifier) }
        if self.title != "" { try c.encode(self.title, forKey: .title) }
        if self.body != "" { try c.encode(self.body, forKey: .body) }
        try c.encodeIfPresent(self.userInfo, forKey: .userInfo)
    }
}

/// Activity is [callkit.UserActivity], flat.
public struct SystemActivity: Codable, Sendable, Hashable {
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

    enum CodingKeys: String, CodingKey {
        case type, contacts, callCapability, intent, handle, destinationType, audioRoute, record
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.type = try c.decodeIfPresent(String.self, forKey: .type) ?? ""
        self.contacts = try c.decodeIfPresent([SystemContact].self, forKey: .contacts) ?? []
        self.callCapability = try c.decodeIfPresent(Int.self, forKey: .callCapability) ?? 0
        self.intent = try c.decodeIfPresent(Bool.self, forKey: .intent) ?? false
        self.handle = try c.decodeIfPresent(String.self, forKey: .handle) ?? ""
        self.destinationType = try c.decodeIfPresent(Int.self, forKey: .destinationType) ?? 0
        self.audioRoute = try c.decodeIfPresent(Int.self, forKey: .audioRoute) ?? 0
        self.record = try c.decodeIfPresent(SystemCallRecord.self, forKey: .record)
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.type != "" { try c.encode(self.type, forKey: .type) }
        if !self.contacts.isEmpty { try c.encode(self.contacts, forKey: .contacts) }
        if self.callCapability != 0 { try c.encode(self.callCapability, forKey: .callCapability) }
        if self.intent != false { try c.encode(self.intent, forKey: .intent) }
        if self.handle != "" { try c.encode(self.handle, forKey: .handle) }
        if self.destinationType != 0 { try c.encode(self.destinationType, forKey: .destinationType) }
        if self.audioRoute != 0 { try c.encode(self.audioRoute, forKey: .audioRoute) }
        try c.encodeIfPresent(self.record, forKey: .record)
    }
}

/// CallRecord is [callkit.CallRecord].
public struct SystemCallRecord: Codable, Sendable, Hashable {
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

    enum CodingKeys: String, CodingKey {
        case identifier, date, caller, type, capability, duration
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.identifier = try c.decodeIfPresent(String.self, forKey: .identifier) ?? ""
        self.date = try c.decodeIfPresent(Date.self, forKey: .date)
        self.caller = try c.decodeIfPresent(SystemContact.self, forKey: .caller) ?? SystemContact()
        self.type = try c.decodeIfPresent(Int.self, forKey: .type) ?? 0
        self.capability = try c.decodeIfPresent(Int.self, forKey: .capability) ?? 0
        self.duration = try c.decodeIfPresent(Int64.self, forKey: .duration) ?? 0
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.identifier != "" { try c.encode(self.identifier, forKey: .identifier) }
        try c.encodeIfPresent(self.date, forKey: .date)
        if self.caller != SystemContact() { try c.encode(self.caller, forKey: .caller) }
        if self.type != 0 { try c.encode(self.type, forKey: .type) }
        if self.capability != 0 { try c.encode(self.capability, forKey: .capability) }
        if self.duration != 0 { try c.encode(self.duration, forKey: .duration) }
    }
}

/// Contact is [callkit.Person].
public struct SystemContact: Codable, Sendable, Hashable {
    public var handle: SystemHandle
    public var name: String

    public init(handle: SystemHandle = SystemHandle(), name: String = "") {
        self.handle = handle
        self.name = name
    }

    enum CodingKeys: String, CodingKey {
        case handle, name
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.handle = try c.decodeIfPresent(SystemHandle.self, forKey: .handle) ?? SystemHandle()
        self.name = try c.decodeIfPresent(String.self, forKey: .name) ?? ""
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.handle != SystemHandle() { try c.encode(self.handle, forKey: .handle) }
        if self.name != "" { try c.encode(self.name, forKey: .name) }
    }
}

/// Launch is [callkit.LaunchOptions].
public struct SystemLaunch: Codable, Sendable, Hashable {
    public var background: Bool
    public var activity: SystemActivity?

    public init(background: Bool = false, activity: SystemActivity? = nil) {
        self.background = background
        self.activity = activity
    }

    enum CodingKeys: String, CodingKey {
        case background, activity
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.background = try c.decodeIfPresent(Bool.self, forKey: .background) ?? false
        self.activity = try c.decodeIfPresent(SystemActivity.self, forKey: .activity)
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.background != false { try c.encode(self.background, forKey: .background) }
        try c.encodeIfPresent(self.activity, forKey: .activity)
    }
}

/// Error is an NSError.
public struct SystemError: Codable, Sendable, Hashable {
    public var domain: String
    public var code: Int
    public var text: String

    public init(domain: String = "", code: Int = 0, text: String = "") {
        self.domain = domain
        self.code = code
        self.text = text
    }

    enum CodingKeys: String, CodingKey {
        case domain, code, text
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.domain = try c.decodeIfPresent(String.self, forKey: .domain) ?? ""
        self.code = try c.decodeIfPresent(Int.self, forKey: .code) ?? 0
        self.text = try c.decodeIfPresent(String.self, forKey: .text) ?? ""
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.domain != "" { try c.encode(self.domain, forKey: .domain) }
        if self.code != 0 { try c.encode(self.code, forKey: .code) }
        if self.text != "" { try c.encode(self.text, forKey: .text) }
    }
}

/// Op says what a command asks of the SDK, or what an event tells.
public struct MediaOp: RawRepresentable, Codable, Sendable, Hashable {
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
public struct MediaMessage: Codable, Sendable, Hashable {
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

    enum CodingKeys: String, CodingKey {
        case op, session, call, name, role, credentials, kind, data, on, event, stats, error, code
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.op = try c.decodeIfPresent(MediaOp.self, forKey: .op) ?? MediaOp(rawValue: "")
        self.session = try c.decodeIfPresent(Int.self, forKey: .session) ?? 0
        self.call = try c.decodeIfPresent(String.self, forKey: .call) ?? ""
        self.name = try c.decodeIfPresent(String.self, forKey: .name) ?? ""
        self.role = try c.decodeIfPresent(Int.self, forKey: .role) ?? 0
        self.credentials = try c.decodeIfPresent(Data.self, forKey: .credentials)
        self.kind = try c.decodeIfPresent(Int.self, forKey: .kind) ?? 0
        self.data = try c.decodeIfPresent(String.self, forKey: .data) ?? ""
        self.on = try c.decodeIfPresent(Bool.self, forKey: .on) ?? false
        self.event = try c.decodeIfPresent(Int.self, forKey: .event) ?? 0
        self.stats = try c.decodeIfPresent(MediaCounters.self, forKey: .stats)
        self.error = try c.decodeIfPresent(String.self, forKey: .error) ?? ""
        self.code = try c.decodeIfPresent(String.self, forKey: .code) ?? ""
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.op != MediaOp(rawValue: "") { try c.encode(self.op, forKey: .op) }
        if self.session != 0 { try c.encode(self.session, forKey: .session) }
        if self.call != "" { try c.encode(self.call, forKey: .call) }
        if self.name != "" { try c.encode(self.name, forKey: .name) }
        if self.role != 0 { try c.encode(self.role, forKey: .role) }
        try c.encodeIfPresent(self.credentials, forKey: .credentials)
        if self.kind != 0 { try c.encode(self.kind, forKey: .kind) }
        if self.data != "" { try c.encode(self.data, forKey: .data) }
        if self.on != false { try c.encode(self.on, forKey: .on) }
        if self.event != 0 { try c.encode(self.event, forKey: .event) }
        try c.encodeIfPresent(self.stats, forKey: .stats)
        if self.error != "" { try c.encode(self.error, forKey: .error) }
        if self.code != "" { try c.encode(self.code, forKey: .code) }
    }
}

/// Counters is [media.Stats].
public struct MediaCounters: Codable, Sendable, Hashable {
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

    enum CodingKeys: String, CodingKey {
        case packetsSent, packetsReceived, packetsLost, bytesSent, bytesReceived, jitterMillis, roundTripMillis, localCandidate, remoteCandidate, audioLevel
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.packetsSent = try c.decodeIfPresent(UInt64.self, forKey: .packetsSent) ?? 0
        self.packetsReceived = try c.decodeIfPresent(UInt64.self, forKey: .packetsReceived) ?? 0
        self.packetsLost = try c.decodeIfPresent(UInt64.self, forKey: .packetsLost) ?? 0
        self.bytesSent = try c.decodeIfPresent(UInt64.self, forKey: .bytesSent) ?? 0
        self.bytesReceived = try c.decodeIfPresent(UInt64.self, forKey: .bytesReceived) ?? 0
        self.jitterMillis = try c.decodeIfPresent(Double.self, forKey: .jitterMillis) ?? 0
        self.roundTripMillis = try c.decodeIfPresent(Double.self, forKey: .roundTripMillis) ?? 0
        self.localCandidate = try c.decodeIfPresent(String.self, forKey: .localCandidate) ?? ""
        self.remoteCandidate = try c.decodeIfPresent(String.self, forKey: .remoteCandidate) ?? ""
        self.audioLevel = try c.decodeIfPresent(Double.self, forKey: .audioLevel) ?? 0
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.packetsSent != 0 { try c.encode(self.packetsSent, forKey: .packetsSent) }
        if self.packetsReceived != 0 { try c.encode(self.packetsReceived, forKey: .packetsReceived) }
        if self.packetsLost != 0 { try c.encode(self.packetsLost, forKey: .packetsLost) }
        if self.bytesSent != 0 { try c.encode(self.bytesSent, forKey: .bytesSent) }
        if self.bytesReceived != 0 { try c.encode(self.bytesReceived, forKey: .bytesReceived) }
        if self.jitterMillis != 0 { try c.encode(self.jitterMillis, forKey: .jitterMillis) }
        if self.roundTripMillis != 0 { try c.encode(self.roundTripMillis, forKey: .roundTripMillis) }
        if self.localCandidate != "" { try c.encode(self.localCandidate, forKey: .localCandidate) }
        if self.remoteCandidate != "" { try c.encode(self.remoteCandidate, forKey: .remoteCandidate) }
        if self.audioLevel != 0 { try c.encode(self.audioLevel, forKey: .audioLevel) }
    }
}

/// Config is what an engine is made from. ServerURL and DeviceID must be set.
public struct EngineConfig: Codable, Sendable, Hashable {
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
    /// why the process was started
    public var launch: SystemLaunch?
    /// Exchange names the simulator whose exchange stands in for the server. It is for tests: only a library that is built
    public var exchange: String

    public init(serverURL: String = "", deviceID: String = "", deviceName: String = "", bundleID: String = "", production: Bool = false, appVersion: String = "", osVersion: String = "", folder: String = "", callerName: String = "", callerHandle: String = "", provider: SystemConfiguration? = nil, fulfillFirst: Bool = false, ringSeconds: Double = 0, mixes: Bool = false, stayOnHold: Bool = false, launch: SystemLaunch? = nil, exchange: String = "") {
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
        self.launch = launch
        self.exchange = exchange
    }

    enum CodingKeys: String, CodingKey {
        case serverURL, deviceID, deviceName, bundleID, production, appVersion, osVersion, folder, callerName, callerHandle, provider, fulfillFirst, ringSeconds, mixes, stayOnHold, launch, exchange
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.serverURL = try c.decodeIfPresent(String.self, forKey: .serverURL) ?? ""
        self.deviceID = try c.decodeIfPresent(String.self, forKey: .deviceID) ?? ""
        self.deviceName = try c.decodeIfPresent(String.self, forKey: .deviceName) ?? ""
        self.bundleID = try c.decodeIfPresent(String.self, forKey: .bundleID) ?? ""
        self.production = try c.decodeIfPresent(Bool.self, forKey: .production) ?? false
        self.appVersion = try c.decodeIfPresent(String.self, forKey: .appVersion) ?? ""
        self.osVersion = try c.decodeIfPresent(String.self, forKey: .osVersion) ?? ""
        self.folder = try c.decodeIfPresent(String.self, forKey: .folder) ?? ""
        self.callerName = try c.decodeIfPresent(String.self, forKey: .callerName) ?? ""
        self.callerHandle = try c.decodeIfPresent(String.self, forKey: .callerHandle) ?? ""
        self.provider = try c.decodeIfPresent(SystemConfiguration.self, forKey: .provider)
        self.fulfillFirst = try c.decodeIfPresent(Bool.self, forKey: .fulfillFirst) ?? false
        self.ringSeconds = try c.decodeIfPresent(Double.self, forKey: .ringSeconds) ?? 0
        self.mixes = try c.decodeIfPresent(Bool.self, forKey: .mixes) ?? false
        self.stayOnHold = try c.decodeIfPresent(Bool.self, forKey: .stayOnHold) ?? false
        self.launch = try c.decodeIfPresent(SystemLaunch.self, forKey: .launch)
        self.exchange = try c.decodeIfPresent(String.self, forKey: .exchange) ?? ""
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.serverURL != "" { try c.encode(self.serverURL, forKey: .serverURL) }
        if self.deviceID != "" { try c.encode(self.deviceID, forKey: .deviceID) }
        if self.deviceName != "" { try c.encode(self.deviceName, forKey: .deviceName) }
        if self.bundleID != "" { try c.encode(self.bundleID, forKey: .bundleID) }
        if self.production != false { try c.encode(self.production, forKey: .production) }
        if self.appVersion != "" { try c.encode(self.appVersion, forKey: .appVersion) }
        if self.osVersion != "" { try c.encode(self.osVersion, forKey: .osVersion) }
        if self.folder != "" { try c.encode(self.folder, forKey: .folder) }
        if self.callerName != "" { try c.encode(self.callerName, forKey: .callerName) }
        if self.callerHandle != "" { try c.encode(self.callerHandle, forKey: .callerHandle) }
        try c.encodeIfPresent(self.provider, forKey: .provider)
        if self.fulfillFirst != false { try c.encode(self.fulfillFirst, forKey: .fulfillFirst) }
        if self.ringSeconds != 0 { try c.encode(self.ringSeconds, forKey: .ringSeconds) }
        if self.mixes != false { try c.encode(self.mixes, forKey: .mixes) }
        if self.stayOnHold != false { try c.encode(self.stayOnHold, forKey: .stayOnHold) }
        try c.encodeIfPresent(self.launch, forKey: .launch)
        if self.exchange != "" { try c.encode(self.exchange, forKey: .exchange) }
    }
}

/// Out is what an engine says. One of its fields is set.
public struct EngineOut: Codable, Sendable, Hashable {
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

    public init(system: SystemMessage? = nil, media: MediaMessage? = nil, snapshot: EngineSnapshot? = nil, token: Bool = false, log: EngineLog? = nil, failed: EngineFailed? = nil) {
        self.system = system
        self.media = media
        self.snapshot = snapshot
        self.token = token
        self.log = log
        self.failed = failed
    }

    enum CodingKeys: String, CodingKey {
        case system, media, snapshot, token, log, failed
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.system = try c.decodeIfPresent(SystemMessage.self, forKey: .system)
        self.media = try c.decodeIfPresent(MediaMessage.self, forKey: .media)
        self.snapshot = try c.decodeIfPresent(EngineSnapshot.self, forKey: .snapshot)
        self.token = try c.decodeIfPresent(Bool.self, forKey: .token) ?? false
        self.log = try c.decodeIfPresent(EngineLog.self, forKey: .log)
        self.failed = try c.decodeIfPresent(EngineFailed.self, forKey: .failed)
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        try c.encodeIfPresent(self.system, forKey: .system)
        try c.encodeIfPresent(self.media, forKey: .media)
        try c.encodeIfPresent(self.snapshot, forKey: .snapshot)
        if self.token != false { try c.encode(self.token, forKey: .token) }
        try c.encodeIfPresent(self.log, forKey: .log)
        try c.encodeIfPresent(self.failed, forKey: .failed)
    }
}

/// Failed says that the system does not let a call start that was asked for.
public struct EngineFailed: Codable, Sendable, Hashable {
    public var call: String
    /// for people
    public var error: String

    public init(call: String = "", error: String = "") {
        self.call = call
        self.error = error
    }

    enum CodingKeys: String, CodingKey {
        case call, error
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.call = try c.decodeIfPresent(String.self, forKey: .call) ?? ""
        self.error = try c.decodeIfPresent(String.self, forKey: .error) ?? ""
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.call != "" { try c.encode(self.call, forKey: .call) }
        if self.error != "" { try c.encode(self.error, forKey: .error) }
    }
}

/// Answer is what is said to an Out, or to an In.
public struct EngineAnswer: Codable, Sendable, Hashable {
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

    enum CodingKeys: String, CodingKey {
        case system, media, token, call, code, error
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.system = try c.decodeIfPresent(SystemMessage.self, forKey: .system)
        self.media = try c.decodeIfPresent(MediaMessage.self, forKey: .media)
        self.token = try c.decodeIfPresent(String.self, forKey: .token) ?? ""
        self.call = try c.decodeIfPresent(String.self, forKey: .call) ?? ""
        self.code = try c.decodeIfPresent(String.self, forKey: .code) ?? ""
        self.error = try c.decodeIfPresent(String.self, forKey: .error) ?? ""
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        try c.encodeIfPresent(self.system, forKey: .system)
        try c.encodeIfPresent(self.media, forKey: .media)
        if self.token != "" { try c.encode(self.token, forKey: .token) }
        if self.call != "" { try c.encode(self.call, forKey: .call) }
        if self.code != "" { try c.encode(self.code, forKey: .code) }
        if self.error != "" { try c.encode(self.error, forKey: .error) }
    }
}

/// In is what an engine is told. One of its fields is set.
public struct EngineIn: Codable, Sendable, Hashable {
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

    enum CodingKeys: String, CodingKey {
        case system, media, request, token, network
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.system = try c.decodeIfPresent(SystemMessage.self, forKey: .system)
        self.media = try c.decodeIfPresent(MediaMessage.self, forKey: .media)
        self.request = try c.decodeIfPresent(EngineRequest.self, forKey: .request)
        self.token = try c.decodeIfPresent(String.self, forKey: .token)
        self.network = try c.decodeIfPresent(Bool.self, forKey: .network)
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        try c.encodeIfPresent(self.system, forKey: .system)
        try c.encodeIfPresent(self.media, forKey: .media)
        try c.encodeIfPresent(self.request, forKey: .request)
        try c.encodeIfPresent(self.token, forKey: .token)
        try c.encodeIfPresent(self.network, forKey: .network)
    }
}

/// Verb is what a user wants.
public struct EngineVerb: RawRepresentable, Codable, Sendable, Hashable {
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
public struct EngineRequest: Codable, Sendable, Hashable {
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

    enum CodingKeys: String, CodingKey {
        case verb, call, with, callee, name, handle, video, on, digits, activity
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.verb = try c.decodeIfPresent(EngineVerb.self, forKey: .verb) ?? EngineVerb(rawValue: "")
        self.call = try c.decodeIfPresent(String.self, forKey: .call) ?? ""
        self.with = try c.decodeIfPresent(String.self, forKey: .with) ?? ""
        self.callee = try c.decodeIfPresent(String.self, forKey: .callee) ?? ""
        self.name = try c.decodeIfPresent(String.self, forKey: .name) ?? ""
        self.handle = try c.decodeIfPresent(SystemHandle.self, forKey: .handle) ?? SystemHandle()
        self.video = try c.decodeIfPresent(Bool.self, forKey: .video) ?? false
        self.on = try c.decodeIfPresent(Bool.self, forKey: .on) ?? false
        self.digits = try c.decodeIfPresent(String.self, forKey: .digits) ?? ""
        self.activity = try c.decodeIfPresent(SystemActivity.self, forKey: .activity)
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.verb != EngineVerb(rawValue: "") { try c.encode(self.verb, forKey: .verb) }
        if self.call != "" { try c.encode(self.call, forKey: .call) }
        if self.with != "" { try c.encode(self.with, forKey: .with) }
        if self.callee != "" { try c.encode(self.callee, forKey: .callee) }
        if self.name != "" { try c.encode(self.name, forKey: .name) }
        if self.handle != SystemHandle() { try c.encode(self.handle, forKey: .handle) }
        if self.video != false { try c.encode(self.video, forKey: .video) }
        if self.on != false { try c.encode(self.on, forKey: .on) }
        if self.digits != "" { try c.encode(self.digits, forKey: .digits) }
        try c.encodeIfPresent(self.activity, forKey: .activity)
    }
}

/// Snapshot is what the app's own screens show.
public struct EngineSnapshot: Codable, Sendable, Hashable {
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

    enum CodingKeys: String, CodingKey {
        case online, registered, canStart, otherApps, canSwap, calls
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.online = try c.decodeIfPresent(Bool.self, forKey: .online) ?? false
        self.registered = try c.decodeIfPresent(Bool.self, forKey: .registered) ?? false
        self.canStart = try c.decodeIfPresent(Bool.self, forKey: .canStart) ?? false
        self.otherApps = try c.decodeIfPresent(Bool.self, forKey: .otherApps) ?? false
        self.canSwap = try c.decodeIfPresent(Bool.self, forKey: .canSwap) ?? false
        self.calls = try c.decodeIfPresent([EngineCall].self, forKey: .calls) ?? []
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.online != false { try c.encode(self.online, forKey: .online) }
        if self.registered != false { try c.encode(self.registered, forKey: .registered) }
        if self.canStart != false { try c.encode(self.canStart, forKey: .canStart) }
        if self.otherApps != false { try c.encode(self.otherApps, forKey: .otherApps) }
        if self.canSwap != false { try c.encode(self.canSwap, forKey: .canSwap) }
        if !self.calls.isEmpty { try c.encode(self.calls, forKey: .calls) }
    }
}

/// Call is a call at one moment.
public struct EngineCall: Codable, Sendable, Hashable {
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

    enum CodingKeys: String, CodingKey {
        case id, state, outgoing, video, name, handle, muted, held, remoteHeld, audioRunning, transport, reason, answeredAt, answeredBy, canResume, front, waiting, canHold, canEnd, canEndHeld, group
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.id = try c.decodeIfPresent(String.self, forKey: .id) ?? ""
        self.state = try c.decodeIfPresent(String.self, forKey: .state) ?? ""
        self.outgoing = try c.decodeIfPresent(Bool.self, forKey: .outgoing) ?? false
        self.video = try c.decodeIfPresent(Bool.self, forKey: .video) ?? false
        self.name = try c.decodeIfPresent(String.self, forKey: .name) ?? ""
        self.handle = try c.decodeIfPresent(SystemHandle.self, forKey: .handle) ?? SystemHandle()
        self.muted = try c.decodeIfPresent(Bool.self, forKey: .muted) ?? false
        self.held = try c.decodeIfPresent(Bool.self, forKey: .held) ?? false
        self.remoteHeld = try c.decodeIfPresent(Bool.self, forKey: .remoteHeld) ?? false
        self.audioRunning = try c.decodeIfPresent(Bool.self, forKey: .audioRunning) ?? false
        self.transport = try c.decodeIfPresent(String.self, forKey: .transport) ?? ""
        self.reason = try c.decodeIfPresent(String.self, forKey: .reason) ?? ""
        self.answeredAt = try c.decodeIfPresent(Date.self, forKey: .answeredAt)
        self.answeredBy = try c.decodeIfPresent(String.self, forKey: .answeredBy) ?? ""
        self.canResume = try c.decodeIfPresent(Bool.self, forKey: .canResume) ?? false
        self.front = try c.decodeIfPresent(Bool.self, forKey: .front) ?? false
        self.waiting = try c.decodeIfPresent(Bool.self, forKey: .waiting) ?? false
        self.canHold = try c.decodeIfPresent(Bool.self, forKey: .canHold) ?? false
        self.canEnd = try c.decodeIfPresent(Bool.self, forKey: .canEnd) ?? false
        self.canEndHeld = try c.decodeIfPresent(Bool.self, forKey: .canEndHeld) ?? false
        self.group = try c.decodeIfPresent(Int.self, forKey: .group) ?? 0
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.id != "" { try c.encode(self.id, forKey: .id) }
        if self.state != "" { try c.encode(self.state, forKey: .state) }
        if self.outgoing != false { try c.encode(self.outgoing, forKey: .outgoing) }
        if self.video != false { try c.encode(self.video, forKey: .video) }
        if self.name != "" { try c.encode(self.name, forKey: .name) }
        if self.handle != SystemHandle() { try c.encode(self.handle, forKey: .handle) }
        if self.muted != false { try c.encode(self.muted, forKey: .muted) }
        if self.held != false { try c.encode(self.held, forKey: .held) }
        if self.remoteHeld != false { try c.encode(self.remoteHeld, forKey: .remoteHeld) }
        if self.audioRunning != false { try c.encode(self.audioRunning, forKey: .audioRunning) }
        if self.transport != "" { try c.encode(self.transport, forKey: .transport) }
        if self.reason != "" { try c.encode(self.reason, forKey: .reason) }
        try c.encodeIfPresent(self.answeredAt, forKey: .answeredAt)
        if self.answeredBy != "" { try c.encode(self.answeredBy, forKey: .answeredBy) }
        if self.canResume != false { try c.encode(self.canResume, forKey: .canResume) }
        if self.front != false { try c.encode(self.front, forKey: .front) }
        if self.waiting != false { try c.encode(self.waiting, forKey: .waiting) }
        if self.canHold != false { try c.encode(self.canHold, forKey: .canHold) }
        if self.canEnd != false { try c.encode(self.canEnd, forKey: .canEnd) }
        if self.canEndHeld != false { try c.encode(self.canEndHeld, forKey: .canEndHeld) }
        if self.group != 0 { try c.encode(self.group, forKey: .group) }
    }
}

/// Log is a line of the engine's log.
public struct EngineLog: Codable, Sendable, Hashable {
    /// DEBUG, INFO, WARN, ERROR
    public var level: String
    public var text: String

    public init(level: String = "", text: String = "") {
        self.level = level
        self.text = text
    }

    enum CodingKeys: String, CodingKey {
        case level, text
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.level = try c.decodeIfPresent(String.self, forKey: .level) ?? ""
        self.text = try c.decodeIfPresent(String.self, forKey: .text) ?? ""
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.level != "" { try c.encode(self.level, forKey: .level) }
        if self.text != "" { try c.encode(self.text, forKey: .text) }
    }
}

/// Config is what a simulator is made from. Everything may be left out.
public struct SimulatorConfig: Codable, Sendable, Hashable {
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

    enum CodingKeys: String, CodingKey {
        case os, knobs, seed, traits, exchange
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.os = try c.decodeIfPresent(String.self, forKey: .os) ?? ""
        self.knobs = try c.decodeIfPresent([String: String].self, forKey: .knobs) ?? [:]
        self.seed = try c.decodeIfPresent(UInt64.self, forKey: .seed) ?? 0
        self.traits = try c.decodeIfPresent([String].self, forKey: .traits) ?? []
        self.exchange = try c.decodeIfPresent(String.self, forKey: .exchange) ?? ""
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.os != "" { try c.encode(self.os, forKey: .os) }
        if !self.knobs.isEmpty { try c.encode(self.knobs, forKey: .knobs) }
        if self.seed != 0 { try c.encode(self.seed, forKey: .seed) }
        if !self.traits.isEmpty { try c.encode(self.traits, forKey: .traits) }
        if self.exchange != "" { try c.encode(self.exchange, forKey: .exchange) }
    }
}

/// Out is what a simulator says to a process of the app, answered by a [wire.Message].
public struct SimulatorOut: Codable, Sendable, Hashable {
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

    enum CodingKeys: String, CodingKey {
        case process, `extension`, system, died, suspended
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.process = try c.decodeIfPresent(Int.self, forKey: .process) ?? 0
        self.extension = try c.decodeIfPresent(String.self, forKey: .extension) ?? ""
        self.system = try c.decodeIfPresent(SystemMessage.self, forKey: .system)
        self.died = try c.decodeIfPresent(Bool.self, forKey: .died) ?? false
        self.suspended = try c.decodeIfPresent(Bool.self, forKey: .suspended)
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.process != 0 { try c.encode(self.process, forKey: .process) }
        if self.extension != "" { try c.encode(self.extension, forKey: .extension) }
        try c.encodeIfPresent(self.system, forKey: .system)
        if self.died != false { try c.encode(self.died, forKey: .died) }
        try c.encodeIfPresent(self.suspended, forKey: .suspended)
    }
}

/// In is what is done to a simulator. One of its fields is set.
public struct SimulatorIn: Codable, Sendable, Hashable {
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

    enum CodingKeys: String, CodingKey {
        case `do`, push, empty, wait, settle, look, log, exchange
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.do = try c.decodeIfPresent(String.self, forKey: .do) ?? ""
        self.push = try c.decodeIfPresent(Data.self, forKey: .push)
        self.empty = try c.decodeIfPresent(Bool.self, forKey: .empty) ?? false
        self.wait = try c.decodeIfPresent(Int64.self, forKey: .wait) ?? 0
        self.settle = try c.decodeIfPresent(Bool.self, forKey: .settle) ?? false
        self.look = try c.decodeIfPresent(String.self, forKey: .look) ?? ""
        self.log = try c.decodeIfPresent(Bool.self, forKey: .log) ?? false
        self.exchange = try c.decodeIfPresent(String.self, forKey: .exchange) ?? ""
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.do != "" { try c.encode(self.do, forKey: .do) }
        try c.encodeIfPresent(self.push, forKey: .push)
        if self.empty != false { try c.encode(self.empty, forKey: .empty) }
        if self.wait != 0 { try c.encode(self.wait, forKey: .wait) }
        if self.settle != false { try c.encode(self.settle, forKey: .settle) }
        if self.look != "" { try c.encode(self.look, forKey: .look) }
        if self.log != false { try c.encode(self.log, forKey: .log) }
        if self.exchange != "" { try c.encode(self.exchange, forKey: .exchange) }
    }
}

/// Answer is what is said to an In.
public struct SimulatorAnswer: Codable, Sendable, Hashable {
    public var text: String
    public var at: Date?
    public var error: String

    public init(text: String = "", at: Date? = nil, error: String = "") {
        self.text = text
        self.at = at
        self.error = error
    }

    enum CodingKeys: String, CodingKey {
        case text, at, error
    }

    /// Absent is zero, as in Go.
    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        self.text = try c.decodeIfPresent(String.self, forKey: .text) ?? ""
        self.at = try c.decodeIfPresent(Date.self, forKey: .at)
        self.error = try c.decodeIfPresent(String.self, forKey: .error) ?? ""
    }

    /// Zero is left out, as in Go.
    public func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        if self.text != "" { try c.encode(self.text, forKey: .text) }
        try c.encodeIfPresent(self.at, forKey: .at)
        if self.error != "" { try c.encode(self.error, forKey: .error) }
    }
}
