// What a hostile program tries. Every attempt runs in a child: it may be refused or be the child's end, never anybody
// else's. On Linux the transcript is the same: what is forbidden there is forbidden here, and in the same words.

#include "Support.h"

#include <poll.h>
#include <sys/select.h>
#include <sys/uio.h>

// MARK: The kernel's memory

static uintptr_t target;

static void read_it(void) { (void)*(volatile char *)target; }
static void write_it(void) { *(volatile char *)target = 1; }
static void jump_to_it(void) { ((void (*)(void))target)(); }

/// Places where a kernel may be, and those just around programs.
static const uintptr_t places[] = {
#ifdef __i386__
    0xC0000000u, 0xC0100000u, 0xFFFFF000u, 0xFFFFE000u,
#else
    0x0000400000000000u, 0x0000400000100000u, 0x000043FFFFFFF000u, 0x00007FFFFFFFF000u,
    0xFFFF800000000000u, 0xFFFFFFFF80000000u, 0xFFFFFFFFFFFFF000u, 0x0000800000000000u,
#endif
    0, 0x1000,
};

static void kernel_memory(void) {
  for (int i = 0; i < COUNT(places); i++) {
    target = places[i];
    say("place %d", i);
    in_child("read", read_it);
    in_child("write", write_it);
    in_child("jump", jump_to_it);
  }
}

// MARK: Pointers of calls

static int ends[2], file;

struct call {
  const char *name;
  long number, arguments[6];
};

#define BAD -77777

static int is_fault(const struct call *call, uintptr_t address) {
  long a[6];
  for (int i = 0; i < 6; i++) a[i] = call->arguments[i] == BAD ? (long)address : call->arguments[i];
  errno = 0;
  long result = syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
  return result == -1 && errno == EFAULT;
}

