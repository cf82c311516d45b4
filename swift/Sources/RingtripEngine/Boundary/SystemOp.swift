// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

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
