import Checksum
import Testing

private func text(_ digest: SHA256Digest) -> String {
  (0..<SHA256Digest.size).map { index in
    let digits = String(digest[index], radix: 16)
    return digits.count == 1 ? "0" + digits : digits
  }.joined()
}

/// The examples of FIPS 180-4 (NIST's "SHA256.pdf" and the long message of RFC 6234), and the empty message.
private let digests: [(message: [UInt8], digest: String)] = [
  ([], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
  (Array("abc".utf8), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
  (
    Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8),
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
  ),
  (
    Array(repeating: UInt8(ascii: "a"), count: 1_000_000),
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
  ),
]

@Test(arguments: digests.indices)
func digestsAreThoseOfTheStandard(index: Int) {
  let message = digests[index].message
  let digest = SHA256.digest(of: message.span)
  #expect(text(digest) == digests[index].digest)
}

@Test func aMessageInPiecesHasTheDigestOfTheWhole() {
  for length in 0..<200 {
    let message = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 151 &+ length) }
    for cut in 0...length {
      var hash = SHA256()
      hash.update(message.span.extracting(0..<cut))
      _ = hash.finished()
      hash.update(message.span.extracting(cut..<length))
      let (digest, whole) = (hash.finished(), SHA256.digest(of: message.span))
      #expect(digest == whole, "length \(length), cut at \(cut)")
    }
  }
}

@Test func digestsDifferWhenABitDoes() {
  let (one, other): ([UInt8], [UInt8]) = ([1, 2, 3], [1, 2, 2])
  let (digest, otherDigest) = (SHA256.digest(of: one.span), SHA256.digest(of: other.span))
  #expect(digest != otherDigest)
}

/// The check value of the catalogue of parametrised CRC algorithms, and RFC 3720, B.4.
private let checks: [(message: [UInt8], ieee: UInt32?, castagnoli: UInt32)] = [
  (Array("123456789".utf8), 0xCBF4_3926, 0xE306_9283),
  ([], 0, 0),
  ([UInt8](repeating: 0, count: 32), nil, 0x8A91_36AA),
  ([UInt8](repeating: 0xFF, count: 32), nil, 0x62A8_AB43),
  (Array(0..<32), nil, 0x46DD_794E),
]

@Test(arguments: checks.indices)
func cyclicChecksAreTheCataloguesOnes(index: Int) {
  let (message, ieee, castagnoli) = checks[index]
  let (foundIEEE, foundCastagnoli) = (CRC32.checksum(of: message.span), CRC32C.checksum(of: message.span))
  if let ieee { #expect(foundIEEE == ieee) }
  #expect(foundCastagnoli == castagnoli)
}

/// One bit at a time, as the definition has it.
private func slowCheck(_ bytes: [UInt8], _ polynomial: UInt32) -> UInt32 {
  var register = UInt32.max
  for byte in bytes {
    register ^= UInt32(byte)
    for _ in 0..<8 { register = register >> 1 ^ (register & 1 == 1 ? polynomial : 0) }
  }
  return ~register
}

@Test func cyclicChecksAgreeWithTheirDefinition() {
  for byte in UInt8.min...UInt8.max {
    let message = [byte, 0x5A, byte &* 7]
    let (ieee, castagnoli) = (CRC32.checksum(of: message.span), CRC32C.checksum(of: message.span))
    #expect(ieee == slowCheck(message, 0xEDB8_8320))
    #expect(castagnoli == slowCheck(message, 0x82F6_3B78))
    var (oneByOne, otherByOne) = (CRC32(), CRC32C())
    for each in message {
      oneByOne.update(byte: each)
      otherByOne.update(byte: each)
    }
    let (ieeeByOne, castagnoliByOne) = (oneByOne.value, otherByOne.value)
    #expect(ieeeByOne == ieee && castagnoliByOne == castagnoli)
  }
}
