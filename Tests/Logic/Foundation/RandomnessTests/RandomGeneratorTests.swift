import Randomness
import Testing

/// The example of RFC 8439, 2.3.2.
@Test func theBlockFunctionIsChaCha20() {
  var state = InlineArray<16, UInt32>(repeating: 0)
  let words: [UInt32] = [
    0x6170_7865, 0x3320_646E, 0x7962_2D32, 0x6B20_6574, 0x0302_0100, 0x0706_0504, 0x0B0A_0908, 0x0F0E_0D0C,
    0x1312_1110, 0x1716_1514, 0x1B1A_1918, 0x1F1E_1D1C, 0x0000_0001, 0x0900_0000, 0x4A00_0000, 0x0000_0000,
  ]
  for index in 0..<16 { state[index] = words[index] }
  let block = RandomGenerator.block(state)
  let expected: [UInt32] = [
    0xE4E7_F110, 0x1559_3BD1, 0x1FDD_0F50, 0xC471_20A3, 0xC7F4_D1C7, 0x0368_C033, 0x9AAA_2204, 0x4E6C_D4C3,
    0x4664_82D2, 0x09AA_9F07, 0x05D7_C214, 0xA202_8BD9, 0xD19C_12B5, 0xB94E_16DE, 0xE883_D0CB, 0x4E3C_50A2,
  ]
  for index in 0..<16 { #expect(block[index] == expected[index]) }
}

@Test func differentSeedsAndRequestsGiveDifferentBytes() {
  func bytes(_ seed: UInt64, requests: Int) -> [UInt8] {
    var generator = RandomGenerator()
    generator.mix(seed)
    var buffer = [UInt8](repeating: 0, count: 100)
    for _ in 0..<requests {
      var span = buffer.mutableSpan
      generator.fill(&span)
    }
    return buffer
  }
  #expect(bytes(1, requests: 1) == bytes(1, requests: 1))
  let all = [bytes(1, requests: 1), bytes(2, requests: 1), bytes(1, requests: 2)]
  #expect(Set(all).count == 3)
  #expect(all.allSatisfy { Set($0).count > 50 })
}
