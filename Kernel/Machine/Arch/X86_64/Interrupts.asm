; Entry and return for all 256 interrupt vectors of x86_64.
;
; Swift: @c func interrupt_dispatch(_ frame: UnsafeMutableRawPointer), a TrapFrame64
;   Preserved: everything, by this code. Stack: the interrupted thread's kernel stack, or the interrupt stack table
;   entry that the gate names (double fault 1, non-maskable interrupt 2, machine check 3). Interrupts: off, every
;   gate is an interrupt gate.
;
; gs holds the base of the processor's own block while the kernel runs, so it is swapped exactly when the
; interrupted code was a program. Between a program's entry and its swapgs no other entry may look at gs; that is
; why the two vectors that can come there (non-maskable interrupt, machine check) decide by the interrupted cs too.
;
; The frame's layout is TrapFrame64 in Kernel/Machine/X86; LayoutTests compares the two.

bits 64
default rel

extern interrupt_dispatch, timer_interrupt, system_call_sysenter

TIMER_VECTOR equ 0x30                   ; LocalInterruptController.timerVector

%macro interrupt_stub 1
align 8
interrupt_stub_%1:
  %if !(%1 == 8 || (%1 >= 10 && %1 <= 14) || %1 == 17 || %1 == 21 || %1 == 29 || %1 == 30)
        push    0                       ; keeps the frame the same for all
  %endif
        push    %1
        jmp     interrupt_common
%endmacro

; The registers in the order in which they are pushed: TrapFrame64's, backwards; and those that a call may destroy.
%define ALL_REGISTERS rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
%define CALL_REGISTERS rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11

%macro push_registers 1-*
  %rep %0
        push    %1
    %rotate 1
  %endrep
%endmacro

%macro pop_registers 1-*
  %rep %0
    %rotate -1
        pop     %1
  %endrep
%endmacro

section .text

; A debug exception. A program that steps itself (the trap flag) and leaves by sysenter arrives here before the entry's
; first instruction, in ring 0 with its own gs and hardly any stack: the flag goes, and nothing else is done.
align 8
interrupt_stub_1:
        push    rax
        lea     rax, [system_call_sysenter]
        cmp     rax, [rsp + 8]
        pop     rax
        je      .entry
        push    0
        push    1
        jmp     interrupt_common
.entry: and     dword [rsp + 16], ~0x100
        iretq

%assign vector 0
%rep 256
  %if vector != 1
        interrupt_stub vector
  %endif
  %assign vector vector + 1
%endrep

align 16
interrupt_common:
        test    byte [rsp + 24], 3      ; the ring in the interrupted cs
        jz      .inside
        swapgs
.inside:
        push_registers ALL_REGISTERS
        cld                             ; the calling convention wants it, a program may have set it
access_site:
        db      0x0F, 0x1F, 0x00        ; nop: becomes clac, a program or UserCopy.asm may have allowed access
        mov     rdi, rsp
        mov     rbx, rsp                ; preserved by the call; the frame need not be 16-byte aligned
        and     rsp, -16
        call    interrupt_dispatch
        mov     rsp, rbx
global interrupt_return
interrupt_return:
        pop_registers ALL_REGISTERS
        test    byte [rsp + 24], 3
        jz      .inside
        swapgs
.inside:
        add     rsp, 16                 ; vector and error code
        iretq

; The timer's way in and out: what it interrupts most is a thread whose turn is over, so it saves what a call may
; destroy and no more; a switch saves the rest. Nothing here needs the stack to be aligned: the kernel has no SSE.
; Swift: @c func timer_interrupt()
align 16
timer_interrupt_entry:
        test    byte [rsp + 8], 3       ; the ring in the interrupted cs
        jnz     timer_of_program
        push_registers CALL_REGISTERS
        call    timer_interrupt         ; the kernel keeps the direction flag clear
        pop_registers CALL_REGISTERS
        iretq

; A program was interrupted: before it goes on it may have to see to a signal, so all of it is saved.
timer_of_program:
        push    0
        push    TIMER_VECTOR
        jmp     interrupt_common

section .rodata
; Where the stub of each vector lies, for building the interrupt descriptor table.
global interrupt_stub_table
align 8
interrupt_stub_table:
%assign vector 0
%rep 256
  %if vector == TIMER_VECTOR
        dq      timer_interrupt_entry
  %else
        dq      interrupt_stub_ %+ vector
  %endif
  %assign vector vector + 1
%endrep

; What becomes clac where the processor has it; see Protections.swift.
global interrupt_access_sites
align 8
interrupt_access_sites:
        dq      access_site, 0
