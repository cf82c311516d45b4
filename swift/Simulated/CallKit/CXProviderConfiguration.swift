import Foundation
import RingtripEngine

/// What an app's calls can do, and how they look and sound.
open class CXProviderConfiguration: NSObject, NSCopying {
    /// The app's name, which the system takes from the app itself since iOS 14.
    public let localizedName: String?
    open var ringtoneSound: String?
    open var iconTemplateImageData: Data?
    open var maximumCallGroups = 2
    open var maximumCallsPerCallGroup = 5
    open var includesCallsInRecents = true
    open var supportsVideo = false
    open var supportsAudioTranslation = false
    open var supportedHandleTypes: Set<CXHandle.HandleType> = []

    public override init() { localizedName = nil }

    @available(*, deprecated, message: "deprecated in iOS 14: use init()")
    public init(localizedName: String) { self.localizedName = localizedName }

    private init(copy c: CXProviderConfiguration) {
        localizedName = c.localizedName
        ringtoneSound = c.ringtoneSound
        iconTemplateImageData = c.iconTemplateImageData
        maximumCallGroups = c.maximumCallGroups
        maximumCallsPerCallGroup = c.maximumCallsPerCallGroup
        includesCallsInRecents = c.includesCallsInRecents
        supportsVideo = c.supportsVideo
        supportsAudioTranslation = c.supportsAudioTranslation
        supportedHandleTypes = c.supportedHandleTypes
    }

    open func copy(with zone: NSZone? = nil) -> Any { CXProviderConfiguration(copy: self) }

    var message: SystemConfiguration {
        SystemConfiguration(
            localizedName: localizedName ?? "", ringtoneSound: ringtoneSound ?? "", iconTemplateImageData: iconTemplateImageData,
            maximumCallGroups: maximumCallGroups, maximumCallsPerCallGroup: maximumCallsPerCallGroup,
            includesCallsInRecents: includesCallsInRecents, supportsVideo: supportsVideo,
            supportsAudioTranslation: supportsAudioTranslation, supportedHandleTypes: supportedHandleTypes.map(\.rawValue).sorted())
    }
}
