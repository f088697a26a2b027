// Starts a program, moves its input and output, and reaps it. Covered by
// tests/support/process_test.cc.
#include "tests/support/process.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

extern char** environ;

namespace test_support {

namespace {

[[noreturn]] void give_up(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// The two ends of a pipe or terminal that carries one stream of the program.
struct Ends {
  int ours = -1;
  int theirs = -1;
};

enum class Direction { to_program, from_program };

Ends make_pipe(Direction direction) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) give_up("pipe2");
  if (direction == Direction::to_program) return {ends[1], ends[0]};
  return {ends[0], ends[1]};
}

Ends make_terminal() {
  Ends ends;
  winsize size{};
  size.ws_row = 24;
  size.ws_col = 80;
  if (::openpty(&ends.ours, &ends.theirs, nullptr, nullptr, &size) != 0) give_up("openpty");
  ::fcntl(ends.ours, F_SETFD, FD_CLOEXEC);
  ::fcntl(ends.theirs, F_SETFD, FD_CLOEXEC);
  return ends;
}

std::vector<std::string> environment_with(const std::vector<std::string>& changes) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry; ++entry) all.emplace_back(*entry);
  for (const std::string& change : changes) {
    const std::string name = change.substr(0, change.find('='));
    std::erase_if(all, [&](const std::string& entry) {
      return entry.compare(0, name.size() + 1, name + '=') == 0;
    });
    if (name != change) all.push_back(change);
  }
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// The data that the child needs between fork and exec, where it may neither allocate nor lock.
struct Child {
  char* const* argv;
  char* const* environment;
  const char* directory;
  std::array<int, 3> streams;
  std::vector<int> descriptors;  // already above their final numbers
  pid_t parent;
};

void complain_and_exit(const char* what) {
  const char* why = ::strerrordesc_np(errno);
  if (::write(2, what, std::strlen(what)) < 0 || ::write(2, ": ", 2) < 0 ||
      ::write(2, why, std::strlen(why)) < 0 || ::write(2, "\n", 1) < 0) {
    ::_exit(126);
  }
  ::_exit(127);
}

void set_default_signals() {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2}) {
    ::signal(number, SIG_DFL);
  }
}

[[noreturn]] void become(const Child& child) {
  set_default_signals();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != child.parent) ::_exit(126);
  for (int i = 0; i < 3; ++i) ::dup2(child.streams[static_cast<std::size_t>(i)], i);
  int next = 3;
  for (const int descriptor : child.descriptors) ::dup2(descriptor, next++);
  if (*child.directory && ::chdir(child.directory) != 0) complain_and_exit(child.directory);
  ::execvpe(child.argv[0], child.argv, child.environment);
  complain_and_exit(child.argv[0]);
  ::_exit(127);
}

// Duplicates to high numbers, so that moving one descriptor into place cannot close another.
std::vector<int> lifted(const std::vector<int>& descriptors) {
  std::vector<int> copies;
  for (const int descriptor : descriptors) {
    copies.push_back(::fcntl(descriptor, F_DUPFD_CLOEXEC, 100));
    if (copies.back() < 0) give_up("dup");
  }
  return copies;
}

int open_pidfd(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

}  // namespace