static void bad_pointers(void) {
  if (pipe(ends) != 0) return;
  if (write(ends[1], "some bytes to be read by calls that can not have them", 50) != 50) return;
  file = open("/proc/self/exe", O_RDONLY);
  int folder = open("/", O_RDONLY | O_DIRECTORY);
  const struct call calls[] = {
      {"read", SYS_read, {file, BAD, 64}},
      {"read a pipe", SYS_read, {ends[0], BAD, 16}},
      {"write", SYS_write, {ends[1], BAD, 64}},
      {"readv", SYS_readv, {file, BAD, 3}},
      {"writev", SYS_writev, {ends[1], BAD, 3}},
      {"read at a place", SYS_pread64, {file, BAD, 64, 0, 0}},
      {"open", SYS_open, {BAD, 0, 0}},
      {"openat", SYS_openat, {AT_FDCWD, BAD, 0, 0}},
      {"stat", SYS_stat, {BAD, (long)&ends}},
      {"fstat", SYS_fstat, {file, BAD}},
      {"access", SYS_access, {BAD, 0}},
      {"chdir", SYS_chdir, {BAD}},
      {"mkdir", SYS_mkdir, {BAD, 0}},
      {"unlink", SYS_unlink, {BAD}},
      {"rename", SYS_rename, {BAD, (long)"/tmp/x"}},
      {"symlink", SYS_symlink, {(long)"/tmp/x", BAD}},
      {"link", SYS_readlink, {(long)"/proc/self/exe", BAD, 64}},
      {"getcwd", SYS_getcwd, {BAD, 64}},
      {"getdents", SYS_getdents64, {folder, BAD, 4096}},
      {"pipe", SYS_pipe, {BAD}},
      {"poll", SYS_poll, {BAD, 3, 0}},
      {"execve", SYS_execve, {BAD, 0, 0}},
      {"execve's arguments", SYS_execve, {(long)"/proc/self/exe", BAD, 0}},
      {"wait4", SYS_wait4, {-1, BAD, 0, 0}},
      {"uname", SYS_uname, {BAD}},
      {"nanosleep", SYS_nanosleep, {BAD, 0}},
      {"sigaction", SYS_rt_sigaction, {SIGUSR1, BAD, 0, 8}},
      {"the old action", SYS_rt_sigaction, {SIGUSR1, 0, BAD, 8}},
      {"sigprocmask", SYS_rt_sigprocmask, {SIG_BLOCK, BAD, 0, 8}},
      {"sigpending", SYS_rt_sigpending, {BAD, 8}},
      {"sigtimedwait", SYS_rt_sigtimedwait, {BAD, 0, 0, 8}},
      {"sigqueue", SYS_rt_sigqueueinfo, {0, SIGUSR1, BAD}},
      {"sigaltstack", SYS_sigaltstack, {BAD, 0}},
      {"futex", SYS_futex, {BAD, 0, 0, 0, 0, 0}},
      {"getitimer", SYS_getitimer, {0, BAD}},
      {"setitimer", SYS_setitimer, {0, BAD, 0}},
      {"prlimit", SYS_prlimit64, {0, 1, BAD, 0}},
      {"getrusage", SYS_getrusage, {0, BAD}},
      {"sysinfo", SYS_sysinfo, {BAD}},
      {"times", SYS_times, {BAD}},
      {"getrandom", SYS_getrandom, {BAD, 64, 0}},
      {"sched_getaffinity", SYS_sched_getaffinity, {0, 8, BAD}},
      {"get_robust_list", SYS_get_robust_list, {0, BAD, BAD}},
      {"utimensat", SYS_utimensat, {AT_FDCWD, (long)"/tmp", BAD, 0}},
      {"getgroups", SYS_getresuid, {BAD, BAD, BAD}},
      {"ioctl", SYS_ioctl, {ends[0], 0x541B, BAD}},
#ifdef __i386__
      {"set_thread_area", SYS_set_thread_area, {BAD}},
      {"mmap", SYS_mmap, {BAD}},
      {"select", SYS_select, {BAD}},
      {"llseek", SYS__llseek, {file, 0, 0, BAD, 0}},
#else
      {"arch_prctl", SYS_arch_prctl, {0x1003, BAD}},
#endif
  };
  // The last bytes of a page behind which there is nothing: some of what is asked for is there.
  char *edge = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(edge + PAGE, PAGE);
  memset(edge, 'a', PAGE);
  edge[PAGE - 1] = '/';
  char *locked = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const uintptr_t addresses[] = {16, places[0] + 64, places[1] + 64, (uintptr_t)-64, (uintptr_t)locked,
                                 (uintptr_t)edge + PAGE - 1};
  for (int i = 0; i < COUNT(calls); i++) {
    char results[COUNT(addresses) + 1] = "";
    // What goes byte by byte may come as far as the edge, and then says so far it has come.
    int isPartial = strncmp(calls[i].name, "read", 4) == 0 || strncmp(calls[i].name, "write", 5) == 0 ||
                    strncmp(calls[i].name, "get", 3) == 0;
    for (int j = 0; j < COUNT(addresses); j++) {
      if (isPartial && j == COUNT(addresses) - 1) break;
      edge[PAGE - 1] = '/';
      results[j] = is_fault(&calls[i], addresses[j]) ? 'F' : '.';
    }
    say("%s: %s", calls[i].name, results);
  }
  close(folder);
}

static void write_text(void) {
  // The kernel writes for a program only where it may write itself.
  long address = (long)&write_text;
  answer("read into text", syscall(SYS_read, file, address, 16));
  static const char constant[64] = "constant";
  answer("into what is constant", syscall(SYS_read, file, (long)constant, 16));
  char *memory = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  answer("into zeros that all share", syscall(SYS_read, file, (long)memory, 16));
  say("still zero %d", memory[0] == 0);
}

// MARK: Instructions

