/// The shared window as a model checker sees it: every access is a step that another node may come before.
///
/// The kernel's own sources run against this window. To take one step of an operation, the operation is run again
/// from its beginning: the answers that it got so far are repeated to it, its next access is done for real, and
/// whatever it does after that goes to a copy that is thrown away. So nothing in the sources knows of the checker.
///
/// Stores without an order go to a buffer of their node and reach memory one by one, in any order between
/// addresses; a releasing store empties the buffer first. That is weaker than x86, and the weakness that a
/// forgotten release would be caught by on AArch64. Loads are done in program order: a forgotten acquire is not
/// found by this checker.

import Foundation
import Window

/// A store that has not reached memory.
struct BufferedStore: Hashable {
  var place: Int
  var value: UInt32
}

/// Which orders a variant under test forgets: the checker must notice.
public enum WindowMutation: Hashable, Sendable {
  /// The sources as they are.
  case none
  /// Releasing stores are ordinary ones.
  case noRelease
  /// Swaps are a load and a store that others may come between.
  case tornExchange
}

/// Gives the words that are ever written a place among few: a window has thousands, a model uses some dozens.
final class WordPlaces {
  private var places: [Int]
  private var count = 0

  init(words: Int) { places = Array(repeating: -1, count: words) }

  var wordCount: Int { places.count }

  /// The place of a word, or -1 if it was never written.
  func known(_ word: Int) -> Int { places[word] }

  /// The place of a word that is being written.
  func place(_ word: Int) -> Int {
    if places[word] < 0 {
      places[word] = count
      count += 1
    }
    return places[word]
  }
}

/// What is the same for all states of an exploration.
struct WindowRules {
  let places: WordPlaces
  let mutation: WindowMutation
  let stride: Int
}

/// The shared part of a state.
///
/// - Invariant: words that are not there are 0, and the last one that is there is not; the stores of a buffer are in
///   the order of their places. So equal states compare as equal.
struct ModelMemory: Hashable {
  private var words: [UInt32] = []
  private(set) var buffers: [[BufferedStore]]

  init(nodes: Int) { buffers = Array(repeating: [], count: nodes) }

  mutating func write(_ value: UInt32, _ place: Int) {
    if place < words.count {
      words[place] = value
      while words.last == 0 { words.removeLast() }
    } else if value != 0 {
      while words.count < place { words.append(0) }
      words.append(value)
    }
  }

  func word(_ place: Int) -> UInt32 { place >= 0 && place < words.count ? words[place] : 0 }

  func read(_ node: Int, _ place: Int) -> UInt32 {
    for store in buffers[node] where store.place == place { return store.value }
    return word(place)
  }

  mutating func put(_ store: BufferedStore, _ node: Int) {
    let index = buffers[node].firstIndex { $0.place >= store.place } ?? buffers[node].count
    if index < buffers[node].count, buffers[node][index].place == store.place {
      buffers[node][index] = store
    } else {
      buffers[node].insert(store, at: index)
    }
  }

  mutating func flush(_ node: Int, at index: Int) {
    let store = buffers[node].remove(at: index)
    write(store.value, store.place)
  }

  mutating func flushAll(_ node: Int) {
    for store in buffers[node] { write(store.value, store.place) }
    buffers[node] = []
  }

  mutating func drop(_ node: Int) { buffers[node] = [] }

  // Memory is compared and hashed as bytes: word by word, unoptimised code spends all its time there.
  static func == (one: ModelMemory, other: ModelMemory) -> Bool {
    guard one.words.count == other.words.count, one.buffers == other.buffers else { return false }
    return one.words.withUnsafeBytes { first in
      other.words.withUnsafeBytes { second in
        guard let first = first.baseAddress, let second = second.baseAddress else { return true }
        // SAFETY: both have as many bytes.
        return unsafe memcmp(first, second, 4 * one.words.count) == 0
      }
    }
  }

  func hash(into hasher: inout Hasher) {
    words.withUnsafeBytes { hasher.combine(bytes: $0) }
    for buffer in buffers {
      hasher.combine(buffer.count)
      for store in buffer { hasher.combine(UInt64(store.place) << 32 | UInt64(store.value)) }
    }
  }
}

/// The window of one node during one run of one operation.
public final class ModelWindow: SharedWindow {
  var memory: ModelMemory
  let node: Int
  let answers: [UInt32]
  let rules: WindowRules
  /// The accesses so far; the one with index `answers.count` is the step that is taken.
  var accesses = 0
  /// Memory and answer right after the step.
  var committed: ModelMemory?
  var answer: UInt32 = 0

