// AVFAudio for Linux: the audio session of Apple's API on the simulated iPhone, written from Apple's public documentation.
@_exported import Foundation
