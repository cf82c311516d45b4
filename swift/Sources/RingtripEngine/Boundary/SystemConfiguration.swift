// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

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
