// Process: a program run by a test, whose input and output never block the test or the program.
//
// A thread of the object reads the program's output, writes its input and reaps it. A test waits
// for an observable event (a line, a text, the exit) instead of sleeping. The program is killed
// with the object, and with the thread that started it. Covered by tests/support/process_test.cc.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <thread>
#include <vector>

namespace test_support {

using Timeout = std::chrono::milliseconds;

// Long enough for a busy machine with sanitizers; a test that waits longer has found a bug.
inline constexpr Timeout default_timeout{60'000};

struct ProcessOptions {
  // The bytes of the standard input, which ends after them; see keep_stdin_open.
  std::string input = {};
  // The input stays open for write() until close_stdin().
  bool keep_stdin_open = false;
  // Standard error is a terminal of 80 columns instead of a pipe; err() returns its output.
  bool stderr_is_terminal = false;
  // "NAME=value" adds to the test's own environment or overrides it; "NAME" alone removes NAME.
  std::vector<std::string> environment = {};
  // The working directory of the program; that of the test if empty.
  std::string directory = {};
  // Become the program's descriptors 3, 4, … in this order. The test keeps its own.
  std::vector<int> descriptors = {};
};

class Process {
 public:
  // Starts argv[0], a path or a name to be found in PATH. A program that cannot be started exits
  // with 127 and writes the reason to its standard error.
  explicit Process(std::vector<std::string> argv, ProcessOptions options = {});
  // Kills the program if it still runs.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }

  // Sends a signal, unless the program has ended.
  void signal(int number) const;

  // Appends to the standard input of the program.
  void write(std::string_view bytes);
  // Ends the input after the bytes written so far.
  void close_stdin();

  // Waits for the end of the program and of its output. Returns the exit status; minus the signal
  // that killed it; nullopt if it still runs after the timeout.
  std::optional<int> wait(Timeout timeout = default_timeout);
  bool running();

  // The output of the program so far.
  std::string out();
  std::string err();

  // The next line of standard output that no call has returned yet, without its line feed; nullopt
  // after the timeout or at the end of the output. A last line without a line feed counts.
  std::optional<std::string> read_line_of_stdout(Timeout timeout = default_timeout);

  // Waits until the output so far contains the text.
  bool wait_for_out(std::string_view text, Timeout timeout = default_timeout);
  bool wait_for_err(std::string_view text, Timeout timeout = default_timeout);

  // The largest resident set the program had, in KiB; 0 before it ended.
  long peak_memory_kib();

 private:
  struct Stream {
    int fd = -1;  // our end: written for input, read for output; -1 once closed
    std::string bytes;
  };

  void attend();
  bool attend_once();
  void feed();
  void drain(Stream& stream);
  void reap();
  void wake() const;
  bool wait_for(const Stream& stream, std::string_view text, Timeout timeout);

  pid_t pid_ = -1;
  int pidfd_ = -1;
  int wakefd_ = -1;
  std::mutex mutex_;  // guards all members below
  std::condition_variable changed_;
  Stream in_;
  Stream out_;
  Stream err_;
  bool input_ends_ = false;    // no more input will be written
  bool abandoned_ = false;     // the object is being destroyed
  std::size_t lines_end_ = 0;  // offset of the next line in out_.bytes
  std::optional<int> status_;
  long peak_memory_kib_ = 0;
  std::thread attendant_;
};

// Runs a program to its end.
struct Finished {
  std::optional<int> status;  // see Process::wait()
  std::string out;
  std::string err;
};
Finished run(std::vector<std::string> argv, ProcessOptions options = {},
             Timeout timeout = default_timeout);

}  // namespace test_support
