; The first instructions of the i686 kernel: from what a Multiboot loader leaves to Swift with paging on.
;
; Reached in 32-bit protected mode, paging off, interrupts off, flat segments; eax = the loader's magic number,
; ebx = the physical address of its information (Multiboot 0.6.96, 3.2). There is no stack.
;
; Paging here is physical-address extension: it has the no-execute bit, and a nested page table needs it. One page
; directory of 2 MiB pages serves twice, for the identity view in which this code runs and for the view from
; 0xC0000000 in which the kernel is linked. Swift builds the real tables later and the identity view ends there.
;
; Calls: void kernel_entry(uint32_t magic, uint32_t information)   [cdecl, does not return]

bits 32

%include "MultibootHeaders.inc"

extern kernel_entry
extern boot_pdpt_physical, boot_directory_physical
extern boot_stack_top, boot_ticks_physical, boot_rate_physical

CR0_WP     equ 1 << 16
CR0_PG     equ 1 << 31
CR4_PAE    equ 1 << 5
EFER       equ 0xC0000080
EFER_NXE   equ 1 << 11
PAGE_PRESENT_WRITABLE_LARGE equ 0x83
PAGE_PRESENT equ 0x01
EFLAGS_ID  equ 1 << 21

global _start, node_start
section .boot.text progbits alloc exec nowrite align=16

_start:
        cli
        cld
        mov     esi, eax                        ; cpuid destroys eax and ebx
        mov     edi, ebx
        ; No stack yet: borrow the page that will be the boot page directory.
        mov     esp, boot_directory_physical + 4096

        ; Is there a cpuid instruction? Bit 21 of eflags can be changed exactly if there is (Intel SDM 3A, 20.1).
        pushfd
        pop     eax
        mov     ecx, eax
        xor     eax, EFLAGS_ID
        push    eax
        popfd
        pushfd
        pop     eax
        xor     eax, ecx
        test    eax, EFLAGS_ID
        mov     ebp, no_cpuid_text
        jz      refuse

        rdtsc                                   ; whoever has cpuid has this; the cost of start-up counts from here
        mov     [boot_ticks_physical], eax
        mov     [boot_ticks_physical + 4], edx
        mov     eax, 1
        cpuid
        test    edx, 1 << 6                     ; PAE
        mov     ebp, no_pae_text
        jz      refuse

        ; 512 entries of 2 MiB: the first GiB of physical memory, writable and executable until Swift takes over.
        mov     eax, PAGE_PRESENT_WRITABLE_LARGE
        mov     ecx, boot_directory_physical
.fill:  mov     [ecx], eax
        mov     dword [ecx + 4], 0
        add     eax, 0x200000
        add     ecx, 8
        cmp     ecx, boot_directory_physical + 4096
        jne     .fill

        ; Four directory pointers cover 4 GiB; the first and the last GiB show the same memory.
        mov     ecx, boot_pdpt_physical
        mov     dword [ecx], boot_directory_physical + PAGE_PRESENT
        mov     dword [ecx + 24], boot_directory_physical + PAGE_PRESENT

        mov     eax, cr4
        or      eax, CR4_PAE
        mov     cr4, eax
        mov     cr3, ecx

        mov     eax, 0x80000000                 ; the no-execute bit, where the processor has it
        cpuid
        cmp     eax, 0x80000001
        jb      .paging
        mov     eax, 0x80000001
        cpuid
        test    edx, 1 << 20
        jz      .paging
        mov     ecx, EFER
        rdmsr
        or      eax, EFER_NXE
        wrmsr
.paging:
        mov     eax, cr0
        or      eax, CR0_PG | CR0_WP
        mov     cr0, eax
        mov     eax, high
        jmp     eax                             ; absolute: out of the identity view

; Reached by a jump to the image's first byte from start-up code that has put the node's lookup table in force
; (Boot/Reset/StartCore.inc): paging is on, the image appears where it is loaded and where it is linked.
;   eax = BootStructure.startMagic, ebx = the core address of the boot structure, ecx = ticks in a millisecond.
node_start:
        mov     esi, eax
        mov     edi, ebx
        mov     [boot_rate_physical], ecx
        rdtsc
        mov     [boot_ticks_physical], eax
        mov     [boot_ticks_physical + 4], edx
        mov     eax, 0x80000000                 ; the no-execute bit, where the processor has it
        cpuid
        cmp     eax, 0x80000001
        jb      .high
        mov     eax, 0x80000001
        cpuid
        test    edx, 1 << 20
        jz      .high
        mov     ecx, EFER
        rdmsr
        or      eax, EFER_NXE
        wrmsr
.high:  mov     eax, high
        jmp     eax

%include "Refuse.inc"

no_cpuid_text: db "apus: this processor has no CPUID instruction; an i686 or later is needed", 10, 0
no_pae_text:   db "apus: this processor has no physical-address extension (CPUID.1:EDX bit 6)", 10, 0

section .text
high:   mov     esp, boot_stack_top
        xor     ebp, ebp                        ; the end of every backtrace
        push    edi
        push    esi
        call    kernel_entry
.halt:  hlt
        jmp     .halt
