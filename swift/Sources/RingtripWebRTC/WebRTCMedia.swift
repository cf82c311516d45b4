#if canImport(WebRTC)
import AVFoundation
import Foundation
import RingtripKit
@preconcurrency import WebRTC

/// WebRTCMedia carries calls by libwebrtc, peer to peer, with its audio unit in the app's hands (RTCAudioSession's manual
/// audio): nothing captures or plays before the system lends the audio session.
///
/// Credentials are ringtrip's own: `{"iceServers":[{"urls":["turn:…"],"username":"…","credential":"…"}]}`.
public final class WebRTCMedia: CallMediaFactory, @unchecked Sendable {
    private let factory: RTCPeerConnectionFactory
    private let lock = NSLock()
    private var running: Set<ObjectIdentifier> = [] // sessions whose audio runs, guarded by lock

    /// Makes the factory, once for the app.
    /// - Parameter factory: libwebrtc's; nil is one with its default codecs.
    public init(factory: RTCPeerConnectionFactory? = nil) {
        let audio = RTCAudioSession.sharedInstance()
        audio.useManualAudio = true // before the first peer connection, or it starts the audio unit by itself
        audio.isAudioEnabled = false
        self.factory = factory ?? RTCPeerConnectionFactory()
    }

    public func makeMedia(for request: CallMediaRequest, events: CallMediaEvents) throws -> any CallMedia {
        WebRTCSession(self, factory, request, events, servers: try iceServers(request.credentials))
    }

    /// Runs the audio unit while any session wants it: with two calls the new one may start before the old one stops.
    func run(_ session: AnyObject, _ on: Bool) {
        lock.lock()
        let before = !running.isEmpty
        if on { running.insert(ObjectIdentifier(session)) } else { running.remove(ObjectIdentifier(session)) }
        let now = !running.isEmpty
        lock.unlock()
        guard before != now else { return }
        let audio = RTCAudioSession.sharedInstance()
        if now {
            audio.audioSessionDidActivate(AVAudioSession.sharedInstance())
            audio.isAudioEnabled = true
        } else {
            audio.isAudioEnabled = false
            audio.audioSessionDidDeactivate(AVAudioSession.sharedInstance())
        }
    }

    /// Reads ringtrip's credentials.
    func iceServers(_ credentials: Data) throws -> [RTCIceServer] {
        struct Credentials: Decodable {
            struct Server: Decodable {
                var urls: [String]
                var username: String?
                var credential: String?

                init(from decoder: any Decoder) throws {
                    let c = try decoder.container(keyedBy: Keys.self)
                    urls = try (try? c.decode([String].self, forKey: .urls)) ?? [c.decode(String.self, forKey: .urls)]
                    username = try c.decodeIfPresent(String.self, forKey: .username)
                    credential = try c.decodeIfPresent(String.self, forKey: .credential)
                }

                enum Keys: String, CodingKey { case urls, username, credential }
            }

            var iceServers: [Server]?
        }
        guard !credentials.isEmpty else { return [] }
        do {
            let all = try JSONDecoder().decode(Credentials.self, from: credentials).iceServers ?? []
            return all.map { RTCIceServer(urlStrings: $0.urls, username: $0.username, credential: $0.credential) }
        } catch {
            throw CallMediaError(.other, "WebRTCMedia: the credentials are not {\"iceServers\":[…]}: \(error)")
        }
    }
}
#endif
