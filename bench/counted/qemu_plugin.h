// The functions of QEMU's plugin interface, version 1 (QEMU 4.2 to 8.2), that counter.cc calls.
//
// Debian's QEMU has plugins enabled but no header package, so these declarations were written from
// QEMU's documentation ("QEMU TCG Plugins"). Nothing is linked here: the emulator that loads the
// plugin defines the functions. Tried by ./dev bench --counted.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

struct qemu_info_t;
struct qemu_plugin_tb;  // a block of translated instructions, which always runs from its first one
struct qemu_plugin_insn;  // one of them

enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
enum qemu_plugin_mem_rw { QEMU_PLUGIN_MEM_RW = 3 };  // QEMU 7.2 treats R alone as W
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };

using qemu_plugin_id_t = std::uint64_t;
using qemu_plugin_translated = void (*)(qemu_plugin_id_t id, qemu_plugin_tb* block);
using qemu_plugin_executed = void (*)(unsigned cpu, void* data);
using qemu_plugin_accessed = void (*)(unsigned cpu, std::uint32_t info, std::uint64_t address,
                                      void* data);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_plugin_translated callback);
void qemu_plugin_register_vcpu_tb_exec_inline(qemu_plugin_tb* block, qemu_plugin_op operation,
                                              void* counter, std::uint64_t addend);
void qemu_plugin_register_vcpu_tb_exec_cb(qemu_plugin_tb* block, qemu_plugin_executed callback,
                                          qemu_plugin_cb_flags flags, void* data);
void qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_insn* instruction,
                                            qemu_plugin_executed callback,
                                            qemu_plugin_cb_flags flags, void* data);
void qemu_plugin_register_vcpu_mem_cb(qemu_plugin_insn* instruction, qemu_plugin_accessed callback,
                                      qemu_plugin_cb_flags flags, qemu_plugin_mem_rw access,
                                      void* data);

std::size_t qemu_plugin_tb_n_insns(const qemu_plugin_tb* block);
std::uint64_t qemu_plugin_tb_vaddr(const qemu_plugin_tb* block);
qemu_plugin_insn* qemu_plugin_tb_get_insn(const qemu_plugin_tb* block, std::size_t index);
const void* qemu_plugin_insn_data(const qemu_plugin_insn* instruction);
std::size_t qemu_plugin_insn_size(const qemu_plugin_insn* instruction);
std::uint64_t qemu_plugin_insn_vaddr(const qemu_plugin_insn* instruction);

}  // extern "C"