static void i_halt(void) { __asm__ volatile("hlt"); }
static void i_cli(void) { __asm__ volatile("cli"); }
static void i_in(void) { __asm__ volatile("inb $0x60, %%al" ::: "eax"); }
static void i_out(void) { __asm__ volatile("outb %%al, $0x64" ::: "eax"); }
static void i_lgdt(void) { __asm__ volatile("lgdt 0"); }
static void i_cr0(void) { long value; __asm__ volatile("mov %%cr0, %0" : "=r"(value)); }
static void i_cr3(void) { __asm__ volatile("mov %0, %%cr3" ::"r"(0L)); }
static void i_dr7(void) { __asm__ volatile("mov %0, %%dr7" ::"r"(0x400L)); }
static void i_wrmsr(void) { __asm__ volatile("wrmsr" ::"c"(0x174), "a"(0), "d"(0)); }
static void i_rdmsr(void) { __asm__ volatile("rdmsr" ::"c"(0x1B) : "eax", "edx"); }
static void i_invlpg(void) { __asm__ volatile("invlpg (%0)" ::"r"(0L)); }
static void i_int3(void) { __asm__ volatile("int3"); }
static void i_int14(void) { __asm__ volatile("int $14"); }
static void i_int48(void) { __asm__ volatile("int $0x30"); }
static void i_int8(void) { __asm__ volatile("int $8"); }
static void i_int255(void) { __asm__ volatile("int $255"); }
static void i_iret(void) {
  // To ring 0.
#ifdef __i386__
  __asm__ volatile("pushfl; push $0x60; push $0xC0100000; iret");
#else
  __asm__ volatile("push $0x18; push %rsp; pushfq; push $0x10; push $0; iretq");
#endif
}
static void i_far_jump(void) {
#ifdef __i386__
  __asm__ volatile("ljmp $0x60, $0");
#else
  static const struct __attribute__((packed)) {
    uint32_t offset;
    uint16_t selector;
  } there = {0, 0x10};
  __asm__ volatile("ljmp *%0" ::"m"(there));
#endif
}
static void i_selector(void) { __asm__ volatile("mov %0, %%ds" ::"r"(0x68)); }
static void i_task(void) { __asm__ volatile("mov %0, %%es" ::"r"(0x80)); }
static void i_null_stack(void) { __asm__ volatile("mov %0, %%ss" ::"r"(0)); }

static void instructions(void) {
  static const struct {
    const char *name;
    void (*body)(void);
  } all[] = {
      {"hlt", i_halt},         {"cli", i_cli},          {"in", i_in},           {"out", i_out},
      {"lgdt", i_lgdt},        {"read cr0", i_cr0},     {"write cr3", i_cr3},   {"write dr7", i_dr7},
      {"wrmsr", i_wrmsr},      {"rdmsr", i_rdmsr},      {"invlpg", i_invlpg},   {"int3", i_int3},
      {"int 14", i_int14},     {"int 0x30", i_int48},   {"int 8", i_int8},      {"int 255", i_int255},
      {"iret to ring 0", i_iret}, {"far jump to ring 0", i_far_jump}, {"kernel's data segment", i_selector},
      {"a task", i_task},      {"no stack segment", i_null_stack},
  };
  for (int i = 0; i < COUNT(all); i++) in_child(all[i].name, all[i].body);
}

// MARK: Frames that come back from handlers

static void (*spoil)(ucontext_t *);

static void spoiler(int signal, siginfo_t *information, void *context) {
  (void)signal;
  (void)information;
  spoil(context);
}

static void raise_spoiled(void) {
  handle(SIGUSR1, 0, spoiler);
  raise(SIGUSR1);
  say("came back");
}

#ifdef __i386__
#define REGISTER(context, name32, name64) (context)->uc_mcontext.gregs[name32]
#else
#define REGISTER(context, name32, name64) (context)->uc_mcontext.gregs[name64]
#endif

static void s_ip(ucontext_t *context) { REGISTER(context, REG_EIP, REG_RIP) = (long)places[0]; }
static void s_sp(ucontext_t *context) { REGISTER(context, REG_ESP, REG_RSP) = (long)places[0]; }
static void s_flags(ucontext_t *context) {
  // Everything: ring of input and output, interrupts off, nested task, virtual mode.
  REGISTER(context, REG_EFL, REG_EFL) = (long)0x003F7ED7 & ~0x40100L;
}
static void s_state(ucontext_t *context) { context->uc_mcontext.fpregs = (void *)places[0]; }
static void s_state_edge(ucontext_t *context) { context->uc_mcontext.fpregs = (void *)16; }
#ifdef __i386__
static void s_nothing(ucontext_t *context) { (void)context; }
#else
static void s_not_canonical(ucontext_t *context) { context->uc_mcontext.gregs[REG_RIP] = 0x0000800000000000; }
static void s_upper_half(ucontext_t *context) { context->uc_mcontext.gregs[REG_RIP] = (long)0xFFFF800000000000; }
static void s_stack_not_canonical(ucontext_t *context) {
  context->uc_mcontext.gregs[REG_RSP] = (long)0x8000000000000000;
}
static void s_narrow_code(ucontext_t *context) {
  // 32-bit code, and an address that it can't have.
  context->uc_mcontext.gregs[REG_CSGSFS] = (context->uc_mcontext.gregs[REG_CSGSFS] & ~0xFFFFL) | 0x23;
  context->uc_mcontext.gregs[REG_RIP] = 0x00007F0000000010;
}
#endif

