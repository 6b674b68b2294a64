; Copying to and from programs on i686: every instruction here that touches a program's memory may fault.
;
; C: uintptr_t user_copy(uintptr_t to, uintptr_t from, uintptr_t count)         bytes that were not copied
;    uintptr_t user_clear(uintptr_t to, uintptr_t count)                        bytes that were not cleared
;    uintptr_t user_string(uintptr_t to, uintptr_t from, uintptr_t limit)       bytes before the zero, limit if there
;                                                                               is none, or -1
;    uint64_t  user_load32(uintptr_t from)                                      the word, or 1 << 32
;    uint64_t  user_store32(uintptr_t to, uint32_t value)                       0, or 1 << 32
;    uint64_t  user_exchange32(uintptr_t at, uint32_t expected, uint32_t value) what was there, or 1 << 32; atomic
;   Preserved: what the calling convention says. Stack: the caller's; it has the arguments. Interrupts: as they are.
;   The direction flag is clear. The caller has checked that the addresses are a program's.
;
; A page fault at an instruction of the table goes on there if the page could be brought, and otherwise at the label
; beside it. A repeated instruction has its progress in its registers, so that what is left is known. Words are copied
; before bytes; a fault in a word counts it as not copied.
;
; Supervisor-mode access prevention is lifted from `allow` to `forbid` and nowhere else; see Protections.swift for how
; these become stac and clac. The fault's handler has it on again, and its return brings back the flag.

bits 32

%macro allow 0
  %%site: db 0x0F, 0x1F, 0x01           ; nop [ecx]: becomes stac
  [section .rodata]
        dd %%site
  __?SECT?__
%endmacro

%macro forbid 0
  %%site: db 0x0F, 0x1F, 0x00           ; nop [eax]: becomes clac
  [section .rodata]
        dd %%site
  __?SECT?__
%endmacro

section .rodata
align 4
global user_copy_sites
user_copy_sites:                        ; the macros append to it

section .text

global user_copy
align 16
user_copy:
        push    edi
        push    esi
        mov     edi, [esp + 12]
        mov     esi, [esp + 16]
        mov     edx, [esp + 20]
        allow
        mov     ecx, edx
        shr     ecx, 2
copy_words:
        rep movsd
        mov     ecx, edx
        and     ecx, 3
copy_bytes:
        rep movsb
copy_end:
        forbid
        mov     eax, ecx
        pop     esi
        pop     edi
        ret
copy_words_failed:
        and     edx, 3
        lea     ecx, [edx + ecx * 4]
        jmp     copy_end

global user_clear
align 16
user_clear:
        push    edi
        mov     edi, [esp + 8]
        mov     edx, [esp + 12]
        allow
        xor     eax, eax
        mov     ecx, edx
        shr     ecx, 2
clear_words:
        rep stosd
        mov     ecx, edx
        and     ecx, 3
clear_bytes:
        rep stosb
clear_end:
        forbid
        mov     eax, ecx
        pop     edi
        ret
clear_words_failed:
        and     edx, 3
        lea     ecx, [edx + ecx * 4]
        jmp     clear_end

global user_string
align 16
user_string:
        push    edi
        push    esi
        mov     edi, [esp + 12]
        mov     esi, [esp + 16]
        mov     edx, [esp + 20]
        allow
        xor     eax, eax
        test    edx, edx
        jz      string_end
string_load:
        mov     cl, [esi + eax]
        mov     [edi + eax], cl
        test    cl, cl
        jz      string_end
        inc     eax
        cmp     eax, edx
        jb      string_load
string_end:
        forbid
        pop     esi
        pop     edi
        ret
string_failed:
        mov     eax, -1
        jmp     string_end

global user_load32
align 16
user_load32:
        mov     ecx, [esp + 4]
        allow
load:   mov     eax, [ecx]
        xor     edx, edx
        forbid
        ret

global user_store32
align 16
user_store32:
        mov     ecx, [esp + 4]
        mov     eax, [esp + 8]
        allow
store:  mov     [ecx], eax
        xor     eax, eax
        xor     edx, edx
        forbid
        ret

global user_exchange32
align 16
user_exchange32:
        mov     ecx, [esp + 4]
        mov     eax, [esp + 8]
        mov     edx, [esp + 12]
        allow
exchange:
        lock cmpxchg [ecx], edx
        xor     edx, edx
        forbid
        ret
word_failed:
        xor     eax, eax
        mov     edx, 1
        forbid
        ret

section .rodata
        dd 0                            ; the end of the sites

; Where a fault may come, and where it goes on when the page can't be had.
global user_copy_faults
align 4
user_copy_faults:
        dd copy_words, copy_words_failed
        dd copy_bytes, copy_end
        dd clear_words, clear_words_failed
        dd clear_bytes, clear_end
        dd string_load, string_failed
        dd load, word_failed
        dd store, word_failed
        dd exchange, word_failed
        dd 0, 0