  init(memory: ModelMemory, node: Int, answers: [UInt32], rules: WindowRules) {
    self.memory = memory
    self.node = node
    self.answers = answers
    self.rules = rules
  }

  /// The bytes in the window.
  public var byteCount: UInt32 { UInt32(rules.places.wordCount * 4) }

  private func access(_ perform: (inout ModelMemory) -> UInt32) -> UInt32 {
    let index = accesses
    accesses += 1
    if index < answers.count { return answers[index] }
    let result = perform(&memory)
    if index == answers.count {
      committed = memory
      answer = result
    }
    return result
  }

  /// Reads a word.
  public func load(_ offset: UInt32) -> UInt32 {
    let place = rules.places.known(Int(offset / 4))
    return access { $0.read(node, place) }
  }
  /// Reads a word.
  public func loadAcquire(_ offset: UInt32) -> UInt32 { load(offset) }
  /// Puts a word into the node's buffer.
  public func store(_ value: UInt32, at offset: UInt32) {
    let place = rules.places.place(Int(offset / 4))
    _ = access { memory in
      memory.put(BufferedStore(place: place, value: value), node)
      return 0
    }
  }
  /// Empties the buffer and writes a word.
  public func storeRelease(_ value: UInt32, at offset: UInt32) {
    if rules.mutation == .noRelease { return store(value, at: offset) }
    let place = rules.places.place(Int(offset / 4))
    _ = access { memory in
      memory.flushAll(node)
      memory.write(value, place)
      return 0
    }
  }
  private func update(_ offset: UInt32, _ change: (UInt32) -> UInt32) -> UInt32 {
    let place = rules.places.place(Int(offset / 4))
    return access { memory in
      memory.flushAll(node)
      let old = memory.word(place)
      memory.write(change(old), place)
      return old
    }
  }
  /// Swaps a word.
  public func exchange(_ value: UInt32, at offset: UInt32) -> UInt32 {
    guard rules.mutation == .tornExchange else { return update(offset) { _ in value } }
    let old = load(offset)
    storeRelease(value, at: offset)
    return old
  }
  /// Swaps a word that holds what is expected.
  public func compareExchange(_ expected: UInt32, with value: UInt32, at offset: UInt32) -> Bool {
    update(offset) { $0 == expected ? value : $0 } == expected
  }
  /// Adds to a word.
  public func fetchAdd(_ value: UInt32, at offset: UInt32) -> UInt32 { update(offset) { $0 &+ value } }
  /// Sets bits in a word.
  public func fetchOr(_ value: UInt32, at offset: UInt32) -> UInt32 { update(offset) { $0 | value } }

  /// Copies bytes into the window, each word at the stride a step.
  public func write(_ source: RawSpan, from start: Int, to end: Int, at offset: UInt32) {
    var place = start
    while place < end {
      var word: UInt32 = 0
      for index in 0..<min(4, end - place) {
        word |= UInt32(source.unsafeLoad(fromByteOffset: place + index, as: UInt8.self)) << UInt32(8 * index)
      }
      store(word, at: offset + UInt32(place - start))
      place += rules.stride
    }
  }
  /// Copies bytes out of the window, each word at the stride a step.
  public func read(into target: inout MutableRawSpan, from start: Int, to end: Int, at offset: UInt32) {
    var place = start
    while place < end {
      let word = load(offset + UInt32(place - start))
      for index in 0..<min(4, end - place) {
        target.storeBytes(
          of: UInt8(truncatingIfNeeded: word >> UInt32(8 * index)), toByteOffset: place + index,
          as: UInt8.self)
      }
      place += rules.stride
    }
  }
}

extension ModelWindow {
  /// A window for one node alone, in which every access is done at once.
  public static func forTest(words: Int) -> ModelWindow {
    ModelWindow(
      memory: ModelMemory(nodes: 1), node: 0, answers: [],
      rules: WindowRules(places: WordPlaces(words: words), mutation: .none, stride: 4))
  }

  /// The words that are not 0, by index: what an exploration may begin with.
  public var contents: [Int: UInt32] {
    var contents: [Int: UInt32] = [:]
    for word in 0..<rules.places.wordCount {
      let value = memory.read(node, rules.places.known(word))
      if value != 0 { contents[word] = value }
    }
    return contents
  }
}
