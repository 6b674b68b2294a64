; The first instructions of the x86_64 kernel: from what a Multiboot loader leaves to Swift in long mode.
;
; Reached in 32-bit protected mode, paging off, interrupts off, flat segments; eax = the loader's magic number,
; ebx = the physical address of its information (Multiboot 0.6.96, 3.2). There is no stack.
;
; The first 4 GiB of physical memory appear three times until Swift has built the real tables: at their own
; addresses, in which this code runs; in PML4 slot 128, where the kernel is linked; and in slot 129, the direct map.
; All three share four page directories of 2 MiB pages.
;
; Calls: void kernel_entry(uint32_t magic, uint32_t information)   [System V, does not return]

bits 32

%include "MultibootHeaders.inc"

extern kernel_entry
extern boot_pml4_physical, boot_pdpt_physical, boot_directories_physical
extern boot_stack_top, boot_ticks_physical, boot_rate_physical

CR0_WP     equ 1 << 16
CR0_PG     equ 1 << 31
CR4_PAE    equ 1 << 5
EFER       equ 0xC0000080
EFER_LME   equ 1 << 8
EFER_NXE   equ 1 << 11
PAGE_PRESENT_WRITABLE_LARGE equ 0x83
PAGE_PRESENT_WRITABLE equ 0x03
EFLAGS_ID  equ 1 << 21
IMAGE_SLOT equ 128
DIRECT_SLOT equ 129

global _start, node_start
section .boot.text progbits alloc exec nowrite align=16

_start:
        cli
        cld
        mov     esi, eax                        ; cpuid destroys eax and ebx
        mov     edi, ebx
        mov     esp, boot_directories_physical + 4096

        mov     ebp, no_long_mode_text          ; what refuse says; overwritten once long mode is there
        pushfd                                  ; cpuid exists exactly if bit 21 of eflags can be changed
        pop     eax
        mov     ecx, eax
        xor     eax, EFLAGS_ID
        push    eax
        popfd
        pushfd
        pop     eax
        xor     eax, ecx
        test    eax, EFLAGS_ID
        jz      refuse
        rdtsc                                   ; the cost of start-up counts from here
        mov     [boot_ticks_physical], eax
        mov     [boot_ticks_physical + 4], edx
        mov     eax, 0x80000000
        cpuid
        cmp     eax, 0x80000001
        jb      refuse
        mov     eax, 0x80000001
        cpuid
        test    edx, 1 << 29                    ; long mode
        jz      refuse
        mov     ebp, edx

        mov     eax, PAGE_PRESENT_WRITABLE_LARGE
        xor     edx, edx
        mov     ecx, boot_directories_physical
.fill:  mov     [ecx], eax                      ; 2048 entries of 2 MiB: 4 GiB
        mov     [ecx + 4], edx
        add     eax, 0x200000
        add     ecx, 8
        cmp     ecx, boot_directories_physical + 4 * 4096
        jne     .fill

        mov     ecx, boot_pdpt_physical
        mov     dword [ecx +  0], boot_directories_physical + 0x0000 + PAGE_PRESENT_WRITABLE
        mov     dword [ecx +  8], boot_directories_physical + 0x1000 + PAGE_PRESENT_WRITABLE
        mov     dword [ecx + 16], boot_directories_physical + 0x2000 + PAGE_PRESENT_WRITABLE
        mov     dword [ecx + 24], boot_directories_physical + 0x3000 + PAGE_PRESENT_WRITABLE
        mov     ecx, boot_pml4_physical
        mov     dword [ecx], boot_pdpt_physical + PAGE_PRESENT_WRITABLE
        mov     dword [ecx + 8 * IMAGE_SLOT], boot_pdpt_physical + PAGE_PRESENT_WRITABLE
        mov     dword [ecx + 8 * DIRECT_SLOT], boot_pdpt_physical + PAGE_PRESENT_WRITABLE

        mov     eax, cr4
        or      eax, CR4_PAE
        mov     cr4, eax
        mov     cr3, ecx
        mov     ecx, EFER
        rdmsr
        or      eax, EFER_LME
        test    ebp, 1 << 20                    ; the no-execute bit, where the processor has it
        jz      .enable
        or      eax, EFER_NXE
.enable:
        wrmsr
        mov     eax, cr0
        or      eax, CR0_PG | CR0_WP
        mov     cr0, eax                        ; compatibility mode until cs names a 64-bit segment
        lgdt    [descriptor_register]
        jmp     0x08:long_mode

%include "Refuse.inc"

bits 64
long_mode:
        xor     eax, eax
        mov     ds, eax
        mov     es, eax
        mov     ss, eax
        mov     fs, eax
        mov     gs, eax
        mov     rax, high
        jmp     rax                             ; absolute: out of the identity view

; Reached by a jump to the image's first byte from start-up code that has put the node's lookup table in force
; (Boot/Reset/StartCore.inc): long mode, the image appears where it is loaded and where it is linked.
;   eax = BootStructure.startMagic, ebx = the core address of the boot structure, ecx = ticks in a millisecond.
node_start:
        mov     esi, eax
        mov     edi, ebx
        mov     [abs boot_rate_physical], ecx
        rdtsc
        mov     [abs boot_ticks_physical], eax
        mov     [abs boot_ticks_physical + 4], edx
        mov     eax, 0x80000001                 ; the no-execute bit, where the processor has it
        cpuid
        test    edx, 1 << 20
        jz      long_mode
        mov     ecx, EFER
        rdmsr
        or      eax, EFER_NXE
        wrmsr
        jmp     long_mode

no_long_mode_text: db "apus: this processor has no long mode; use the i686 kernel", 10, 0

align 8
descriptor_table:
        dq 0
        dq 0x00209B0000000000                   ; 64-bit code, ring 0 (AMD APM vol. 2, 4.8.1)
descriptor_register:
        dw 15
        dd descriptor_table

section .text
high:   mov     rsp, boot_stack_top
        xor     ebp, ebp                        ; the end of every backtrace
        mov     r8d, edi
        mov     edi, esi
        mov     esi, r8d
        call    kernel_entry
.halt:  hlt
        jmp     .halt