Process::Process(std::vector<std::string> argv, ProcessOptions options) {
  ::signal(SIGPIPE, SIG_IGN);  // the program may end before it has read all its input
  std::vector<std::string> environment = environment_with(options.environment);
  const std::vector<char*> argument_pointers = pointers_to(argv);
  const std::vector<char*> environment_pointers = pointers_to(environment);
  const Ends in = make_pipe(Direction::to_program);
  const Ends out = make_pipe(Direction::from_program);
  const Ends err =
      options.stderr_is_terminal ? make_terminal() : make_pipe(Direction::from_program);
  // Moved up, because 0, 1 or 2 of the test itself may be closed and reused by a pipe.
  const std::vector<int> streams = lifted({in.theirs, out.theirs, err.theirs});
  const Child child{.argv = argument_pointers.data(),
                    .environment = environment_pointers.data(),
                    .directory = options.directory.c_str(),
                    .streams = {streams[0], streams[1], streams[2]},
                    .descriptors = lifted(options.descriptors),
                    .parent = ::getpid()};
  pid_ = ::fork();
  if (pid_ == 0) become(child);
  if (pid_ < 0) give_up("fork");
  for (const int fd : {in.theirs, out.theirs, err.theirs}) ::close(fd);
  for (const int fd : streams) ::close(fd);
  for (const int fd : child.descriptors) ::close(fd);
  for (const int fd : {in.ours, out.ours, err.ours}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
  pidfd_ = open_pidfd(pid_);
  wakefd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (pidfd_ < 0 || wakefd_ < 0) give_up("pidfd_open or eventfd");
  in_ = {in.ours, std::move(options.input)};
  out_ = {out.ours, {}};
  err_ = {err.ours, {}};
  input_ends_ = !options.keep_stdin_open;
  attendant_ = std::thread(&Process::attend, this);
}

Process::~Process() {
  signal(SIGKILL);
  {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
  }
  wake();
  attendant_.join();
  for (const int fd : {in_.fd, out_.fd, err_.fd, pidfd_, wakefd_}) {
    if (fd >= 0) ::close(fd);
  }
}

void Process::signal(int number) const {
  ::syscall(SYS_pidfd_send_signal, pidfd_, number, nullptr, 0);
}

void Process::write(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  in_.bytes += bytes;
  wake();
}

void Process::close_stdin() {
  const std::lock_guard lock(mutex_);
  input_ends_ = true;
  wake();
}

void Process::wake() const {
  const std::uint64_t one = 1;
  if (::write(wakefd_, &one, sizeof one) < 0) return;  // the counter is full: the thread is awake
}

// --- The attendant thread ---

void Process::attend() {
  while (attend_once()) continue;
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

// One call of poll. False when the work is done: the program and its output have ended. An output
// that a grandchild keeps open is not waited for once the object is destroyed.
bool Process::attend_once() {
  std::array<pollfd, 5> polled{};
  {
    const std::lock_guard lock(mutex_);
    if (in_.fd >= 0 && in_.bytes.empty() && input_ends_) {
      ::close(in_.fd);
      in_.fd = -1;
    }
    if (status_ && (abandoned_ || (out_.fd < 0 && err_.fd < 0))) return false;
    polled = {{{in_.fd, static_cast<short>(in_.bytes.empty() ? 0 : POLLOUT), 0},
               {out_.fd, POLLIN, 0},
               {err_.fd, POLLIN, 0},
               {status_ ? -1 : pidfd_, POLLIN, 0},
               {wakefd_, POLLIN, 0}}};
  }
  ::poll(polled.data(), polled.size(), -1);
  const std::lock_guard lock(mutex_);
  if (polled[0].revents) feed();
  if (polled[1].revents) drain(out_);
  if (polled[2].revents) drain(err_);
  if (polled[3].revents) reap();
  std::uint64_t count = 0;
  if (polled[4].revents && ::read(wakefd_, &count, sizeof count) < 0) return true;
  changed_.notify_all();
  return true;
}

// With nothing to write, poll reports the pipe only when it has no reader any more.
void Process::feed() {
  if (!in_.bytes.empty()) {
    const ssize_t count = ::write(in_.fd, in_.bytes.data(), in_.bytes.size());
    if (count > 0) in_.bytes.erase(0, static_cast<std::size_t>(count));
    if (count >= 0 || errno == EAGAIN) return;
  }
  ::close(in_.fd);
  in_.fd = -1;
  in_.bytes.clear();
}

// Reading a terminal whose other side is closed fails with EIO instead of returning 0.
void Process::drain(Stream& stream) {
  std::array<char, 65536> room;
  const ssize_t count = ::read(stream.fd, room.data(), room.size());
  if (count > 0) stream.bytes.append(room.data(), static_cast<std::size_t>(count));
  if (count > 0 || (count < 0 && errno == EAGAIN)) return;
  ::close(stream.fd);
  stream.fd = -1;
}

void Process::reap() {
  int status = 0;
  rusage usage{};
  if (::wait4(pid_, &status, WNOHANG, &usage) != pid_) return;
  peak_memory_kib_ = usage.ru_maxrss;
  status_ = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

// --- For the thread of the test ---

std::optional<int> Process::wait(Timeout timeout) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [&] { return status_ && out_.fd < 0 && err_.fd < 0; });
  return status_;
}

bool Process::running() {
  const std::lock_guard lock(mutex_);
  return !status_;
}

std::string Process::out() {
  const std::lock_guard lock(mutex_);
  return out_.bytes;
}

std::string Process::err() {
  const std::lock_guard lock(mutex_);
  return err_.bytes;
}

std::optional<std::string> Process::read_line_of_stdout(Timeout timeout) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [&] {
    return out_.fd < 0 || out_.bytes.find('\n', lines_end_) != std::string::npos;
  });
  const std::size_t end = out_.bytes.find('\n', lines_end_);
  if (end == std::string::npos && (out_.fd >= 0 || lines_end_ >= out_.bytes.size())) return {};
  std::string line = out_.bytes.substr(lines_end_, end - lines_end_);
  lines_end_ = end == std::string::npos ? out_.bytes.size() : end + 1;
  return line;
}

bool Process::wait_for(const Stream& stream, std::string_view text, Timeout timeout) {
  std::unique_lock lock(mutex_);
  const auto found = [&] { return stream.bytes.find(text) != std::string::npos; };
  changed_.wait_for(lock, timeout, [&] { return found() || stream.fd < 0; });
  return found();
}

bool Process::wait_for_out(std::string_view text, Timeout timeout) {
  return wait_for(out_, text, timeout);
}

bool Process::wait_for_err(std::string_view text, Timeout timeout) {
  return wait_for(err_, text, timeout);
}

long Process::peak_memory_kib() {
  const std::lock_guard lock(mutex_);
  return peak_memory_kib_;
}

Finished run(std::vector<std::string> argv, ProcessOptions options, Timeout timeout) {
  Process process(std::move(argv), std::move(options));
  Finished finished;
  finished.status = process.wait(timeout);
  finished.out = process.out();
  finished.err = process.err();
  return finished;
}

}  // namespace test_support
