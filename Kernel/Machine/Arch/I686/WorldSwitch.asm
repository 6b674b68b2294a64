; Into a guest and out of it, on i686.
;
; These pages are mapped twice: with the kernel's text, and at WORLD_SWITCH, the bottom of the top 4 MiB, in the kernel's
; own tables and in those of every guest. Only there does the code go on running while cr3 changes. It refers to itself
; relatively, so it does not matter where it was linked. A guest may read it, and finds nothing but this.
;
; world_enter: called only by cpu_enter_world of CMachine.h.
;   In: eax, the address of the guest's state page, at the same place in both sets of tables. The page below it ends
;   with the guest's registers (GuestRegisters of GuestInterface): they are popped to enter, and pushed to leave.
;   Out: eax, where the registers were saved. Preserved: nothing. Stack: kept. Interrupts: off, before and after.
;
; The state page (WorldPages of Kernel/Guests/GuestPages) can be written in the kernel's tables only. Its task state names the
; end of the registers' page as the stack of ring 0, so the processor itself pushes the upper five words.
;
; A fault in here can only be a segment register or a return that the guest's descriptors forbid. It comes from ring 0,
; by which the way out knows it, and is told as vector 256.

bits 32

KERNEL_CODE     equ 0x60                ; Selectors32.kernelCode
KERNEL_DATA     equ 0x68                ; Selectors32.kernelData
KERNEL_TASK     equ 0x80                ; Selectors32.task; the guest's task state has the same number
SWITCHER_DATA   equ 0x58                ; ring 0 data in a guest's table
SYSENTER_CODE   equ 0x174               ; the register's number
SEGMENT_FAULT   equ 256                 ; not a vector

REGISTERS_SIZE  equ 72
VECTOR          equ 44                  ; in the registers

HOST_CR3        equ 0                   ; in the state page
HOST_CR4        equ 4
HOST_STACK      equ 8
GUEST_CR3       equ 12
GUEST_CR4       equ 16
HOST_SEGMENTS   equ 20                  ; operands of lgdt and lidt
HOST_GATES      equ 28
GUEST_SEGMENTS  equ 36
GUEST_GATES     equ 44
HOST_TASK_BUSY  equ 52                  ; where the busy bit of the kernel's task lies
HOST_SYSENTER   equ 56                  ; the kernel's code selector for sysenter, or 0 if there is no such register
FAULT_ADDRESS   equ 60
GUEST_TASK_BUSY equ 0x100 + KERNEL_TASK + 5

section .text

align 4096
global world_switch_start
world_switch_start:

global world_enter
world_enter:
        mov     [eax + HOST_STACK], esp
        cmp     dword [eax + HOST_SYSENTER], 0
        je      .tables
        mov     ebx, eax                ; sysenter would take the guest to ring 0 with the guest's own memory
        mov     ecx, SYSENTER_CODE
        xor     eax, eax
        xor     edx, edx
        wrmsr
        mov     eax, ebx
.tables:
        mov     edx, [eax + GUEST_CR4]
        mov     cr4, edx
        lgdt    [eax + GUEST_SEGMENTS]
        lidt    [eax + GUEST_GATES]
        and     byte [eax + GUEST_TASK_BUSY], ~2
        mov     edx, KERNEL_TASK
        ltr     dx
        mov     edx, [eax + GUEST_CR3]
        lea     esp, [eax - REGISTERS_SIZE]
        mov     cr3, edx
        pop     eax
        pop     ebx
        pop     ecx
        pop     edx
        pop     esi
        pop     edi
        pop     ebp
        pop     gs
        pop     fs
        pop     ds
        pop     es
        add     esp, 8                  ; vector and error code
        iretd

align 16
world_leave:
        push    es
        push    ds
        push    fs
        push    gs
        push    ebp
        push    edi
        push    esi
        push    edx
        push    ecx
        push    ebx
        push    eax
        mov     eax, SWITCHER_DATA
        mov     ds, eax
        mov     ebp, esp
        or      ebp, 0xFFF
        inc     ebp                     ; the state page
        test    byte [esp + VECTOR + 12], 3
        jnz     .tables
        mov     dword [esp + VECTOR], SEGMENT_FAULT
.tables:
        mov     eax, [ebp + HOST_CR3]
        mov     cr3, eax
        mov     eax, [ebp + HOST_CR4]
        mov     cr4, eax
        mov     eax, cr2
        mov     [ebp + FAULT_ADDRESS], eax
        lgdt    [ebp + HOST_SEGMENTS]
        lidt    [ebp + HOST_GATES]
        mov     eax, [ebp + HOST_TASK_BUSY]
        and     byte [eax], ~2
        mov     eax, KERNEL_TASK
        ltr     ax
        mov     eax, KERNEL_DATA
        mov     ds, eax
        mov     es, eax
        mov     ss, eax
        mov     eax, [ebp + HOST_SYSENTER]
        test    eax, eax
        jz      .stack
        mov     ecx, SYSENTER_CODE
        xor     edx, edx
        wrmsr
.stack: xor     eax, eax
        mov     fs, eax
        mov     gs, eax
        cld                             ; the calling convention wants it, the guest may have set it
        mov     eax, esp
        mov     esp, [ebp + HOST_STACK]
        jmp     KERNEL_CODE:.host       ; back to where the kernel is linked
.host:  ret

; Vectors for which the processor pushes an error code: 8, 10-14, 17, 21, 29, 30.
%macro world_stub 1
world_stub_%1:
  %if !(%1 == 8 || (%1 >= 10 && %1 <= 14) || %1 == 17 || %1 == 21 || %1 == 29 || %1 == 30)
        push    dword 0
  %endif
        push    dword %1
        jmp     world_leave
%endmacro

%assign vector 0
%rep 256
        world_stub vector
  %assign vector vector + 1
%endrep

align 4096
global world_switch_end
world_switch_end:

section .rodata
; How far from world_switch_start the stub of each vector lies.
global world_stub_table
align 4
world_stub_table:
%assign vector 0
%rep 256
        dd      world_stub_ %+ vector - world_switch_start
  %assign vector vector + 1
%endrep
