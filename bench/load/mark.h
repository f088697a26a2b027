// The two instructions that tell the emulator's counter where the measured part begins and ends.
//
// On a real machine they do nothing. bench/counted/counter.cc knows them by their bytes.
#pragma once

namespace load {

inline void mark_begin() {
#if defined(__x86_64__)
  asm volatile("xchg %%bx, %%bx" ::: "memory");
#endif
}

inline void mark_end() {
#if defined(__x86_64__)
  asm volatile("xchg %%cx, %%cx" ::: "memory");
#endif
}

}  // namespace load
