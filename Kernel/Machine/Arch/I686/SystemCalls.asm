; How programs ask the kernel on i686: int 0x80, and sysenter from a page that the kernel maps for them.
;
; Swift: @convention(c) (_ frame: UInt) -> Bool, in the gate's `handler`: the address of a TrapFrame32
;   In: eax, the number; ebx, ecx, edx, esi, edi, ebp, the arguments. Preserved: everything but eax.
;   Stack: the thread's kernel stack, from the task-state segment. Interrupts: off, and they stay off: a call is not
;   preempted, it gives way where it waits.
;
; A call whose answer is a word of the thread's record (who am I?) is answered before anything is saved. The data
; segments are still the program's then, so the few words are read through ss, which the processor has set.
;
; A call with a short way is performed by its own handler, which gets its first four arguments; see perform_quickly.
;
; The gate is ProgramGate in Kernel/Machine/Arch/X86; where it lies in the processor's block is checked at start-up.

bits 32

extern processor_block, interrupt_return

KERNEL_DATA equ 0x68                    ; Selectors.kernelData of i686
USER_CODE   equ 0x73
USER_DATA   equ 0x7B
GATE        equ 2616                    ; where the gate lies in the processor's block
TASK        equ processor_block + GATE
LIMIT       equ processor_block + GATE + 4
HANDLER     equ processor_block + GATE + 8
SYSENTER_RETURN equ 32                  ; in the thread's record
PORT_CALL   equ processor_block + GATE + 16
PORT_REPLY  equ processor_block + GATE + 20
PORT_END    equ processor_block + GATE + 24
ANSWERS     equ processor_block + GATE + 28
QUICK       equ ANSWERS + 512
QUICK_HANDLERS equ QUICK + 64
QUICK_END   equ QUICK_HANDLERS + 32
CALL_OF_PORT equ 1026                   ; Kernel/Programs/ProgramCalls/PortCalls.swift
REPLY_TO_PORT equ 1028
CALL_VECTOR equ 0x80
SYSENTER_VECTOR equ 0x81                ; not a vector of ours: says how the call came

; Saves what the trap frame lacks, performs the call and falls into the return from an interrupt.
; Arguments: the name of its place where access is forbidden, and who performs the call.
%macro perform 2
        pushad
        push    ds
        push    es
        push    fs
        push    gs
        mov     ecx, KERNEL_DATA
        mov     ds, ecx
        mov     es, ecx
        cld
%1:     db      0x0F, 0x1F, 0x00        ; nop: becomes clac
        push    esp
        call    [%2]
        add     esp, 4
        jmp     interrupt_return
%endmacro

; A call with a short way: its own handler gets the first four arguments and answers the result, or a number below 0 if
; quickEnd is to go on with the frame.
%macro perform_quickly 1
        pushad
        push    ds
        push    es
        push    fs
        push    gs
        mov     edi, KERNEL_DATA
        mov     ds, edi
        mov     es, edi
        cld
%1:     db      0x0F, 0x1F, 0x00        ; nop: becomes clac
        push    esi
        push    edx
        push    ecx
        push    ebx
        and     eax, 7
        call    [QUICK_HANDLERS + eax * 4]
        add     esp, 16
        test    eax, eax
        js      .unusual
        mov     [esp + 44], eax
        pop     gs
        pop     fs
        pop     es
        pop     ds
        popad
        add     esp, 8
        iretd
.unusual:
        mov     ecx, esp
        push    eax
        push    ecx
        call    [QUICK_END]
        add     esp, 8
        jmp     interrupt_return
%endmacro

; What an interrupt would have pushed.
%macro sysenter_frame 0
        push    dword USER_DATA
        push    ebp
        pushfd
        or      dword [esp], 0x200      ; programs run with interrupts on
        push    dword 2
        popfd                           ; a program may have set the trap and nested-task flags
        push    dword USER_CODE
        push    eax
        mov     eax, [ss:TASK]
        mov     eax, [ss:eax + SYSENTER_RETURN]
        xchg    eax, [esp]
%endmacro

section .text

global system_call_interrupt
align 16
system_call_interrupt:
        cmp     eax, [ss:LIMIT]
        jae     .high
        push    ecx
        movzx   ecx, byte [ss:ANSWERS + eax]
        jecxz   .other
        add     ecx, [ss:TASK]
        mov     eax, [ss:ecx]
        pop     ecx
        iretd
