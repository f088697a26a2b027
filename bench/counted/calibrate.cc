// A known workload for the counter, run before each counted benchmark: a child runs a loop of two
// million instructions, calls the kernel a hundred thousand times, and copies a mebibyte with one
// string instruction. bench/counted/run checks that the counter reports these numbers. Tried by
// ./dev bench.
#include <cstddef>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/load/mark.h"

namespace {

constexpr long loops = 1'000'000;  // of two instructions
constexpr int calls = 100'000;
constexpr std::size_t copied = 1 << 20;  // bytes
char from[copied];
char into[copied];

void work() {
#if defined(__x86_64__)
  long left = loops;
  asm volatile("1: dec %0; jnz 1b" : "+r"(left));
  for (int i = 0; i < calls; ++i) ::syscall(SYS_getppid);
  std::size_t size = copied;
  const char* source = from;
  char* target = into;
  asm volatile("rep movsb" : "+c"(size), "+S"(source), "+D"(target)::"memory");
#endif
}

}  // namespace

int main() {
  load::mark_begin();
  const pid_t child = ::fork();
  if (child == 0) {
    work();
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  load::mark_end();
}
