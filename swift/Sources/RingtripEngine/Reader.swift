import Foundation

/// BoundaryError says why something is no message of the boundary.
public struct BoundaryError: Error, CustomStringConvertible, Sendable, Hashable {
    /// What was wrong, and where.
    public let description: String

    init(_ text: String) { description = text }
}

/// BoundaryReader reads JSON as Go writes it. It takes any bytes without ending the process, and no more depth than a
/// message can have.
public struct BoundaryReader {
    private let bytes: UnsafeRawBufferPointer // lives as long as the reader is used
    private var at = 0
    private var depth = 0
    private var comma = false // a comma is due before the next key of the object

    /// Reads bytes, which must outlive the reader.
    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private static let maxDepth = 64

    // MARK: objects

    /// Begins an object.
    public mutating func begin() throws {
        try expect("{")
        try deeper()
        comma = false
    }

    /// The next key of the object; nil at its end. The value must be read before the next key.
    public mutating func key() throws -> String? {
        if take("}") {
            depth -= 1
            comma = true
            return nil
        }
        if comma { try expect(",") }
        let key = try text()
        try expect(":")
        comma = true
        return key
    }

    /// Reads a value; null leaves what there is.
    public mutating func value<V: BoundaryValue>(into v: inout V) throws {
        if !null() { v = try V.read(from: &self) }
        comma = true
    }

    /// Reads a value; null leaves what there is.
    public mutating func value<V: BoundaryValue>(into v: inout V?) throws {
        if !null() { v = try V.read(from: &self) }
        comma = true
    }

    /// Reads an array, element by element.
    mutating func elements(_ element: (inout BoundaryReader) throws -> Void) throws {
        try expect("[")
        try deeper()
        if !take("]") {
            repeat { try element(&self) } while take(",")
            try expect("]")
        }
        depth -= 1
    }

    /// Skips a value of any kind.
    public mutating func skip() throws {
        switch peek() {
        case UInt8(ascii: "{"):
            try begin()
            while try key() != nil { try skip() }
        case UInt8(ascii: "["): try elements { try $0.skip() }
        case UInt8(ascii: "\""): _ = try text()
        case UInt8(ascii: "t"), UInt8(ascii: "f"): _ = try bool()
        case UInt8(ascii: "n"): guard null() else { throw wrong("null") }
        default: _ = try number()
        }
        comma = true
    }

    /// Wants that nothing follows.
    mutating func finish() throws {
        if peek() != 0 || at < bytes.count { throw wrong("the end") }
    }

    // MARK: values

    mutating func bool() throws -> Bool {
        if word("true") { return true }
        if word("false") { return false }
        throw wrong("true or false")
    }

    private mutating func null() -> Bool { word("null") }

    /// The digits of a number.
    mutating func number() throws -> String {
        _ = peek()
        let from = at
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): at += 1
            default: return try some(from)
            }
        }
        return try some(from)
    }

    private func some(_ from: Int) throws -> String {
        if from == at { throw wrong("a number") }
        return String(decoding: bytes[from..<at], as: UTF8.self)
    }

    /// A text. What is not UTF-8 in it is replaced.
    mutating func text() throws -> String {
        try expect("\"")
        let from = at
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                at += 1
                return String(decoding: bytes[from..<at - 1], as: UTF8.self)
            case UInt8(ascii: "\\"): return try escaped(from)
            default: at += 1
            }
        }
        throw wrong("the end of a text")
    }

    /// The rest of a text that has escapes.
    private mutating func escaped(_ from: Int) throws -> String {
        var out = Array(bytes[from..<at])
        while at < bytes.count {
            let c = bytes[at]
            at += 1
            switch c {
            case UInt8(ascii: "\""): return String(decoding: out, as: UTF8.self)
            case UInt8(ascii: "\\"): try unescape(&out)
            default: out.append(c)
            }
        }
        throw wrong("the end of a text")
    }

    private mutating func unescape(_ out: inout [UInt8]) throws {
        guard at < bytes.count else { throw wrong("an escape") }
        let c = bytes[at]
        at += 1
        switch c {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(c)
        case UInt8(ascii: "b"): out.append(8)
        case UInt8(ascii: "f"): out.append(12)
        case UInt8(ascii: "n"): out.append(10)
        case UInt8(ascii: "r"): out.append(13)
        case UInt8(ascii: "t"): out.append(9)
        case UInt8(ascii: "u"):
            var unit = try hex4()
            if (0xD800..<0xDC00).contains(unit), at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u") {
                let before = at
                at += 2
                let low = try hex4()
                if (0xDC00..<0xE000).contains(low) {
                    unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
                } else {
                    at = before
                }
            }
            out.append(contentsOf: String(Character(Unicode.Scalar(unit) ?? "\u{FFFD}")).utf8)
        default: throw wrong("an escape")
        }
    }

    private mutating func hex4() throws -> UInt32 {
        guard at + 4 <= bytes.count else { throw wrong("four hexadecimal digits") }
        var n: UInt32 = 0
        for c in bytes[at..<at + 4] {
            guard let digit = Character(Unicode.Scalar(c)).hexDigitValue else { throw wrong("four hexadecimal digits") }
            n = n << 4 | UInt32(digit)
        }
        at += 4
        return n
    }

    // MARK: bytes

    /// The next byte that is no space; 0 at the end.
    private mutating func peek() -> UInt8 {
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x09, 0x0A, 0x0D: at += 1
            default: return bytes[at]
            }
        }
        return 0
    }

    private mutating func take(_ c: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: c), at < bytes.count else { return false }
        at += 1
        return true
    }

    private mutating func expect(_ c: Unicode.Scalar) throws {
        if !take(c) { throw wrong(String(c)) }
    }

    private mutating func word(_ w: StaticString) -> Bool {
        _ = peek()
        let count = w.utf8CodeUnitCount
        guard at + count <= bytes.count, memcmp(bytes.baseAddress! + at, w.utf8Start, count) == 0 else { return false }
        at += count
        return true
    }

    private mutating func deeper() throws {
        depth += 1
        if depth > BoundaryReader.maxDepth { throw BoundaryError("the message is deeper than \(BoundaryReader.maxDepth)") }
    }

    private func wrong(_ wanted: String) -> BoundaryError { BoundaryError("byte \(at) of \(bytes.count) of a message: want \(wanted)") }
}
