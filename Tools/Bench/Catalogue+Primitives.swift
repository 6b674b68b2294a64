/// What single operations cost.

extension Catalogue {
  /// Mutexes, sleeps, and picking the next thread however many there are.
  static let primitives: [CatalogueEntry] = [
    .init(name: "mutex/lock-unlock", explanation: "both, of a mutex that nobody else wants"),
    .init(
      name: "mutex/unlock-to-owner",
      explanation:
        "from unlock to the return from lock in a more urgent thread that waited, which the owner inherited from"
    ),
    .init(
      name: "sleep/lateness",
      explanation:
        "from the tick that a sleep should end at to the sleeper's reading of the counter, nothing else to do"
    ),
    .init(name: "pick/2-ready", explanation: "yield with no other thread ready"),
    .init(name: "pick/10-ready", explanation: "yield with 8 more threads ready at lower levels"),
    .init(name: "pick/100-ready", explanation: "yield with 98 more threads ready at lower levels"),
    .init(name: "pick/1000-ready", explanation: "yield with 998 more threads ready at lower levels"),
  ]
}
