/// What messages cost: between nodes, with both ends of a link on this one, and between threads.

import Arch
import Base
import CMachine
import Log
import Messaging
import Runtime
import Scheduling
import Sync
import Window

/// A window in the kernel's own memory, with the links of two nodes in it.
private struct LinkPlace {
  static var bytes: UInt32 { 64 << 10 }
  let window: MappedWindow
  let layout: LinkLayout

  init() {
    let address = KernelHeap.allocate(Int(Self.bytes), alignment: 4096).rawValue
    for page in 0..<UInt(Self.bytes) >> 12 { cpu_clear_page(address + page << 12) }
    guard let base = unsafe UnsafeMutableRawPointer(bitPattern: address),
      let layout = LinkLayout(nodeCount: 2, chunkCount: 0, in: Self.bytes)
    else { preconditionFailure("no place for a link") }
    // SAFETY: the heap has just given the memory, and it is never given back.
    window = unsafe MappedWindow(base: base, byteCount: Self.bytes)
    self.layout = layout
  }
}

/// Sends and receives over a ring, each measured by itself, one message after the other.
func benchmarkRing() {
  let place = LinkPlace()
  var sender = LinkSender(from: 0, to: 1, layout: place.layout, place.window)
  var receiver = LinkReceiver(from: 0, to: 1, layout: place.layout, place.window)
  receiver.service(place.window)
  sender.service(place.window)
  let (send, receive) = (Samples(wanted: 1_000), Samples(wanted: 1_000))
  ringOfWords(send, receive, &sender.normal, &receiver.normal, place.window)
  send.report("message/send-8")
  receive.report("message/receive-8")
  let (sendLine, receiveLine) = (Samples(wanted: 1_000), Samples(wanted: 1_000))
  ringOfLines(sendLine, receiveLine, &sender.normal, &receiver.normal, place.window)
  sendLine.report("message/send-64")
  receiveLine.report("message/receive-64")
  let poll = Samples(wanted: 1_000)
  emptyRing(poll, &receiver.normal, place.window)
  poll.report("message/poll-empty")
}

@inline(never)
private func ringOfWords(
  _ send: Samples, _ receive: Samples, _ sender: inout RingSender, _ receiver: inout RingReceiver,
  _ window: MappedWindow
) {
  var value: UInt64 = 0x0123_4567_89AB_CDEF
  while !send.isComplete {
    send.begin()
    let result = sendWord(value, &sender, window)
    send.end()
    receive.begin()
    let taken = receiveWord(&receiver, window)
    receive.end()
    precondition(result == .sent && taken == value, "a word was lost")
    value = value &* 3 &+ 1
  }
}

// As a caller would have them: functions of their own, with what they need as arguments.
@inline(never)
private func sendWord(_ value: UInt64, _ sender: inout RingSender, _ window: MappedWindow) -> SendResult {
  sender.send(value, type: 7, window)
}

@inline(never)
private func receiveWord(_ receiver: inout RingReceiver, _ window: MappedWindow) -> UInt64 {
  do throws(MessageFault) {
    guard let message = try receiver.receive(window) else { return 0 }
    return message.value
  } catch { return 0 }
}

@inline(never)
private func ringOfLines(
  _ send: Samples, _ receive: Samples, _ sender: inout RingSender, _ receiver: inout RingReceiver,
  _ window: MappedWindow
) {
  // Two lines of memory of their own: an array on the stack would be copied for every call.
  let source = KernelHeap.allocate(128, alignment: 64).rawValue
  let target = source + 64
  while !send.isComplete {
    for index in 0..<16 as Range<UInt> {
      cpu_store32(source + index * 4, cpu_load32(source + index * 4) &* 5 &+ UInt32(index) &+ 1)
    }
    send.begin()
    let result = sendLine(source, &sender, window)
    send.end()
    receive.begin()
    let length = receiveLine(target, &receiver, window)
    receive.end()
    precondition(result == .sent && length == 64, "a line was lost")
    for index in 0..<16 as Range<UInt> {
      precondition(cpu_load32(source + index * 4) == cpu_load32(target + index * 4), "a line was changed")
    }
  }
}

@inline(never)
private func sendLine(_ address: UInt, _ sender: inout RingSender, _ window: MappedWindow) -> SendResult {
  let place = unsafe UnsafeRawPointer(bitPattern: address).unsafelyUnwrapped
  // SAFETY: the line lies in memory of the heap that is never given back.
  return sender.send(unsafe RawSpan(_unsafeStart: place, byteCount: 64), type: 7, window)
}

