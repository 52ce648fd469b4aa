# The first instructions: from whatever the loader left to a Rust function on a stack.
#
# On entry: either z/Architecture in 64-bit mode (QEMU, -kernel), or ESA/390 in 31-bit mode (a restart or
# an IPL on a machine without the configuration-z/Architecture-architectural-mode facility). DAT off,
# interruptions closed. On exit: z/Architecture, 64-bit mode, .bss zero, the main stack.

    .section .head, "awx", @progbits
    .globl start
start:
    larl %r1, esa390_program_new_psw
    mvc 0x68(8,%r0), 0(%r1)          # an early program check in ESA/390: unsupported machine
    larl %r1, early_program_new_psw
    mvc 0x1d0(16,%r0), 0(%r1)        # and in z/Architecture
    lhi %r1, 1                       # all CPUs to z/Architecture; refused (cc 1) where they already are
    sr %r2, %r2
    sigp %r1, %r2, 0x12              # order X'12': set architecture
    sam64                            # an operation exception if the machine is still in ESA/390
    xc 0x68(8,%r0), 0x68(%r0)
    jg start_in_64_bit_mode

    .balign 8
esa390_program_new_psw:
    .long 0x000a0000, 0x80000000 + {unsupported_machine}
early_program_new_psw:
    .quad 0x0002000180000000, {early_fault}

    # QEMU (7.0 and newer) reads here how long a parameter line may be, its terminating zero included.
    .org 0x430
    .quad {parameter_area_length}
    # QEMU writes the text of -append here; on any other loader it stays empty, or is written by it.
    .org 0x480
    .globl parameter_area
parameter_area:
    .fill {parameter_area_length}, 1, 0

    .section .text.boot, "ax", @progbits
start_in_64_bit_mode:
    # ESA/390 left the high halves of the general registers as they were: make all sixteen known.
    lghi %r0, 0
    lgr %r1, %r0
    lgr %r2, %r0
    lgr %r3, %r0
    lgr %r4, %r0
    lgr %r5, %r0
    lgr %r6, %r0
    lgr %r7, %r0
    lgr %r8, %r0
    lgr %r9, %r0
    lgr %r10, %r0
    lgr %r11, %r0
    lgr %r12, %r0
    lgr %r13, %r0
    lgr %r14, %r0
    # A loader of flat images does not know of .bss.
    larl %r2, __bss_start
    larl %r3, __bss_end
    slgr %r3, %r2
    lgr %r4, %r0
    lgr %r5, %r0
0:  mvcle %r2, %r4, 0
    jo 0b
    larl %r15, __main_stack_top
    aghi %r15, -160                  # ELF ABI s390x: the caller provides a 160-byte register save area
    xc 0(8,%r15), 0(%r15)            # the end of the back chain
    brasl %r14, {main}
    # Never reached: the function does not return.
    larl %r1, early_program_new_psw
    lpswe 0(%r1)
