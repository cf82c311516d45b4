// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

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
