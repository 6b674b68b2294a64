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
  var word: Int
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

/// The shared part of a state.
struct ModelMemory: Hashable {
  var words: [UInt32]
  var buffers: [[BufferedStore]]

  mutating func flush(_ node: Int, at index: Int) {
    let store = buffers[node].remove(at: index)
    words[store.word] = store.value
  }

  mutating func flushAll(_ node: Int) {
    for store in buffers[node] { words[store.word] = store.value }
    buffers[node] = []
  }

  // Memory is compared and hashed as bytes: word by word, unoptimised code spends all its time there.
  static func == (one: ModelMemory, other: ModelMemory) -> Bool {
    guard one.buffers == other.buffers, one.words.count == other.words.count else { return false }
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
    hasher.combine(buffers)
  }

  func read(_ node: Int, _ word: Int) -> UInt32 {
    if buffers[node].isEmpty { return words[word] }
    return buffers[node].last { $0.word == word }?.value ?? words[word]
  }
}

/// The window of one node during one run of one operation.
public final class ModelWindow: SharedWindow {
  var memory: ModelMemory
  let node: Int
  let answers: [UInt32]
  let mutation: WindowMutation
  /// The accesses so far; the one with index `answers.count` is the step that is taken.
  var accesses = 0
  /// Memory and answer right after the step.
  var committed: ModelMemory?
  var answer: UInt32 = 0

  init(memory: ModelMemory, node: Int, answers: [UInt32], mutation: WindowMutation) {
    self.memory = memory
    self.node = node
    self.answers = answers
    self.mutation = mutation
  }

  /// The bytes in the window.
  public var byteCount: UInt32 { UInt32(memory.words.count * 4) }

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
    access { $0.read(node, Int(offset / 4)) }
  }
  /// Reads a word.
  public func loadAcquire(_ offset: UInt32) -> UInt32 { load(offset) }
  /// Puts a word into the node's buffer.
  public func store(_ value: UInt32, at offset: UInt32) {
    _ = access { memory in
      memory.buffers[node].removeAll { $0.word == Int(offset / 4) }
      memory.buffers[node].append(BufferedStore(word: Int(offset / 4), value: value))
      return 0
    }
  }
  /// Empties the buffer and writes a word.
  public func storeRelease(_ value: UInt32, at offset: UInt32) {
    if mutation == .noRelease { return store(value, at: offset) }
    _ = access { memory in
      memory.flushAll(node)
      memory.words[Int(offset / 4)] = value
      return 0
    }
  }
  private func update(_ offset: UInt32, _ change: (UInt32) -> UInt32) -> UInt32 {
    access { memory in
      memory.flushAll(node)
      let old = memory.words[Int(offset / 4)]
      memory.words[Int(offset / 4)] = change(old)
      return old
    }
  }
  /// Swaps a word.
  public func exchange(_ value: UInt32, at offset: UInt32) -> UInt32 {
    guard mutation == .tornExchange else { return update(offset) { _ in value } }
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

  /// Copies bytes into the window, each word a step.
  public func write(_ source: RawSpan, from start: Int, to end: Int, at offset: UInt32) {
    var place = start
    while place < end {
      var word: UInt32 = 0
      for index in 0..<min(4, end - place) {
        word |= UInt32(source.unsafeLoad(fromByteOffset: place + index, as: UInt8.self)) << UInt32(8 * index)
      }
      store(word, at: offset + UInt32(place - start))
      place += 4
    }
  }
  /// Copies bytes out of the window, each word a step.
  public func read(into target: inout MutableRawSpan, from start: Int, to end: Int, at offset: UInt32) {
    var place = start
    while place < end {
      let word = load(offset + UInt32(place - start))
      for index in 0..<min(4, end - place) {
        target.storeBytes(
          of: UInt8(truncatingIfNeeded: word >> UInt32(8 * index)), toByteOffset: place + index,
          as: UInt8.self)
      }
      place += 4
    }
  }
}

extension ModelWindow {
  /// A window for one node alone, in which every access is done at once.
  public static func forTest(words: Int) -> ModelWindow {
    ModelWindow(
      memory: ModelMemory(words: Array(repeating: 0, count: words), buffers: [[]]), node: 0, answers: [],
      mutation: .none)
  }
}
