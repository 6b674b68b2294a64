import SeededRandomness
import Streams
import Testing

/// Pipes that share a pool; a class, so that a test's macros can call it.
private final class Plumbing {
  var pool: PagePool
  var pipes: [Pipe] = []

  init(pages: Int, pipes count: Int = 1) {
    pool = makePool(pages)
    for _ in 0..<count {
      guard var pipe = Pipe(pool: &pool) else { break }
      pipe.readers = 1
      pipe.writers = 1
      pipes.append(pipe)
    }
  }

  func canMakeOneMore() -> Bool { Pipe(pool: &pool) != nil }

  func write(_ data: [UInt8], to index: Int = 0) -> PipeWrite {
    pipes[index].write(data.span, pool: &pool)
  }

  func write(_ count: Int, to index: Int = 0) -> PipeWrite {
    write([UInt8](repeating: 7, count: count), to: index)
  }

  func take(_ count: Int, from index: Int = 0) -> (outcome: PipeRead, data: [UInt8]) {
    var buffer = [UInt8](repeating: 0xEE, count: count)
    var span = buffer.mutableSpan
    let outcome = pipes[index].read(into: &span, pool: &pool)
    guard case .read(let done) = outcome else { return (outcome, []) }
    return (outcome, Array(buffer[..<done]))
  }

  /// Writes by the short way; `false` if it can't be gone.
  func putRun(_ data: [UInt8], to index: Int) -> Bool {
    let run = pipes[index].writableRun(of: UInt(data.count))
    guard run.count > 0 else { return false }
    // The run is room of a page that nobody else has.
    unsafe data.withUnsafeBytes { bytes in
      guard let source = bytes.baseAddress else { return }
      unsafe pool.place(of: run.page, run.offset, run.count).copyMemory(from: source, byteCount: run.count)
    }
    pipes[index].put(run.count)
    return run.count == data.count
  }

  /// Reads by the short way, up to `count` bytes.
  func takeRun(_ count: Int, from index: Int) -> [UInt8] {
    let run = pipes[index].readableRun(upTo: UInt(count))
    guard run.count > 0 else { return [] }
    let place = unsafe pool.place(of: run.page, run.offset, run.count)
    let bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: place, count: run.count))
    pipes[index].take(run.count, pool: &pool)
    return bytes
  }

  func destroyAll() {
    for index in pipes.indices { pipes[index].destroy(pool: &pool) }
  }
}

@Test func aPipeEndsWhenNobodyWritesAndBreaksWhenNobodyReads() {
  let plumbing = Plumbing(pages: 20)
  #expect(plumbing.take(5).outcome == .empty)
  #expect(plumbing.write([1, 2, 3]) == .wrote(3))
  plumbing.pipes[0].writers = 0
  #expect(plumbing.take(2).data == [1, 2])
  #expect(plumbing.take(5).data == [3])
  #expect(plumbing.take(5).outcome == .ended)
  plumbing.pipes[0].readers = 0
  #expect(plumbing.write(1) == .broken)
}

@Test func smallWritesAreWholeAndLargeOnesMayBeShort() {
  let plumbing = Plumbing(pages: 20)
  #expect(plumbing.write(65_000) == .wrote(65_000))
  #expect(plumbing.write(537) == .full)
  #expect(plumbing.write(4_097) == .wrote(536))
  #expect(plumbing.write(1) == .full)
  #expect(plumbing.pipes[0].count == Pipe.capacity)
}

@Test func anEmptyPipeHoldsOnePageAndADestroyedOneNone() {
  let plumbing = Plumbing(pages: 20)
  _ = plumbing.write(30_000)
  #expect(plumbing.pool.freeCount == 12)
  _ = plumbing.take(40_000)
  #expect(plumbing.pool.freeCount == 19)
  plumbing.destroyAll()
  #expect(plumbing.pool.freeCount == 20)
}

@Test func whenThePoolIsExhaustedAPipeIsFullEarlier() {
  let plumbing = Plumbing(pages: 3, pipes: 2)
  #expect(plumbing.write(60_000, to: 0) == .wrote(8_192))
  #expect(plumbing.write(60_000, to: 1) == .wrote(4_096))
  #expect(plumbing.write(1, to: 1) == .full)
  #expect(!plumbing.canMakeOneMore())
}

@Test func theShortWayIsOnlyForWhatLiesTogetherInAPage() {
  let plumbing = Plumbing(pages: 20)
  #expect(plumbing.takeRun(1, from: 0) == [])
  #expect(!plumbing.putRun([], to: 0))
  #expect(plumbing.putRun([UInt8](repeating: 1, count: 4_000), to: 0))
  #expect(!plumbing.putRun([UInt8](repeating: 2, count: 97), to: 0))
  #expect(plumbing.putRun([UInt8](repeating: 2, count: 96), to: 0))
  // The next page is not there yet.
  #expect(!plumbing.putRun([3], to: 0))
  #expect(plumbing.write([3]) == .wrote(1))
  #expect(plumbing.putRun([4], to: 0))
  #expect(plumbing.takeRun(5_000, from: 0).count == 4_096)
  #expect(plumbing.takeRun(5_000, from: 0) == [3, 4])
  #expect(plumbing.pool.freeCount == 19)
  plumbing.pipes[0].readers = 0
  #expect(!plumbing.putRun([5], to: 0))
}

/// Random writes and reads of two pipes that share few pages, against arrays.
@Test func pipesAreQueues() {
  let seed: UInt64 = .random(in: 0...UInt64.max)
  print("seed of the pipes: \(seed)")
  var random = SeededGenerator(seed: seed)
  let plumbing = Plumbing(pages: 20, pipes: 2)
  var models: [[UInt8]] = [[], []]
  var next: UInt8 = 0
  var refused = 0
  var short = 0
  for _ in 0..<20_000 {
    let index = Int.random(in: 0..<2, using: &random)
    let count = Int.random(in: 0...Int.random(in: 1...9_000, using: &random), using: &random)
    if Bool.random(using: &random) {
      let data = (0..<count).map { _ in
        next &+= 1
        return next
      }
      if count < 5_000, Bool.random(using: &random), plumbing.putRun(data, to: index) {
        models[index] += data
        short += 1
        continue
      }
      switch plumbing.write(data, to: index) {
      case .wrote(let done):
        #expect(done == count || count > Pipe.atomicLimit)
        models[index] += data[..<done]
      case .full: refused += 1
      case .broken: Issue.record("broken")
      }
    } else if Bool.random(using: &random) {
      let got = plumbing.takeRun(count, from: index)
      #expect(got == Array(models[index].prefix(got.count)))
      #expect(!got.isEmpty || count == 0 || models[index].isEmpty)
      models[index].removeFirst(got.count)
    } else {
      let (outcome, got) = plumbing.take(count, from: index)
      let expected = Array(models[index].prefix(count))
      #expect(got == expected)
      #expect(outcome == .empty ? models[index].isEmpty && count > 0 : outcome == .read(expected.count))
      models[index].removeFirst(expected.count)
    }
    guard plumbing.pipes[index].count == models[index].count else {
      Issue.record("count")
      break
    }
  }
  #expect(refused > 0 && short > 100)
  plumbing.destroyAll()
  #expect(plumbing.pool.freeCount == 20)
}
