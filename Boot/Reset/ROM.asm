; The ROM of a machine without a BIOS: 64 KiB that end at 4 GiB, with the instruction that a core fetches first at
; 0xFFFFFFF0.
;
; Swift: none. Reached in real mode with cs.base = 0xFFFF0000 by the first core, and in real mode at 0xFF000 (the
; ROM's last page, which the chip set shows below 1 MiB too) by the others, when the first one releases their reset
; pins. Sets a stack, a GDT, enters protected mode and goes on in StartCore.inc, which jumps to 0x100000.
;
; What a core is to do stands in its registers in system memory (StartCore.inc). Which reset pins are released stands
; in RESET_PINS, a bit for each core; the management console wrote both before the machine's power came on.

ROM_START       equ 0xFFFF0000
SECONDARY_START equ 0xFFFFF000                  ; appears at 0xFF000 too, so the start-up interrupt's vector is FF
SECONDARY_PAGE  equ 0xFF
RESET_PINS      equ 0x0F000                     ; system address, 64 bits
FIRST_STACK     equ 0x0F000                     ; grows down from below the pins
CONTROLLER      equ 0xFEE00000                  ; the local APIC
COMMAND_LOW     equ 0x300
COMMAND_HIGH    equ 0x310
INIT_COMMAND    equ 0x4500                      ; Intel SDM volume 3, 10.6.1: edge, assert, INIT
START_COMMAND   equ 0x4600 | SECONDARY_PAGE     ; start up at 0xFF000

TIMER_2         equ 0x42
TIMER_COMMAND   equ 0x43
TIMER_GATE      equ 0x61
TEN_MILLISECONDS equ 11932                      ; of 1,193,182 Hz
FIVE_TRIALS     equ 5

        org     ROM_START

        db      "APUS start-up ROM 1", 0        ; what `apus scc stage` looks for

%include "StartCore.inc"

; The first core, in protected mode: measures the clock, releases the others, and becomes core 0.
bits 32
first_core:
        mov     eax, DATA
        mov     ds, eax
        mov     es, eax
        mov     ss, eax
        mov     esp, FIRST_STACK

        ; INIT sends the first core here, where it holds every other one (Intel SDM volume 3, 8.4.2): if its pin was
        ; released once and is not now, another node has pulled it, and the core is to stand still.
        mov     ecx, STATE_HELD
        xchg    ecx, [CORE_REGISTERS + REGISTER_STATE]
        cmp     ecx, STATE_RELEASED
        jne     .held

        ; Pull the reset pins of all others first: by the time the clock is measured they hold still.
        mov     ebx, INIT_COMMAND
        call    command_released_cores

        ; The rate of the time stamp counter, by the interval timer. An emulated core may stand still anywhere, which
        ; only ever lengthens a measurement, so the shortest of five counts.
        mov     edi, -1
        mov     ebp, FIVE_TRIALS
.trial: call    ten_milliseconds
        cmp     eax, edi
        jae     .longer
        mov     edi, eax
.longer:
        dec     ebp
        jnz     .trial
        mov     eax, edi
        xor     edx, edx
        mov     ecx, 10
        div     ecx
        mov     esi, CORE_REGISTERS
        mov     ecx, 64
.rate:  mov     [esi + REGISTER_RATE], eax
        add     esi, 0x1000
        dec     ecx
        jnz     .rate

        mov     ebx, START_COMMAND
        call    command_released_cores
        jmp     start_core

.held:  cli
        hlt
        jmp     .held

; Sends the command in ebx to every core but the first whose reset pin is released. Destroys eax, ecx, edx.
command_released_cores:
        mov     ecx, 1
.core:  bt      dword [RESET_PINS], ecx
        jnc     .next
        mov     eax, ecx
        shl     eax, 24
        mov     [CONTROLLER + COMMAND_HIGH], eax
        mov     [CONTROLLER + COMMAND_LOW], ebx
.wait:  test    dword [CONTROLLER + COMMAND_LOW], 1 << 12
        jnz     .wait
.next:  inc     ecx
        cmp     ecx, 64
        jne     .core
        ret

; eax = ticks of the time stamp counter in ten milliseconds. Destroys ecx, edx.
ten_milliseconds:
        in      al, TIMER_GATE
        and     al, 0xFC                        ; gate off, loudspeaker off
        out     TIMER_GATE, al
        mov     al, 0xB0                        ; channel 2, low then high byte, mode 0
        out     TIMER_COMMAND, al
        mov     al, TEN_MILLISECONDS & 0xFF
        out     TIMER_2, al
        mov     al, TEN_MILLISECONDS >> 8
        out     TIMER_2, al
        in      al, TIMER_GATE
        or      al, 0x01
        out     TIMER_GATE, al                  ; counts from here
        rdtsc
        mov     ecx, eax
.wait:  in      al, TIMER_GATE
        test    al, 0x20                        ; the channel's output rises at 0
        jz      .wait
        rdtsc
        sub     eax, ecx
        ret

; The first core, in real mode.
bits 16
first_core_real:
        cli
        xor     ax, ax
        mov     ss, ax
        mov     sp, 0x7000
        o32 lgdt [cs:descriptor_register - $$]
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        jmp     dword CODE32:first_core

align 8
descriptor_register:
        dw descriptor_table_end - descriptor_table - 1
        dd descriptor_table

        times SECONDARY_START - ROM_START - ($ - $$) db 0xF4

; Every other core, in real mode, cs.base = 0xFF000.
secondary_core_real:
        cli
        o32 lgdt [cs:secondary_register - $$ - (SECONDARY_START - ROM_START)]
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        jmp     dword CODE32:start_core

align 8
secondary_register:
        dw descriptor_table_end - descriptor_table - 1
        dd descriptor_table

        times 0xFFF0 - ($ - $$) db 0xF4
; What a core fetches first: Intel SDM volume 3, 9.1.4.
        jmp     near first_core_real
        times 0x10000 - ($ - $$) db 0