static void frames(void) {
  static const struct {
    const char *name;
    void (*spoil)(ucontext_t *);
  } all[] = {
      {"instruction pointer", s_ip}, {"stack pointer", s_sp}, {"flags", s_flags}, {"state in the kernel", s_state},
      {"state nowhere", s_state_edge},
#ifdef __i386__
      {"nothing", s_nothing},
#else
      {"not canonical", s_not_canonical}, {"upper half", s_upper_half}, {"32-bit code", s_narrow_code},
#endif
  };
  for (int i = 0; i < COUNT(all); i++) {
    spoil = all[i].spoil;
    in_child(all[i].name, raise_spoiled);
  }
#ifndef __i386__
  // A stack fault on processors, a protection fault in QEMU's translator.
  spoil = s_stack_not_canonical;
  pid_t child = fork();
  if (child == 0) raise_spoiled();
  int status = 0;
  waitpid(child, &status, 0);
  say("stack not canonical: ended by a signal %d", WIFSIGNALED(status));
#endif
}

static void return_from_nothing(void) { syscall(SYS_rt_sigreturn); }

#ifdef __i386__
// Without a stack to look at, so nothing may be pushed.
static void return_nowhere(void) { __asm__ volatile("mov $16, %%esp; int $0x80" ::"a"(SYS_rt_sigreturn)); }
static void return_old(void) { __asm__ volatile("mov $0xC0000000, %%esp; int $0x80" ::"a"(SYS_sigreturn)); }
#else
static void return_nowhere(void) { __asm__ volatile("mov $16, %%rsp; syscall" ::"a"(SYS_rt_sigreturn)); }
static void return_old(void) {
  __asm__ volatile("movabs $0x8000000000000000, %%rsp; syscall" ::"a"(SYS_rt_sigreturn));
}
#endif

static void handler_nowhere(void) {
  struct sigaction action = {0};
  action.sa_handler = (void (*)(int))places[0];
  sigaction(SIGUSR1, &action, NULL);
  raise(SIGUSR1);
}

static void no_stack_for_handler(void) {
  handle(SIGUSR1, 0, NULL);
  handle(SIGUSR1, 0, spoiler);
#ifdef __i386__
  __asm__ volatile("mov $16, %%esp; mov %%esi, %%ebx; int $0x80; hlt" ::"a"(SYS_kill), "S"(getpid()), "c"(SIGUSR1));
#else
  __asm__ volatile("mov $16, %%rsp; syscall; hlt" ::"a"(SYS_kill), "D"(getpid()), "S"(SIGUSR1));
#endif
}

static void returns(void) {
  in_child("from nothing", return_from_nothing);
  in_child("from nowhere", return_nowhere);
  in_child("from the kernel's part", return_old);
  in_child("a handler in the kernel", handler_nowhere);
  in_child("no stack for a handler", no_stack_for_handler);
}

// MARK: Descriptors of a thread

static void stepping(void) {
  // The trap flag while calls are made by every way there is.
  signal(SIGTRAP, SIG_IGN);
#ifdef __i386__
  __asm__ volatile("pushfl; orl $0x100, (%%esp); popfl; mov $20, %%eax; int $0x80" ::: "eax");
#else
  __asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq; mov $39, %%eax; syscall" ::: "rax", "rcx", "r11");
#endif
}

#ifdef __i386__
struct description {
  uint32_t number, base, limit, flags;
};

