// The two instructions that mark the measured section for the counter in the emulator.
//
// On a real machine they have no effect. bench/counted/counter.cc recognises their bytes.
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
