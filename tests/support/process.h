// Process: a program run by a test, fed and listened to without ever blocking either side.
//
// A thread of its own drains the program's output, feeds its input and reaps it, so that a test
// may look away for as long as it likes, and waits for what it can see (a line, a text, the end)
// instead of sleeping. The program dies with the object, and with the thread that started it.
// Covered by tests/support/process_test.cc.
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

using Patience = std::chrono::milliseconds;

// Long enough for a busy machine with sanitizers; whoever waits so long has found a bug.
inline constexpr Patience default_patience{20'000};

struct ProcessOptions {
  // What the program reads from its standard input, which then ends; see keep_stdin_open.
  std::string input = {};
  // The input stays open for write() until close_stdin().
  bool keep_stdin_open = false;
  // Standard error is a terminal of 80 columns instead of a pipe; err() has what it showed.
  bool stderr_is_terminal = false;
  // "NAME=value", over the test's own environment; "NAME" alone takes NAME out.
  std::vector<std::string> environment = {};
  // Where the program starts; the test's own directory if empty.
  std::string directory = {};
  // Become the program's descriptors 3, 4, … in this order. The test keeps its own.
  std::vector<int> descriptors = {};
};

class Process {
 public:
  // Starts argv[0], a path or a name to be found in PATH. A program that cannot be started exits
  // with 127 and says why on its standard error.
  explicit Process(std::vector<std::string> argv, ProcessOptions options = {});
  // Kills the program if it still runs.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }

  // Sends a signal; nothing happens when the program has ended.
  void signal(int number) const;

  // Adds to what the program will read.
  void write(std::string_view bytes);
  // The input ends after what was written.
  void close_stdin();

  // Waits for the end of the program and of its output. The exit status; minus the signal that
  // killed it; nothing if it still runs when patience ends.
  std::optional<int> wait(Patience patience = default_patience);
  bool running();

  // All that the program wrote so far.
  std::string out();
  std::string err();

  // The next line of standard output, without its end, that no call returned yet; nothing if there
  // is none in time or the output has ended. A last line without an end counts.
  std::optional<std::string> read_line_of_stdout(Patience patience = default_patience);

  // Waits until the text is anywhere in the output so far.
  bool wait_for_out(std::string_view text, Patience patience = default_patience);
  bool wait_for_err(std::string_view text, Patience patience = default_patience);

  // The largest resident set the program had, in KiB; 0 before it ended.
  long peak_memory_kib();

 private:
  struct Stream {
    int fd = -1;  // ours: written for input, read for output; -1 once closed
    std::string bytes;
  };

  void attend();
  bool attend_once();
  void feed();
  void drain(Stream& stream);
  void reap();
  void wake() const;
  bool wait_for(const Stream& stream, std::string_view text, Patience patience);

  pid_t pid_ = -1;
  int pidfd_ = -1;
  int wakefd_ = -1;
  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  Stream in_;
  Stream out_;
  Stream err_;
  bool input_ends_ = false;    // no more will be written
  bool abandoned_ = false;     // the object goes away
  std::size_t lines_end_ = 0;  // where in out_.bytes the next line begins
  std::optional<int> status_;
  long peak_memory_kib_ = 0;
  std::thread attendant_;
};

// Runs a program to its end.
struct Finished {
  std::optional<int> status;  // as Process::wait()
  std::string out;
  std::string err;
};
Finished run(std::vector<std::string> argv, ProcessOptions options = {},
             Patience patience = default_patience);

}  // namespace test_support
