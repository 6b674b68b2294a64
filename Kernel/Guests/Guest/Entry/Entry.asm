; The first instructions of a guest kernel of ours.
;
; The host enters ring 1 here with flat segments, no stack, esi naming the boot parameters at physical 0, and the guest's
; memory in view at its physical addresses. Interrupts are off, by the word of the shared page that says so.

bits 32

OFFSET          equ 0xC0000000
PRESENT_WRITABLE equ 3
TABLE_FLAGS     equ 7                   ; the pages' own entries say who may use them
LGUEST_INIT     equ 1                   ; HypercallNumber of Kernel/Guests/GuestInterface
NEW_PGTABLE     equ 4

extern guest_main, guest_root, guest_tables, guest_stack_top
extern guest_no_interrupt_start, guest_no_interrupt_end

section .boot.text exec

global guest_start
guest_start:
        cld
        ; 8 MiB, twice: where they are, until the jump below, and from OFFSET on.
        mov     edi, guest_tables - OFFSET
        mov     eax, PRESENT_WRITABLE
        mov     ecx, 2048
.page:  stosd
        add     eax, 4096
        loop    .page
        mov     edi, guest_root - OFFSET
        mov     eax, guest_tables - OFFSET + TABLE_FLAGS
        mov     [edi], eax
        mov     [edi + (OFFSET >> 22) * 4], eax
        add     eax, 4096
        mov     [edi + 4], eax
        mov     [edi + (OFFSET >> 22) * 4 + 4], eax

        mov     eax, LGUEST_INIT
        mov     ebx, guest_data - OFFSET
        int     0x1F
        mov     eax, NEW_PGTABLE
        mov     ebx, guest_root - OFFSET
        int     0x1F

        mov     esp, guest_stack_top
        xor     ebp, ebp
        mov     eax, guest_main
        call    eax
        ud2                             ; it does not return

section .data

; The page that guest and host share; GuestData of Kernel/Guests/GuestInterface.
align 16
global guest_data
guest_data:
        dd      0                       ; interrupts are off
        dd      1                       ; the clock's is not wanted yet
        times 4 dd 0                    ; fault address, time, pending
        times 64 db 0xFF                ; every entry of the ring is free
        times 64 * 20 db 0
        dd      0, 0                    ; reserved memory and the counter's rate: the host's to write
        dd      guest_no_interrupt_start, guest_no_interrupt_end
        dd      OFFSET                  ; from here on all tables are alike
        dd      0x80                    ; the vector of system calls
