; From one thread to another, and into a new one, on x86_64.
;
; switch_stack: called only by cpu_switch_stack of CMachine.h.
;   In: rdi, the address of the record of the thread that runs; rsi, that of the thread to run. A record's first word
;   is its stack pointer.
;   Preserved: nothing; the caller has saved what it needs. Stack: changes. Interrupts: off.
;
; thread_start: where the first switch to a thread returns to. On its stack: what to run, its argument.
;   Swift: @c func thread_main(_ body: @convention(c) (UInt) -> UInt, _ argument: UInt) -> Never

bits 64
default rel

extern thread_main

section .text

global switch_stack
align 16
switch_stack:
        mov     [rdi], rsp
        mov     rsp, [rsi]
        ret

global thread_start
align 16
thread_start:
        pop     rdi
        pop     rsi
        xor     ebp, ebp                ; backtraces end here
        push    rbp                     ; a return address that is none
        jmp     thread_main
