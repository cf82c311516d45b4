import Foundation

/// BoundaryValue is what can stand in a message of the boundary.
public protocol BoundaryValue {
    /// Writes it as JSON.
    func write(to json: inout BoundaryWriter)
    /// Reads it from JSON.
    static func read(from json: inout BoundaryReader) throws -> Self
}

/// BoundaryWriter writes JSON as Go reads it, and nothing more: no pretty printing, no options. It is here since a push
/// waits for it, and Foundation's coders take many times as long.
public struct BoundaryWriter {
    /// What was written so far.
    public private(set) var bytes: [UInt8] = []
    private var first = true

    public init() { bytes.reserveCapacity(512) }

    /// Begins an object.
    public mutating func begin() {
        bytes.append(UInt8(ascii: "{"))
        first = true
    }

    /// Ends an object.
    public mutating func end() {
        bytes.append(UInt8(ascii: "}"))
        first = false
    }

    /// Writes a field of the object.
    public mutating func field(_ name: StaticString, _ value: some BoundaryValue) {
        if !first { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        value.write(to: &self)
        first = false
    }

    /// Writes what needs no quotes and no escapes.
    mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// Writes a text in quotes.
    mutating func quoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for c in text.utf8 {
            switch c {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(c)
            case 0..<0x20:
                bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "u"), 0x30, 0x30, BoundaryWriter.hex(c >> 4), BoundaryWriter.hex(c & 15)])
            default: bytes.append(c)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func hex(_ n: UInt8) -> UInt8 { n < 10 ? 0x30 + n : 0x57 + n }
}

extension BoundaryValue where Self: RawRepresentable, RawValue == String {
    public func write(to json: inout BoundaryWriter) { json.quoted(rawValue) }

    public static func read(from json: inout BoundaryReader) throws -> Self {
        let text = try json.text()
        guard let value = Self(rawValue: text) else { throw BoundaryError("\(text.prefix(60)) is no \(Self.self)") }
        return value
    }
}

extension String: BoundaryValue {
    public func write(to json: inout BoundaryWriter) { json.quoted(self) }
    public static func read(from json: inout BoundaryReader) throws -> String { try json.text() }
}

extension Bool: BoundaryValue {
    public func write(to json: inout BoundaryWriter) { json.raw(self ? "true" : "false") }
    public static func read(from json: inout BoundaryReader) throws -> Bool { try json.bool() }
}

extension BoundaryValue where Self: FixedWidthInteger {
    public func write(to json: inout BoundaryWriter) { json.raw(String(self)) }

    public static func read(from json: inout BoundaryReader) throws -> Self {
        let text = try json.number()
        if let n = Self(text) { return n }
        guard let d = Double(text), let n = Self(exactly: d) else { throw BoundaryError("\(text.prefix(60)) is no \(Self.self)") }
        return n
    }
}

extension Int: BoundaryValue {}
extension Int64: BoundaryValue {}
extension UInt: BoundaryValue {}
extension UInt64: BoundaryValue {}

extension Double: BoundaryValue {
    /// What is no number is written as 0: JSON has no other word for it.
    public func write(to json: inout BoundaryWriter) { json.raw(isFinite ? "\(self)" : "0") }

    public static func read(from json: inout BoundaryReader) throws -> Double {
        let text = try json.number()
        guard let d = Double(text) else { throw BoundaryError("\(text.prefix(60)) is no number") }
        return d
    }
}

extension Date: BoundaryValue {
    public func write(to json: inout BoundaryWriter) { json.quoted(BoundaryCoder.rfc3339(self)) }

    public static func read(from json: inout BoundaryReader) throws -> Date {
        let text = try json.text()
        guard let date = BoundaryCoder.date(rfc3339: text) else { throw BoundaryError("\(text.prefix(60)) is no date as 2026-01-02T03:04:05Z") }
        return date
    }
}

extension Data: BoundaryValue {
    public func write(to json: inout BoundaryWriter) { json.quoted(base64EncodedString()) }

    public static func read(from json: inout BoundaryReader) throws -> Data {
        guard let data = Data(base64Encoded: try json.text()) else { throw BoundaryError("a text is no base64") }
        return data
    }
}

extension Array: BoundaryValue where Element: BoundaryValue {
    public func write(to json: inout BoundaryWriter) {
        json.raw("[")
        for (i, e) in enumerated() {
            if i > 0 { json.raw(",") }
            e.write(to: &json)
        }
        json.raw("]")
    }

    public static func read(from json: inout BoundaryReader) throws -> [Element] {
        var all: [Element] = []
        try json.elements { all.append(try Element.read(from: &$0)) }
        return all
    }
}

extension Dictionary: BoundaryValue where Key == String, Value: BoundaryValue {
    public func write(to json: inout BoundaryWriter) {
        json.raw("{")
        for (i, e) in enumerated() {
            if i > 0 { json.raw(",") }
            json.quoted(e.key)
            json.raw(":")
            e.value.write(to: &json)
        }
        json.raw("}")
    }

    public static func read(from json: inout BoundaryReader) throws -> [String: Value] {
        var all: [String: Value] = [:]
        try json.begin()
        while let key = try json.key() { all[key] = try Value.read(from: &json) }
        return all
    }
}
