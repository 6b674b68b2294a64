/// The other way to switch threads on i686: each is a task of the processor.
///
/// A jump to a task-state segment saves all registers in the one that is left and loads all from the other, with the
/// page tables (Intel SDM vol. 3, 7.3). A jump, unlike a call, links the tasks in no way: the nested-task flag stays
/// clear, the busy bit moves from one descriptor to the other. Two descriptors are enough for all threads: the
/// processor is in one, and the other is made to name whatever comes next. Each jump sets CR0.TS, which matters to
/// nobody as long as there are no programs: the kernel uses no floating point.

#if arch(i386)
  import Arch
  import Base
  import CMachine
  import Scheduling
  import X86

  extension ThreadSystem {
    /// Jumps to a thread.
    ///
    /// Returns when something jumps back.
    mutating func jump(to thread: ThreadReference) {
      usesSecondTask.toggle()
      let selector = usesSecondTask ? Selectors32.secondThreadTask : Selectors32.firstThreadTask
      Processor.block.setTask(selector, at: Self.task(of: thread))
      cpu_jump_to_task(selector)
    }

    /// Fills in the task of a new thread.
    func prepareTask(of thread: ThreadReference) {
      var task = TaskState32()
      task.eip = UInt32(symbol_thread_start())
      task.esp = UInt32(thread.fields.stackPointer) + 4  // what a return would take
      task.cr3 = UInt32(thread.fields.space)
      task.cs = UInt32(Selectors32.kernelCode)
      let data = UInt32(Selectors32.kernelData)
      (task.ss, task.ds, task.es, task.ss0) = (data, data, data, data)
      // SAFETY: the 128 bytes below the record are kept for the task.
      unsafe UnsafeMutablePointer<TaskState32>(bitPattern: UInt(Self.task(of: thread))).unsafelyUnwrapped
        .initialize(to: task)
    }

    /// Where the task of a thread lies: below its record.
    ///
    /// The idle thread's is the processor's first.
    private static func task(of thread: ThreadReference) -> UInt32 {
      thread.isIdle ? UInt32(symbol_processor_block()) : UInt32(thread.address) - 128
    }
  }
#endif