@inline(never)
private func receiveLine(_ address: UInt, _ receiver: inout RingReceiver, _ window: MappedWindow) -> UInt32 {
  let place = unsafe UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped
  // SAFETY: as in `sendLine`.
  var bytes = unsafe MutableRawSpan(_unsafeStart: place, byteCount: 64)
  do throws(MessageFault) {
    return try receiver.receive(into: &bytes, window)?.length ?? 0
  } catch { return 0 }
}

@inline(never)
private func emptyRing(_ samples: Samples, _ receiver: inout RingReceiver, _ window: MappedWindow) {
  while !samples.isComplete {
    samples.begin()
    let value = receiveWord(&receiver, window)
    samples.end()
    precondition(value == 0, "a message out of nothing")
  }
}

/// Rings the own doorbell: the pending word, the interrupt, its entry, and the handler's first instruction.
func benchmarkDoorbell(_ name: Text) {
  let place = LinkPlace()
  let samples = Samples(wanted: 1_000)
  let reference = NodeReference()
  // The handler finds the samples where the node keeps its links.
  reference.node.peers = samples.address
  reference.node.doorbellHandler = { Samples(address: NodeReference().node.peers).end() }
  ringDoorbell(samples, Doorbell(node: 0, layout: place.layout), place.window)
  reference.node.doorbellHandler = nil
  reference.node.peers = 0
  samples.report(name)
}

@inline(never)
private func ringDoorbell(_ samples: Samples, _ doorbell: Doorbell, _ window: MappedWindow) {
  let own = NodeReference().node.identity.number
  while !samples.isComplete {
    samples.begin()
    if doorbell.ring(0, window) {
      LocalInterruptController.interrupt(own, vector: LocalInterruptController.doorbellVector)
    }
    _ = doorbell.take(window)
  }
}

/// Where the two threads of a call meet, at the beginning of a shared frame.
private struct CallPlace {
  var port: CallPort
  var samples: UInt
}

/// One thread calls, another in another address space answers; a sample is from before the call to after it.
func benchmarkCall(_ name: Text, bytes: UInt) {
  let frame = sharedFrame()
  let samples = Samples(wanted: 1_000)
  // SAFETY: the frame has room for the place, a record and two messages, apart from each other.
  let place = unsafe UnsafeMutablePointer<CallPlace>(bitPattern: frame).unsafelyUnwrapped
  let record = unsafe UnsafeMutablePointer<CallPort.Record>(bitPattern: frame + 512).unsafelyUnwrapped
  unsafe place.initialize(to: CallPlace(port: CallPort(at: record), samples: samples.address))
  cpu_store32(frame + 1024, UInt32(bytes))
  let server = make(ThreadName("server"), space: copyOfSpace(), argument: frame) { frame in
    let port = unsafe UnsafePointer<CallPlace>(bitPattern: frame).unsafelyUnwrapped.pointee.port
    answerCalls(port, frame + 2048)
    return 0
  }
  let client = make(ThreadName("client"), argument: frame) { frame in
    let place = unsafe UnsafePointer<CallPlace>(bitPattern: frame).unsafelyUnwrapped.pointee
    call(place.port, frame + 1024, Samples(address: place.samples))
    return 0
  }
  _ = try? Threads.join(client)
  try? unsafe place.pointee.port.close()
  _ = try? Threads.join(server)
  samples.report(name)
}

@inline(never)
private func call(_ port: CallPort, _ address: UInt, _ samples: Samples) {
  // SAFETY: the address lies in a frame that stays with the benchmark, and nothing else is there.
  let message = unsafe UnsafeMutablePointer<UInt>(bitPattern: address).unsafelyUnwrapped
  while !samples.isComplete {
    samples.begin()
    _ = try? unsafe port.call(message)
    samples.end()
  }
}

@inline(never)
private func answerCalls(_ port: CallPort, _ address: UInt) {
  // SAFETY: as in `call`.
  let message = unsafe UnsafeMutablePointer<UInt>(bitPattern: address).unsafelyUnwrapped
  guard (try? unsafe port.receive(into: message)) == .satisfied else { return }
  while (try? unsafe port.reply(message, receivingInto: message)) == .satisfied {}
}
