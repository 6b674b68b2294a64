// A program in Swift with its runtime, linked statically: strings, dictionaries, sorting, generics, errors, floating
// point, classes and their ends, threads by the runtime's own locks.

enum Refusal: Error { case tooSmall(Int) }

final class Counter {
  let name: String
  nonisolated(unsafe) static var ended = 0
  init(_ name: String) { self.name = name }
  deinit { Counter.ended += 1 }
}

func check(_ value: Int) throws -> Int {
  guard value > 3 else { throw Refusal.tooSmall(value) }
  return value
}

var words: [String: Int] = [:]
for word in "the quick brown fox jumps over the lazy dog and the fox".split(separator: " ") {
  words[String(word), default: 0] += 1
}
for (word, count) in words.sorted(by: { ($0.value, $1.key) > ($1.value, $0.key) }).prefix(3) {
  print("\(word): \(count)")
}
print((1...20).map { $0 * $0 }.filter { $0.isMultiple(of: 3) }.reduce(0, +))
print((1...5).map { 1.0 / Double($0) }.map { "\($0)" }.joined(separator: " "))
do { _ = try check(2) } catch { print("refused: \(error)") }
for index in 0..<3 { _ = Counter("number \(index)") }
print("ended: \(Counter.ended)")
print("Grüße, 世界, \u{1F600}".unicodeScalars.count, "Straße".uppercased())
print(Array("characters").shuffled().count, Int.random(in: 1...6) <= 6)
