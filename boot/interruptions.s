# The interruption stubs: six classes, the wait point, the storage probe, and the way to the fault stack.
#
# Interruptions are open at the wait point alone. What comes there goes on behind it, with its class in
# general register 2; whatever comes elsewhere is a fault, which is reported on a stack of its own. The words
# in braces are offsets into the lowcore (crates/zarch/src/lowcore.rs) and class numbers
# (crates/zarch/src/interruption.rs and fault.rs).

    .section .text.boot, "ax", @progbits

# wait_point(psw): loads the PSW, whose instruction address is wait_point_open.
    .globl wait_point
wait_point:
    lpswe 0(%r2)
    .globl wait_point_open
wait_point_open:
    # Executed only if the PSW has no wait bit and nothing was pending. It closes all interruptions in one
    # instruction: none can come between it and another.
    lpswe {wait_point_closed_psw}(%r0)
    .globl wait_point_closed
wait_point_closed:
    lghi %r2, {taken_none}
    br %r14

    .globl io_interruption
io_interruption:
    clc {io_old_psw}+8(8,%r0), {wait_point_address}(%r0)
    jne io_fault
    lghi %r2, {taken_io}
    br %r14

    .globl external_interruption
external_interruption:
    clc {external_old_psw}+8(8,%r0), {wait_point_address}(%r0)
    jne external_fault
    lghi %r2, {taken_external}
    br %r14

# A machine check that says "channel report pending" (bit 9) and, of bits 0 to 15, nothing else.
    .globl machine_check_interruption
machine_check_interruption:
    clc {machine_check_old_psw}+8(8,%r0), {wait_point_address}(%r0)
    jne machine_check_fault
    cli {machine_check_interruption_code}(%r0), 0
    jne machine_check_fault
    cli {machine_check_interruption_code}+1(%r0), 0x40
    jne machine_check_fault
    lghi %r2, {taken_channel_report}
    br %r14

# An addressing exception at the storage probe is the answer to it.
    .globl program_interruption
program_interruption:
    clc {program_old_psw}+8(8,%r0), {probe_address}(%r0)
    je storage_probe_refused
    cli {fault_depth}(%r0), 0
    jne double_fault
    stmg %r0, %r15, {fault_registers}(%r0)
    lghi %r2, {fault_program}
    j fault

machine_check_fault:
    cli {fault_depth}(%r0), 0
    jne double_fault
    stmg %r0, %r15, {fault_registers}(%r0)
    lghi %r2, {fault_machine_check}
    j fault

    .globl restart_interruption
restart_interruption:
    cli {fault_depth}(%r0), 0
    jne double_fault
    stmg %r0, %r15, {fault_registers}(%r0)
    lghi %r2, {fault_restart}
    j fault

    .globl svc_interruption
svc_interruption:
    cli {fault_depth}(%r0), 0
    jne double_fault
    stmg %r0, %r15, {fault_registers}(%r0)
    lghi %r2, {fault_svc}
    j fault

external_fault:
    cli {fault_depth}(%r0), 0
    jne double_fault
    stmg %r0, %r15, {fault_registers}(%r0)
    lghi %r2, {fault_external}
    j fault

io_fault:
    cli {fault_depth}(%r0), 0
    jne double_fault
    stmg %r0, %r15, {fault_registers}(%r0)
    lghi %r2, {fault_io}

# To the reporter, with the class in general register 2, on the fault stack.
fault:
    mvi {fault_depth}(%r0), 1
    larl %r15, __fault_stack_top
    aghi %r15, -160
    xc 0(8,%r15), 0(%r15)
    brasl %r14, {report_fault}
    # It does not return; and a fault while a fault is being reported is not reported.
double_fault:
    lpswe {double_fault_psw}(%r0)

# panic_on_fault_stack(information): the same for a panic; the registers are those of the caller.
    .globl panic_on_fault_stack
panic_on_fault_stack:
    cli {fault_depth}(%r0), 0
    jne double_fault
    stmg %r0, %r15, {fault_registers}(%r0)
    mvi {fault_depth}(%r0), 1
    larl %r15, __fault_stack_top
    aghi %r15, -160
    xc 0(8,%r15), 0(%r15)
    brasl %r14, {report_panic}
    j double_fault

# storage_probe(address): the condition code of TEST PROTECTION; 3 and 4: there is no such storage.
    .globl storage_probe
storage_probe:
    tprot 0(%r2), 0(%r0)
    .globl storage_probe_next
storage_probe_next:
    ipm %r2
    srl %r2, 28
    llgfr %r2, %r2
    br %r14
storage_probe_refused:
    lghi %r2, 4
    br %r14
