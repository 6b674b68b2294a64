; Traps of a guest kernel of ours, and how it comes back from those that it asked for.
;
; guest_trap (Swift): void guest_trap(struct guest_frame *). Interrupts are off by the gate, which is an interrupt gate.

bits 32

KERNEL_DATA     equ 0x69
USER_CODE       equ 14 * 8 + 3
USER_DATA       equ 15 * 8 + 3
INTERRUPT_FLAG  equ 0x200

extern guest_trap, guest_data, guest_state

section .text

; Vectors with which the processor pushes an error code, and the host too.
%macro trap_stub 1
guest_stub_%1:
  %if !(%1 == 8 || (%1 >= 10 && %1 <= 14) || %1 == 17)
        push    dword 0
  %endif
        push    dword %1
        jmp     guest_common
%endmacro

%assign vector 0
%rep 256
        trap_stub vector
  %assign vector vector + 1
%endrep

guest_common:
        pushad
        push    ds
        push    es
        mov     eax, KERNEL_DATA        ; a program's may be anything
        mov     ds, eax
        mov     es, eax
        cld
        mov     eax, esp
        push    eax
        call    guest_trap
        add     esp, 4
        pop     es
        pop     ds
        popad
        add     esp, 8
        ; The processor's own interrupt flag is always on: what the frame says of it goes into the shared page. From
        ; the moment it stands there the host must not deliver, or the frame below would be buried: the window.
        push    eax
        mov     eax, [esp + 12]
        and     eax, INTERRUPT_FLAG
global guest_no_interrupt_start
guest_no_interrupt_start:
        mov     [ss:guest_data], eax
        pop     eax
        iretd
global guest_no_interrupt_end
guest_no_interrupt_end:

; uint32_t guest_attempt(uint32_t code)
global guest_attempt
guest_attempt:
        mov     eax, [esp + 4]
        push    ebp
        push    ebx
        push    esi
        push    edi
        mov     [guest_state], esp
        mov     dword [guest_state + 4], 1
        call    eax
        mov     dword [guest_state + 4], 0
        xor     eax, eax
        jmp     guest_attempt_end
global guest_recover
guest_recover:
        mov     eax, KERNEL_DATA        ; whatever was tried
        mov     ds, eax
        mov     es, eax
        mov     esp, [guest_state]
        cld
        mov     eax, 1
guest_attempt_end:
        pop     edi
        pop     esi
        pop     ebx
        pop     ebp
        ret

; uint32_t guest_run_program(uint32_t code, uint32_t stack): ends by system call 1 or by a trap, through guest_recover.
global guest_run_program
guest_run_program:
        mov     ecx, [esp + 4]
        mov     edx, [esp + 8]
        push    ebp
        push    ebx
        push    esi
        push    edi
        mov     [guest_state], esp
        mov     dword [guest_state + 4], 1
        mov     eax, USER_DATA
        mov     ds, eax
        mov     es, eax
        push    eax
        push    edx
        push    dword INTERRUPT_FLAG | 2
        push    dword USER_CODE
        push    ecx
        mov     dword [ss:guest_data], INTERRUPT_FLAG
        iretd


section .rodata

global guest_trap_table
align 4
guest_trap_table:
%assign vector 0
%rep 256
        dd      guest_stub_ %+ vector
  %assign vector vector + 1
%endrep
