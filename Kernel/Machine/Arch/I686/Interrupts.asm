; Entry and return for all 256 interrupt vectors of i686.
;
; Swift: @c func interrupt_dispatch(_ frame: UnsafeMutableRawPointer), a TrapFrame32
;   Preserved: everything, by this code. Stack: the interrupted thread's kernel stack (the one named in the TSS
;   when a ring change was made). Interrupts: off, every gate is an interrupt gate.
;
; Two vectors do not come here: a double fault and a non-maskable interrupt may find the stack unusable, so their
; gates are task gates, and the processor itself switches to a task with a stack of its own (Intel SDM vol. 3,
; 6.12.2). The interrupted registers are then in the task-state segment that was left.
;
; The frame's layout is TrapFrame32 in Kernel/Machine/X86; LayoutTests compares the two.

bits 32

extern interrupt_dispatch, timer_interrupt, double_fault_task, nmi_task, system_call_sysenter

TIMER_VECTOR equ 0x30                   ; LocalInterruptController.timerVector

KERNEL_DATA equ 0x68                    ; Selectors.kernelData of i686

; Vectors for which the processor pushes an error code: 8, 10-14, 17, 21, 29, 30 (AMD APM vol. 2, 8.2).
%macro interrupt_stub 1
align 8
interrupt_stub_%1:
  %if !(%1 == 8 || (%1 >= 10 && %1 <= 14) || %1 == 17 || %1 == 21 || %1 == 29 || %1 == 30)
        push    dword 0                 ; keeps the frame the same for all
  %endif
        push    dword %1
        jmp     interrupt_common
%endmacro

section .text

; A debug exception. A program that steps itself (the trap flag) and leaves by sysenter arrives here before the entry's
; first instruction, with the program's data segments and hardly any stack: the flag goes, and nothing else is done.
align 8
interrupt_stub_1:
        cmp     dword [ss:esp], system_call_sysenter
        je      .entry
        push    dword 0
        push    dword 1
        jmp     interrupt_common
.entry: and     dword [ss:esp + 8], ~0x100
        iretd

%assign vector 0
%rep 256
  %if vector != 1
        interrupt_stub vector
  %endif
  %assign vector vector + 1
%endrep

align 16
interrupt_common:
        pushad
        push    ds
        push    es
        push    fs
        push    gs
        mov     eax, KERNEL_DATA        ; the interrupted code may have been a program
        mov     ds, eax
        mov     es, eax
        cld                             ; the calling convention wants it, a program may have set it
access_site:
        db      0x0F, 0x1F, 0x00        ; nop: becomes clac, a program or UserCopy.asm may have allowed access
        mov     eax, esp
        push    eax
        call    interrupt_dispatch
        add     esp, 4
global interrupt_return
interrupt_return:
        pop     gs
        pop     fs
        pop     es
        pop     ds
        popad
        add     esp, 8                  ; vector and error code
        iretd

; The timer's way in and out: what it interrupts most is a thread whose turn is over, so it saves what a call may
; destroy and no more; a switch saves the rest. Data segments are the kernel's unless a program was interrupted.
; Swift: @c func timer_interrupt()
align 16
timer_interrupt_entry:
        push    eax
        push    ecx
        push    edx
        test    byte [esp + 16], 3      ; the ring in the interrupted cs
        jnz     timer_of_program
        call    timer_interrupt         ; the kernel keeps the direction flag clear
        pop     edx
        pop     ecx
        pop     eax
        iretd

; A program was interrupted: before it goes on it may have to see to a signal, so all of it is saved.
timer_of_program:
        pop     edx
        pop     ecx
        pop     eax
        push    dword 0
        push    dword TIMER_VECTOR
        jmp     interrupt_common

; Runs as a task: the first instruction after each switch is the one after the iretd before.
global nmi_task_entry
nmi_task_entry:
        cld
        call    nmi_task
        iretd                           ; NT is set: back to the interrupted task
        jmp     nmi_task_entry

; Runs as a task, with the error code (always 0) on its stack. Never returns: the saved state may be garbage.
global double_fault_task_entry
double_fault_task_entry:
        cld
        call    double_fault_task
.halt:  hlt
        jmp     .halt

section .rodata
; Where the stub of each vector lies, for building the interrupt descriptor table.
global interrupt_stub_table
align 4
interrupt_stub_table:
%assign vector 0
%rep 256
  %if vector == TIMER_VECTOR
        dd      timer_interrupt_entry
  %else
        dd      interrupt_stub_ %+ vector
  %endif
  %assign vector vector + 1
%endrep

; What becomes clac where the processor has it; see Protections.swift.
global interrupt_access_sites
align 4
interrupt_access_sites:
        dd      access_site, 0