static void thread_areas(void) {
  struct description bad = {77, 0, 0xFFFFF, 0x51};
  answer("a number that is not a thread's", syscall(SYS_set_thread_area, &bad));
  // One whose descriptor is taken away while it is loaded.
  struct description own = {(uint32_t)-1, (uint32_t)(uintptr_t)&own, 0xFFFFF, 0x51};
  answer("one", syscall(SYS_set_thread_area, &own));
  uint16_t selector = (uint16_t)(own.number << 3 | 3), now = 0;
  uint32_t word = 0;
  __asm__ volatile("mov %1, %%fs; mov %%fs:0, %0" : "=r"(word) : "r"((uint32_t)selector));
  say("through it %d", word == own.number);
  struct description empty = {own.number, 0, 0, 0x28};
  answer("emptied", syscall(SYS_set_thread_area, &empty));
  sched_yield();
  __asm__ volatile("mov %%fs, %0" : "=r"(now));
  say("still loaded %d", now == selector);
  // A child that shall have an empty one where the parent has its own thread area loaded.
  uint16_t mine;
  __asm__ volatile("mov %%gs, %0" : "=r"(mine));
  struct description none = {(uint32_t)(mine >> 3), 0, 0, 0x28};
  pid_t child;
  int number = SYS_clone;
  __asm__ volatile("push %%ebx; mov %2, %%ebx; int $0x80; test %%eax, %%eax; jnz 1f;"
                   "mov $1, %%eax; mov $5, %%ebx; int $0x80; 1: pop %%ebx"
                   : "=a"(child)
                   : "a"(number), "r"(0x80000 | SIGCHLD), "c"(0), "d"(0), "S"(&none), "D"(0)
                   : "memory");
  int status;
  waitpid(child, &status, 0);
  tell_status("a child without", status);
}

/// The system call by the kernel's page, with the trap flag set.
static void step_through_page(void) {
  signal(SIGTRAP, SIG_IGN);
  // Where the library has it: the word at 16 of the thread area, or nothing.
  __asm__ volatile("pushfl; orl $0x100, (%%esp); popfl; mov $20, %%eax; call *%%gs:16; pushfl;"
                   "andl $~0x100, (%%esp); popfl" ::: "eax", "ecx", "edx");
}

static void bad_call_stack(void) {
  // sysenter by hand, with a stack pointer of the kernel's: it must not be read.
  __asm__ volatile("mov $0xC0000000, %%ebp; mov $20, %%eax; sysenter" ::: "eax", "memory");
}
#endif

static void segments(void) {
  in_child("stepping", stepping);
#ifdef __i386__
  in_child("thread areas", thread_areas);
  in_child("stepping through the page", step_through_page);
  pid_t child = fork();
  if (child == 0) bad_call_stack();
  int status;
  waitpid(child, &status, 0);
  say("sysenter by hand is survived");
#else
  answer("a base in the kernel's half", syscall(SYS_arch_prctl, 0x1002, 0xFFFF800000000000));
  answer("one that is not canonical", syscall(SYS_arch_prctl, 0x1001, 0x0000800000000000));
#endif
}

// MARK: Too much

static void recursion(void) {
  volatile char block[1000];
  block[0] = 1;
  if (block[0] == 1) recursion();
  block[1] = 2;
}

static void bomb(void) {
  struct rlimit limit = {1 << 20, 1 << 20};
  setrlimit(RLIMIT_DATA, &limit);
  // As many as there may be, each of which waits; then all are ended.
  int made = 0;
  setpgid(0, 0);
  for (int i = 0; i < 5000; i++) {
    pid_t child = fork();
    if (child == 0) {
      for (;;) pause();
    }
    if (child < 0) break;
    made++;
    if (made == 100) break;
  }
  say("at least a hundred %d", made >= 100);
  signal(SIGTERM, SIG_IGN);
  kill(0, SIGTERM);
  int ended = 0;
  while (wait(NULL) > 0) ended++;
  say("all ended %d", ended == made);
}

static void hog(void) {
  // More than any machine has.
  size_t size = (size_t)1 << (sizeof(long) == 8 ? 46 : 31);
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  say("too much at once: %s", memory == MAP_FAILED ? strerror(errno) : "done");
}

static void arguments(void) {
  // Arguments without an end.
  char *text = malloc(4 << 20);
  memset(text, 'x', 4 << 20);
  text[(4 << 20) - 1] = 0;
  char *list[] = {"attacks", text, NULL};
  answer("arguments", execv("/proc/self/exe", list));
}

static void too_much(void) {
  in_child("recursion", recursion);
  in_child("bomb", bomb);
  hog();
  in_child("arguments", arguments);
}

static const struct section sections[] = {
    {"kernel memory", kernel_memory}, {"bad pointers", bad_pointers}, {"write text", write_text},
    {"instructions", instructions},   {"frames", frames},             {"returns", returns},
    {"segments", segments},           {"too much", too_much},         {NULL, NULL},
};

int main(int argc, char **argv) { return run_sections(sections, argc, argv); }
