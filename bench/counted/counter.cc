// Counts a server's instructions exactly: a plugin for QEMU's emulation of a machine with one CPU.
//
// A block of translated code adds its number of instructions to one of two counters each time it
// runs: user or kernel, by its address. Whenever the kernel switches tasks, the increase of the
// counters is attributed to the task that ran; the switch identifies the next task by the address
// from which it loads the new stack pointer. Interrupts count for the interrupted task, as in
// hardware counters. The load generator marks the beginning and the end of the measured section
// with an instruction that has no effect (see bench/load/mark.h). Every task that ran user code in
// between, except the load generator, belongs to the server, and so do kernel workers of io_uring.
//
// A string instruction (rep movsb) counts as one instruction, as in hardware, however often it
// repeats; the bytes that it processes are counted separately. A block that an exception leaves
// early counts as a whole.
//
// Arguments: out=FILE worker=ADDRESS (of io_uring's worker function in the kernel) profile=FILE.
// The plugin writes a line to FILE for each measured section; with profile=, it writes the blocks
// that the server ran in the last section: address, instructions a run, runs. Tried by ./dev bench
// --counted.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string_view>
#include <unordered_map>

#include "bench/counted/qemu_plugin.h"

extern "C" {
__attribute__((visibility("default"))) int qemu_plugin_version = 1;
}

namespace {

struct Counts {
  std::uint64_t user = 0;
  std::uint64_t kernel = 0;
  std::uint64_t calls = 0;         // system calls
  std::uint64_t string_bytes = 0;  // processed by string instructions
};

struct Task {
  Counts spent;                // since the measured section began
  bool load = false;           // the load generator
  bool worker = false;         // a kernel worker of io_uring
  bool ran_user = false;       // known only while profiling
  std::uint64_t switches = 0;  // number of times that it got the CPU
};

struct Block {
  std::uint64_t address = 0;
  std::uint64_t instructions = 0;
  std::uint64_t runs = 0;  // by the server
};

Counts counted;                                 // by the emulated CPU, since boot
Counts settled;                                 // value of `counted` when `current` got the CPU
std::unordered_map<std::uint64_t, Task> tasks;  // by address; node-based: pointers stay valid
Task* current = &tasks[0];
std::deque<Block> blocks;  // pointers to its elements stay valid
std::uint64_t worker_address = 0;
bool profiling = false;
const char* profile_path = nullptr;
std::FILE* out = nullptr;

Counts operator-(const Counts& a, const Counts& b) {
  return {a.user - b.user, a.kernel - b.kernel, a.calls - b.calls, a.string_bytes - b.string_bytes};
}

Counts& operator+=(Counts& a, const Counts& b) {
  a.user += b.user;
  a.kernel += b.kernel;
  a.calls += b.calls;
  a.string_bytes += b.string_bytes;
  return a;
}

bool is_kernel(std::uint64_t address) { return address >> 63; }

bool is_server(const Task& task) {
  return !task.load && (task.worker || task.ran_user || task.spent.user > 0);
}

void settle() {
  current->spent += counted - settled;
  settled = counted;
}

// ---- events of the emulated machine -----------------------------------------------------------

void on_switch(unsigned, std::uint32_t, std::uint64_t stack_pointer_of_next, void*) {
  settle();
  current = &tasks[stack_pointer_of_next];
  ++current->switches;
}

void on_worker(unsigned, void*) { current->worker = true; }

void on_begin(unsigned, void*) {
  settle();
  for (auto& [address, task] : tasks) {
    task.spent = {};
    task.switches = 0;
    task.load = false;
  }
  current->load = true;
  for (Block& block : blocks) block.runs = 0;
}

void write_profile() {
  std::FILE* file = std::fopen(profile_path, "w");
  if (!file) return;
  for (const Block& block : blocks) {
    if (block.runs == 0) continue;
    std::fprintf(file, "%016lx %lu %lu\n", block.address, block.instructions, block.runs);
  }
  std::fclose(file);
}

void on_end(unsigned, void*) {
  settle();
  Counts server, load, others;
  std::uint64_t switches = 0;
  for (const auto& [address, task] : tasks) {
    if (is_server(task)) switches += task.switches;
    (is_server(task) ? server : task.load ? load : others) += task.spent;
  }
  std::fprintf(out,
               "user=%lu kernel=%lu calls=%lu switches=%lu string_bytes=%lu "
               "load_user=%lu load_kernel=%lu others=%lu\n",
               server.user, server.kernel, server.calls, switches, server.string_bytes, load.user,
               load.kernel, others.user + others.kernel);
  std::fflush(out);
  if (profiling) write_profile();
}

void on_block(unsigned, void* data) {
  auto* block = static_cast<Block*>(data);
  if (!is_kernel(block->address) && !current->load) current->ran_user = true;
  if (is_server(*current)) ++block->runs;
}

// ---- translation of blocks ----------------------------------------------------------------------

std::string_view bytes_of(const qemu_plugin_insn* instruction) {
  return {static_cast<const char*>(qemu_plugin_insn_data(instruction)),
          qemu_plugin_insn_size(instruction)};
}

// Bytes that one repetition processes; 0 for all instructions but repeated string instructions.
unsigned string_width(std::string_view bytes) {
  bool repeats = false;
  unsigned width = 4;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    const unsigned group = byte & 0xfe;
    if (byte == 0xf2 || byte == 0xf3) {
      repeats = true;
    } else if (byte == 0x66) {
      width = 2;
    } else if ((byte & 0xf0) == 0x40) {
      if (byte & 8) width = 8;
    } else if (group == 0xa4 || group == 0xa6 || (group >= 0xaa && group <= 0xae)) {
      return !repeats ? 0 : byte & 1 ? width : 1;
    } else {
      return 0;
    }
  }
  return 0;
}

