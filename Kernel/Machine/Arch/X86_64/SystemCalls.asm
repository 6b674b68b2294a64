; How programs ask the kernel on x86_64: syscall from 64-bit code, int 0x80 and sysenter from 32-bit code.
;
; Swift: @convention(c) (_ frame: UInt) -> Bool, in the gate's `handler`: the address of a TrapFrame64
;        @convention(c) (_ frame: UInt) -> Void, in the gate's `handler32`
;   In: rax, the number; rdi, rsi, rdx, r10, r8, r9, the arguments; for int 0x80 ebx, ecx, edx, esi, edi, ebp.
;   Preserved: everything but rax, and for syscall rcx and r11, which the instruction itself destroys.
;   Stack: the thread's kernel stack, from the task-state segment; syscall does not switch stacks, so until it is
;   switched nothing may be pushed. Interrupts: off (SFMASK), and they stay off: a call is not preempted, it gives
;   way where it waits.
;
; The handler answers whether the program may go on by sysret, which takes rip from rcx and flags from r11: not after
; a signal, a new program, or anything else that changed other registers than rax. A return address is canonical then:
; it follows a syscall instruction, and the last page below the hole is never mapped (Intel's sysret to another would
; fault in ring 0 on the program's stack).
;
; A call whose answer is a word of the thread's record (who am I?) is answered before anything is saved.
;
; A call with a short way is performed by its own handler, with its first four arguments and what is left of a frame:
; the handler preserves rbx, rbp and r12 to r15, so the frame gets them only if it is needed. What it answers is the
; result; if that is below 0, the frame is completed and the rest is done by quickEnd.
;
; The gate is ProgramGate in Kernel/Machine/Arch/X86; where it lies in the processor's block is checked at start-up.

bits 64
default rel

extern interrupt_return

USER_DATA   equ 0x2B
USER_CODE   equ 0x33
USER_CODE32 equ 0x23
SYSENTER_RETURN equ 64                  ; in the thread's record
STACK       equ 4                       ; rsp0 in the task-state segment, with which the block begins
GATE        equ 4328                    ; where the gate lies in the processor's block
TASK        equ GATE
LIMIT       equ GATE + 8
HANDLER     equ GATE + 16
SCRATCH     equ GATE + 24
LIMIT32     equ GATE + 32
HANDLER32   equ GATE + 40
PORT_CALL   equ GATE + 48
PORT_REPLY  equ GATE + 56
PORT_END    equ GATE + 64
ANSWERS     equ GATE + 72
ANSWERS32   equ ANSWERS + 512
QUICK       equ ANSWERS32 + 512
QUICK_HANDLERS equ QUICK + 64
QUICK_END   equ QUICK_HANDLERS + 64
CALL_OF_PORT equ 1026                   ; Kernel/Programs/ProgramCalls/PortCalls.swift
REPLY_TO_PORT equ 1028
CALL_VECTOR equ 0x80
SYSCALL_VECTOR equ 0x81                 ; not a vector of ours: says how the call came

%macro save_registers 0
        push    rax
        push    rcx
        push    rdx
        push    rbx
        push    rbp
        push    rsi
        push    rdi
        push    r8
        push    r9
        push    r10
        push    r11
        push    r12
        push    r13
        push    r14
        push    r15
%endmacro

section .text

global system_call_instruction
align 16
system_call_instruction:
        swapgs
        mov     [gs:SCRATCH], rsp
        mov     rsp, [gs:STACK]
        cmp     rax, [gs:LIMIT]
        jae     .high
        push    rcx
        movzx   ecx, byte [gs:rax + ANSWERS]
        jrcxz   .other
        add     rcx, [gs:TASK]
        mov     rax, [rcx]
        pop     rcx
        mov     rsp, [gs:SCRATCH]
        swapgs
        o64 sysret
.high:  cmp     rax, CALL_OF_PORT
        je      port_call
        cmp     rax, REPLY_TO_PORT
        je      port_reply
        jmp     .full
.other: pop     rcx
        bt      [gs:QUICK], rax
        jc      .quick
.full:  push    USER_DATA
        push    qword [gs:SCRATCH]
        push    r11
        push    USER_CODE
        push    rcx
        push    0
        push    SYSCALL_VECTOR
        save_registers
        mov     rdi, rsp                ; a multiple of 16: 22 words below a stack's top
        call    [gs:HANDLER]
.return:
        test    al, al
        jz      interrupt_return
        pop     r15
        pop     r14
        pop     r13
        pop     r12
        pop     r11
        pop     r10
        pop     r9
        pop     r8
        pop     rdi
        pop     rsi
        pop     rbp
        pop     rbx
        pop     rdx
        pop     rcx
        pop     rax
        mov     rsp, [rsp + 40]
        swapgs
        o64 sysret

.quick: push    USER_DATA
        push    qword [gs:SCRATCH]
        push    r11
        push    USER_CODE
        push    rcx
        push    rax                     ; for who makes the call again
        push    SYSCALL_VECTOR
        push    rax
        push    rcx
        push    rdx
        sub     rsp, 16                 ; rbx, rbp
        push    rsi
        push    rdi
        push    r8
        push    r9
        push    r10
        sub     rsp, 40                 ; r11 to r15
        and     eax, 7
        mov     rcx, r10
        call    [gs:QUICK_HANDLERS + rax * 8]
        test    rax, rax
        js      .unusual
        add     rsp, 40
        pop     r10
        pop     r9
        pop     r8
        pop     rdi
        pop     rsi
        add     rsp, 16
        pop     rdx
        pop     rcx
        mov     r11, [rsp + 40]         ; flags
        mov     rsp, [rsp + 48]
        swapgs
        o64 sysret
.unusual:
        mov     rcx, [rsp + 152]        ; flags, which are what the program finds in r11
        mov     [rsp + 32], rcx
        mov     [rsp + 24], r12
        mov     [rsp + 16], r13
        mov     [rsp + 8], r14
        mov     [rsp], r15
        mov     [rsp + 88], rbx
        mov     [rsp + 80], rbp
        mov     rdi, rsp
        mov     rsi, rax
        call    [gs:QUICK_END]
        jmp     .return

; Call and reply between programs, the shortest way: of the frame only what the processor needs to go back is written at
; once. What a function preserves is preserved by the handler, also where another thread runs meanwhile; the other
; registers are zeros afterwards, so that nothing of the kernel's is left in them. The rest of the frame is written only
; if the thread has something to see to (a signal, its end), which then goes on by the way of an interrupt.
;
; Swift: @convention(c) (five arguments, the gate's task) -> Int: the result
;   In: rdi, rsi, rdx, r10, r8. Preserved: rbx, rbp, r12 to r15, rsp. Destroyed: rcx, rdx, rsi, rdi, r8 to r11.
%macro port_way 1
        push    USER_DATA
        push    qword [gs:SCRATCH]
        push    r11
        push    USER_CODE
        push    rcx
        sub     rsp, 17 * 8             ; vector, error code and 15 registers; rsp is a multiple of 16, as above
        mov     rcx, r10
        mov     r9, [gs:TASK]
        call    [gs:%1]
        xor     edx, edx
        xor     edi, edi
        xor     esi, esi
        xor     r8d, r8d
        xor     r9d, r9d
        xor     r10d, r10d
        mov     rcx, [gs:TASK]
        cmp     byte [rcx], 0           ; hasWork
        jne     port_work
        mov     rcx, [rsp + 17 * 8]
        mov     r11, [rsp + 19 * 8]
        mov     rsp, [rsp + 20 * 8]
        swapgs
        o64 sysret
%endmacro

align 16
port_call:
        port_way PORT_CALL
align 16
port_reply:
        port_way PORT_REPLY

; The program's other registers are in place again.
port_work:
        mov     rcx, [rsp + 17 * 8]
        mov     r11, [rsp + 19 * 8]
        add     rsp, 17 * 8
        push    0
        push    SYSCALL_VECTOR
        save_registers
        mov     rdi, rsp
        call    [gs:PORT_END]
        jmp     interrupt_return

; Gate 0x80: only programs use it, so gs is always theirs.
global system_call_interrupt
align 16
system_call_interrupt:
        swapgs
        mov     eax, eax                ; 64-bit code may use this way too
        cmp     rax, [gs:LIMIT32]
        jae     .full
        push    rcx
        movzx   ecx, byte [gs:rax + ANSWERS32]
        jrcxz   .other
        add     rcx, [gs:TASK]
        mov     eax, [rcx]
        pop     rcx
        swapgs
        iretq
.other: pop     rcx
.full:  push    0
        push    CALL_VECTOR
        save_registers
        cld
access_site:
        db      0x0F, 0x1F, 0x00        ; nop: becomes clac; syscall has SFMASK for that
        mov     rdi, rsp
        call    [gs:HANDLER32]
        jmp     interrupt_return

; sysenter from 32-bit code, which Intel's processors have in long mode, by the page below. The program's stack pointer
; is in ebp, and what it had in ebp lies on top of that stack; where to return to is always the same place. The flags are
; still the program's but for the interrupt flag: with the trap flag the first thing that happens here is a debug
; exception, on the few words of stack that the processor has loaded (interrupt_stub_1 in Interrupts.asm).
global system_call_sysenter
align 16
system_call_sysenter:
        swapgs
        mov     rsp, [gs:STACK]
        mov     eax, eax
        mov     ebp, ebp
        push    USER_DATA
        push    rbp
        pushfq
        or      qword [rsp], 0x200      ; programs run with interrupts on
        push    2
        popfq                           ; a program may have set the trap and nested-task flags
        push    USER_CODE32
        push    rax
        mov     rax, [gs:TASK]
        mov     rax, [rax + SYSENTER_RETURN]
        xchg    rax, [rsp]
        push    0
        push    SYSCALL_VECTOR
        save_registers
sysenter_access_site:
        db      0x0F, 0x1F, 0x00        ; nop: becomes clac
        mov     rdi, rsp
        call    [gs:HANDLER32]
        jmp     interrupt_return

; syscall from 32-bit code, which AMD's processors have: refused like an unknown call.
global system_call_compatible
align 16
system_call_compatible:
        mov     eax, -38
        o32 sysret

; What becomes clac where the processor has it; see Protections.swift.
section .rodata
global call_access_sites
align 8
call_access_sites:
        dq      access_site, sysenter_access_site, 0

%include "CallPages.inc"

; Room for one exception, before the entry by sysenter has found the thread's stack.
section .bss
global sysenter_stack_top
alignb 16
        resb    128
sysenter_stack_top:
