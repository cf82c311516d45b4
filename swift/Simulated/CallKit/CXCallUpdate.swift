import Foundation
import RingtripEngine

/// What is to change about a call. Only what was set does.
open class CXCallUpdate: NSObject, NSCopying {
    private var what = SystemUpdate()

    public override init() {}

    @NSCopying open var remoteHandle: CXHandle? {
        didSet { what.remoteHandle = remoteHandle?.message }
    }
    open var localizedCallerName: String? {
        get { what.localizedCallerName }
        set { what.localizedCallerName = newValue }
    }
    open var supportsHolding: Bool {
        get { what.supportsHolding ?? false }
        set { what.supportsHolding = newValue }
    }
    open var supportsGrouping: Bool {
        get { what.supportsGrouping ?? false }
        set { what.supportsGrouping = newValue }
    }
    open var supportsUngrouping: Bool {
        get { what.supportsUngrouping ?? false }
        set { what.supportsUngrouping = newValue }
    }
    open var supportsDTMF: Bool {
        get { what.supportsDTMF ?? false }
        set { what.supportsDTMF = newValue }
    }
    open var hasVideo: Bool {
        get { what.hasVideo ?? false }
        set { what.hasVideo = newValue }
    }

    open func copy(with zone: NSZone? = nil) -> Any {
        let c = CXCallUpdate()
        c.remoteHandle = remoteHandle
        c.what = what
        return c
    }

    var message: SystemUpdate { what }
}