// mov TASK_threadsp(%rsi), %rsp, which follows mov %rsp, TASK_threadsp(%rdi): __switch_to_asm.
bool switches_stacks(std::string_view before, std::string_view bytes) {
  using namespace std::string_view_literals;
  return before.substr(0, 3) == "\x48\x89\xa7"sv && bytes.substr(0, 3) == "\x48\x8b\xa6"sv &&
         before.substr(3) == bytes.substr(3);
}

void watch_instruction(qemu_plugin_insn* instruction, std::string_view before, bool kernel) {
  using namespace std::string_view_literals;
  const std::string_view bytes = bytes_of(instruction);
  if (kernel && switches_stacks(before, bytes)) {
    qemu_plugin_register_vcpu_mem_cb(instruction, on_switch, QEMU_PLUGIN_CB_NO_REGS,
                                     QEMU_PLUGIN_MEM_RW, nullptr);
  } else if (kernel && qemu_plugin_insn_vaddr(instruction) == worker_address) {
    qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_worker, QEMU_PLUGIN_CB_NO_REGS, nullptr);
  } else if (!kernel && bytes == "\x66\x87\xdb"sv) {
    qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_begin, QEMU_PLUGIN_CB_NO_REGS, nullptr);
  } else if (!kernel && bytes == "\x66\x87\xc9"sv) {
    qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_end, QEMU_PLUGIN_CB_NO_REGS, nullptr);
  }
}

void add(qemu_plugin_tb* block, std::uint64_t& counter, std::uint64_t addend) {
  if (addend == 0) return;
  qemu_plugin_register_vcpu_tb_exec_inline(block, QEMU_PLUGIN_INLINE_ADD_U64, &counter, addend);
}

// An unfinished string instruction jumps to itself, and therefore begins a block: every run of such
// a block is one repetition of an instruction that has already been counted.
void on_translation(qemu_plugin_id_t, qemu_plugin_tb* translated) {
  const std::uint64_t address = qemu_plugin_tb_vaddr(translated);
  const bool kernel = is_kernel(address);
  std::uint64_t instructions = qemu_plugin_tb_n_insns(translated);
  std::string_view before;
  for (std::size_t i = 0; i < instructions; ++i) {
    qemu_plugin_insn* instruction = qemu_plugin_tb_get_insn(translated, i);
    watch_instruction(instruction, before, kernel);
    before = bytes_of(instruction);
  }
  const bool calls = !kernel && before == "\x0f\x05";
  if (calls) add(translated, counted.calls, 1);
  if (const unsigned width = string_width(bytes_of(qemu_plugin_tb_get_insn(translated, 0)))) {
    --instructions;
    add(translated, counted.string_bytes, width);
  }
  add(translated, kernel ? counted.kernel : counted.user, instructions);
  if (!profiling) return;
  blocks.push_back({address, instructions, 0});
  qemu_plugin_register_vcpu_tb_exec_cb(translated, on_block, QEMU_PLUGIN_CB_NO_REGS,
                                       &blocks.back());
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id,
                                                                          const qemu_info_t*,
                                                                          int count,
                                                                          char** arguments) {
  for (int i = 0; i < count; ++i) {
    const char* value = std::strchr(arguments[i], '=');
    if (!value) return 1;
    const std::string_view name(arguments[i], static_cast<std::size_t>(value - arguments[i]));
    ++value;
    if (name == "out") out = std::fopen(value, "w");
    if (name == "worker") worker_address = std::strtoull(value, nullptr, 16);
    if (name == "profile") profile_path = value;
  }
  profiling = profile_path != nullptr;
  if (!out) return 1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  return 0;
}
