; Copying to and from programs on x86_64: every instruction here that touches a program's memory may fault.
;
; C: uintptr_t user_copy(uintptr_t to, uintptr_t from, uintptr_t count)         bytes that were not copied
;    uintptr_t user_clear(uintptr_t to, uintptr_t count)                        bytes that were not cleared
;    uintptr_t user_string(uintptr_t to, uintptr_t from, uintptr_t limit)       bytes before the zero, limit if there
;                                                                               is none, or -1
;    uint64_t  user_load32(uintptr_t from)                                      the word, or 1 << 32
;    uint64_t  user_store32(uintptr_t to, uint32_t value)                       0, or 1 << 32
;    uint64_t  user_exchange32(uintptr_t at, uint32_t expected, uint32_t value) what was there, or 1 << 32; atomic
;   Preserved: what the calling convention says. Stack: the caller's. Interrupts: as they are. The direction flag is
;   clear. The caller has checked that the addresses are a program's.
;
; A page fault at an instruction of the table goes on there if the page could be brought, and otherwise at the label
; beside it. A repeated instruction has its progress in its registers, so that what is left is known. Words are copied
; before bytes; a fault in a word counts it as not copied.
;
; Supervisor-mode access prevention is lifted from `allow` to `forbid` and nowhere else; see Protections.swift for how
; these become stac and clac. The fault's handler has it on again, and its return brings back the flag.

bits 64
default rel

%macro allow 0
  %%site: db 0x0F, 0x1F, 0x01           ; nop [rcx]: becomes stac
  [section .rodata]
        dq %%site
  __?SECT?__
%endmacro

%macro forbid 0
  %%site: db 0x0F, 0x1F, 0x00           ; nop [rax]: becomes clac
  [section .rodata]
        dq %%site
  __?SECT?__
%endmacro

section .rodata
align 8
global user_copy_sites
user_copy_sites:                        ; the macros append to it

section .text

global user_copy
align 16
user_copy:
        allow
        mov     rcx, rdx
        shr     rcx, 3
copy_words:
        rep movsq
        mov     ecx, edx
        and     ecx, 7
copy_bytes:
        rep movsb
        mov     rax, rcx
        forbid
        ret
copy_words_failed:
        and     edx, 7
        lea     rcx, [rdx + rcx * 8]
copy_bytes_failed:
        mov     rax, rcx
        forbid
        ret

global user_clear
align 16
user_clear:
        allow
        xor     eax, eax
        mov     rcx, rsi
        shr     rcx, 3
clear_words:
        rep stosq
        mov     ecx, esi
        and     ecx, 7
clear_bytes:
        rep stosb
        mov     rax, rcx
        forbid
        ret
clear_words_failed:
        and     esi, 7
        lea     rcx, [rsi + rcx * 8]
clear_bytes_failed:
        mov     rax, rcx
        forbid
        ret

global user_string
align 16
user_string:
        allow
        xor     eax, eax
        test    rdx, rdx
        jz      string_end
string_load:
        mov     cl, [rsi + rax]
        mov     [rdi + rax], cl
        test    cl, cl
        jz      string_end
        inc     rax
        cmp     rax, rdx
        jb      string_load
string_end:
        forbid
        ret
string_failed:
        mov     rax, -1
        forbid
        ret

global user_load32
align 16
user_load32:
        allow
load:   mov     eax, [rdi]
        forbid
        ret

global user_store32
align 16
user_store32:
        allow
store:  mov     [rdi], esi
        xor     eax, eax
        forbid
        ret

global user_exchange32
align 16
user_exchange32:
        allow
        mov     eax, esi
exchange:
        lock cmpxchg [rdi], edx
        mov     eax, eax                ; the upper half is kept where the exchange took place
        forbid
        ret
word_failed:
        mov     eax, 1
        shl     rax, 32
        forbid
        ret

section .rodata
        dq 0                            ; the end of the sites

; Where a fault may come, and where it goes on when the page can't be had.
global user_copy_faults
align 8
user_copy_faults:
        dq copy_words, copy_words_failed
        dq copy_bytes, copy_bytes_failed
        dq clear_words, clear_words_failed
        dq clear_bytes, clear_bytes_failed
        dq string_load, string_failed
        dq load, word_failed
        dq store, word_failed
        dq exchange, word_failed
        dq 0, 0
