/// Calls to other nodes: a message there, the reply back, or a time-out.
///
/// A thread leaves what it wants to send in a slot and waits; the thread that owns the links sends it, takes the reply
/// into the caller's buffer and wakes the caller. One processor serves both, and the owner of the links is the more urgent
/// thread, so a caller whose time is up never meets a copy that is half done.

import Arch
import CMachine
import Messaging
import NodeLife
import Runtime
import Scheduling
import Sync
import Window

/// A call under way.
package struct CallSlot: BitwiseCopyable {
  /// The number of its wait station, or 0 if the slot is free.
  var station: UInt16 = 0
  package var node: UInt8 = 0
  package var type: UInt8 = 0
  var isSent = false
  package var payload: UInt = 0
  package var count = 0
  package var room = 0
  package var reply: UInt = 0
  /// Bytes of the reply.
  var replyCount = 0
}

extension LinksReference {
  /// Calls a node.
  ///
  /// - Parameters:
  ///   - payload: what is sent, at most 64 KiB.
  ///   - reply: where the reply goes; what is longer is cut off.
  /// - Returns: how the call ended, and the bytes of the reply; `.timedOut` too if 32 calls are under way.
  @export(interface)
  package func call(
    _ node: UInt8, _ type: MessageType, _ payload: RawSpan, into reply: inout MutableRawSpan,
    nanoseconds: UInt64
  ) -> (result: CallResult, count: Int) {
    guard node < links.count, node != links.number else { return (.peerDead, 0) }
    let count = payload.byteCount
    return unsafe payload.withUnsafeBytes { payload in
      unsafe reply.withUnsafeMutableBytes { reply in
        let slot = CallSlot(
          node: node, type: type.rawValue, payload: UInt(bitPattern: payload.baseAddress),
          count: count,
          room: reply.count, reply: UInt(bitPattern: reply.baseAddress))
        return perform(slot, nanoseconds)
      }
    }
  }

  private func perform(_ wanted: CallSlot, _ nanoseconds: UInt64) -> (result: CallResult, count: Int) {
    cpu_cli()
    // The caller's own wait ends the call: stations have no deadline of their own here.
    guard let station = links.stations.open(peer: wanted.node, deadlineTicks: .max) else {
      cpu_sti()
      return (.timedOut, 0)
    }
    let index = Int(station & 31)
    links.calls[index] = wanted
    links.calls[index].station = station
    cpu_sti()
    raise(links.wake)
    unsafe wait(for: links.answered[index], nanoseconds: nanoseconds)
    cpu_cli()
    let result = links.stations.result(station) ?? .timedOut
    links.stations.close(station)
    let count = links.calls[index].replyCount
    links.calls[index] = CallSlot()
    // A reply that came in the last moment has left a unit behind, which is not the next call's.
    var isClear = false
    while !isClear {
      let outcome = try? unsafe links.answered[index].wait(
        in: &NodeReference().node.threads.scheduler, until: 0)
      isClear = outcome != .satisfied
    }
    cpu_sti()
    return (result, count)
  }
}

extension NodeLinks {
  /// Sends what callers have left; what finds no room is tried again on the next turn.
  mutating func sendCalls() {
    for index in 0..<WaitStations.count where calls[index].station != 0 && !calls[index].isSent {
      let slot = calls[index]
      // A node that is not online gets nothing; its silence or its death ends the call.
      guard online >> UInt64(slot.node) & 1 != 0 else { continue }
      let place = unsafe UnsafeRawPointer(bitPattern: slot.payload) ?? UnsafeRawPointer(buffer)
      // SAFETY: the caller waits with its payload in place until its slot is free again.
      let payload = unsafe RawSpan(_unsafeStart: place, byteCount: slot.count)
      switch unsafe peers[Int(slot.node)].sender.send(
        payload, type: slot.type, flags: .call, station: slot.station, window)
      {
      case .sent:
        calls[index].isSent = true
        ring(slot.node)
      case .tooLong:
        _ = stations.complete(slot.station, from: slot.node, isSupported: false)
        unsafe raise(answered[index])
      case .again, .broken: isBlocked = true
      }
    }
  }

  /// Takes a reply in the buffer.
  mutating func takeReply(_ header: MessageHeader, from node: UInt8) {
    let index = Int(header.station & 31)
    guard
      stations.complete(header.station, from: node, isSupported: !header.flags.contains(.unsupported))
    else {
      // Too late, doubled or foreign.
      lateReplies &+= 1
      return
    }
    let count = min(Int(header.length), calls[index].room)
    if count > 0, let place = unsafe UnsafeMutableRawPointer(bitPattern: calls[index].reply) {
      // SAFETY: the caller waits with its buffer in place until its slot is free again.
      unsafe place.copyMemory(from: buffer, byteCount: count)
    }
    calls[index].replyCount = count
    unsafe raise(answered[index])
  }

  /// Answers a call whose message is in the buffer.
  ///
  /// A reply that finds no room is lost: its caller's time-out is what ends the call.
  package mutating func answer(_ header: MessageHeader, from node: UInt8) {
    var flags: MessageFlags = .reply
    if MessageType(rawValue: header.type) != .echo { flags.insert(.unsupported) }
    let count = flags.contains(.unsupported) ? 0 : Int(header.length)
    // SAFETY: so many bytes of the message are in the buffer.
    let payload = unsafe RawSpan(_unsafeStart: UnsafeRawPointer(buffer), byteCount: count)
    let result = unsafe peers[Int(node)].sender.send(
      payload, type: header.type, flags: flags, station: header.station, window)
    if result == .sent { ring(node) } else { lostReplies &+= 1 }
  }

  /// Ends the calls to a node that died.
  mutating func abandonCalls(to node: UInt8) {
    guard stations.abandon(peer: node) > 0 else { return }
    for index in 0..<WaitStations.count where calls[index].station != 0 && calls[index].node == node {
      unsafe raise(answered[index])
    }
  }

  /// Rings a node's doorbell.
  package mutating func ring(_ node: UInt8) {
    if doorbell.ring(node, window) {
      LocalInterruptController.interrupt(node, vector: LocalInterruptController.doorbellVector)
    }
  }
}