.high:  cmp     eax, CALL_OF_PORT
        je      port_call
        cmp     eax, REPLY_TO_PORT
        je      port_reply
        jmp     .full
.other: pop     ecx
        bt      [ss:QUICK], eax
        jc      quick_interrupt
.full:  push    dword 0
        push    dword CALL_VECTOR
        perform interrupt_access_site, HANDLER
quick_interrupt:
        push    eax                     ; for who makes the call again
        push    dword CALL_VECTOR
        perform_quickly quick_interrupt_access_site

; Call and reply between programs, the shortest way: of the frame only the segments are written at once. What a function
; preserves is preserved by the handler, also where another thread runs meanwhile. The rest of the frame is written only
; if the thread has something to see to (a signal, its end), which then goes on by the way of an interrupt.
;
; Swift: @convention(c) (five arguments, the gate's task) -> Int: the result
;   In: ebx, ecx, edx, esi, edi. Preserved: everything but eax.
; Arguments: the name of its place where access is forbidden, and who performs the call.
%macro port_way 2
        sub     esp, 10 * 4             ; error code, vector and 8 registers
        push    ds
        push    es
        push    fs
        push    gs
        push    ecx
        push    edx
        push    dword [ss:TASK]
        push    edi
        push    esi
        push    edx
        push    ecx
        push    ebx
        mov     ecx, KERNEL_DATA
        mov     ds, ecx
        mov     es, ecx
        cld
%1:     db      0x0F, 0x1F, 0x00        ; nop: becomes clac
        call    [%2]
        mov     ecx, [TASK]
        cmp     byte [ecx], 0           ; hasWork
        jne     port_work
        add     esp, 6 * 4
        pop     edx
        pop     ecx
        pop     gs
        pop     fs
        pop     es
        pop     ds
        add     esp, 10 * 4
        iretd
%endmacro

align 16
port_call:
        port_way port_call_site, PORT_CALL
align 16
port_reply:
        port_way port_reply_site, PORT_REPLY

; The program's other registers are in place again.
port_work:
        add     esp, 6 * 4
        pop     edx
        pop     ecx
        add     esp, 4 * 4              ; the segments are where they belong
        add     esp, 10 * 4
        push    dword 0
        push    dword CALL_VECTOR
        pushad
        sub     esp, 4 * 4
        push    esp
        call    [PORT_END]
        add     esp, 4
        jmp     interrupt_return

; The program's stack pointer is in ebp, and what it had in ebp lies on top of that stack. The flags are still the
; program's but for the interrupt flag: with the trap flag the first thing that happens here is a debug exception, on the
; few words of stack that the processor has loaded (interrupt_stub_1). Where to return to is always the same place.
global system_call_sysenter
align 16
system_call_sysenter:
        mov     esp, [ss:processor_block + 4]
        cmp     eax, [ss:LIMIT]
        jae     .full
        push    ecx
        movzx   ecx, byte [ss:ANSWERS + eax]
        jecxz   .other
        add     ecx, [ss:TASK]
        mov     eax, [ss:ecx]
        mov     edx, [ss:TASK]
        mov     edx, [ss:edx + SYSENTER_RETURN]
        mov     ecx, ebp
        sti                             ; holds interrupts off for one more instruction
        sysexit
.other: pop     ecx
        bt      [ss:QUICK], eax
        jc      quick_sysenter
.full:  sysenter_frame
        push    dword 0
        push    dword SYSENTER_VECTOR
        perform sysenter_access_site, HANDLER
quick_sysenter:
        sysenter_frame
        push    eax                     ; for who makes the call again
        push    dword SYSENTER_VECTOR
        perform_quickly quick_sysenter_access_site

%include "CallPages.inc"

; Room for one exception, before the entry by sysenter has found the thread's stack.
section .bss
global sysenter_stack_top
alignb 16
        resb    64
sysenter_stack_top:

section .rodata
; What becomes clac where the processor has it; see Protections.swift.
global call_access_sites
align 4
call_access_sites:
        dd      interrupt_access_site, sysenter_access_site, port_call_site, port_reply_site
        dd      quick_interrupt_access_site, quick_sysenter_access_site, 0
