; One page with which a running node starts a core: reached in real mode at 0x9000 by the start-up interrupt.
;
; Swift: none. In: cs.base = 0x9000. The page lies at the same address in system memory, where the core begins, and in
; the memory of the node that is started, where it finds itself once its lookup table is in force.

TRAMPOLINE equ 0x9000

        org     TRAMPOLINE
bits 16
        cli
        cld
        o32 lgdt [cs:trampoline_register - $$]
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        jmp     dword CODE32:start_core

align 8
trampoline_register:
        dw descriptor_table_end - descriptor_table - 1
        dd descriptor_table

%include "StartCore.inc"

        times 4096 - ($ - $$) db 0xF4
