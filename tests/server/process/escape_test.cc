// Attempts to break out of the sandbox: from each kind of thread, by plain system calls, by
// operations of the engine and by entries of the ring that no operation leads to.
//
// A child process enters the sandbox as the server does, with the threads that the server has, and
// reports each attempt that does not fail as it should. The child runs once more with the sandbox
// off, where the attempts must succeed: otherwise they would prove nothing. A file outside ROOT
// must keep its bytes, its times and its mode. Landlock covers neither stat(2) nor inotify(7),
// which are therefore not tried.
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <linux/perf_event.h>
#include <memory>
#include <sched.h>
#include <semaphore>
#include <signal.h>
#include <stdlib.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "apps/server/process/sandbox.h"
#include "apps/server/process/user.h"
#include "tests/support/other_users.h"
#include "tests/uring/lab.h"
#include "uring/make_engine.h"
#include "uring/prepare.h"

namespace server {
namespace {

namespace fs = std::filesystem;
using uring::Fd;

// What the attempts use: a served directory, one beside it, and sockets from before the sandbox.
struct Place {
  std::string top;
  std::string root;
  std::string outside;
  std::string secret;  // the file that nobody may touch
  std::string victim;  // another file
  Fd root_fd;
  Fd tcp;
  Fd datagram;
  sockaddr_in tcp_peer{};       // a listening socket of the test
  sockaddr_un abstract_peer{};  // a socket of the test in the abstract namespace
  socklen_t abstract_bytes = 0;
};

int error_of(long result) { return result < 0 ? errno : 0; }

// The errno of an open(2), or 0.
int try_open(int directory, const std::string& path, int flags) {
  const Fd file(::openat(directory, path.c_str(), flags | O_CLOEXEC, 0600));
  return file.valid() ? 0 : errno;
}

void make_file(const std::string& path, const char* text) { std::ofstream(path) << text; }

enum class Guard : std::uint8_t {
  nothing,   // it is allowed
  landlock,  // EACCES, or EXDEV for names in two directories
  filter,    // EPERM
};

constexpr int any_error = -1;

struct Attempt {
  const char* name;
  Guard guard;
  int without;  // the errno with the sandbox off; 0: success
  std::function<int(const Place&)> run;
};

// Each one undoes its success, because several threads try it.
const std::vector<Attempt>& open_attempts() {
  static const std::vector<Attempt> all = {
      {"open a served file", Guard::nothing, 0,
       [](const Place& p) { return try_open(p.root_fd.get(), "file", O_RDONLY); }},
      {"create, rename and remove below ROOT", Guard::nothing, 0,
       [](const Place& p) {
         const std::string from = p.root + "/new";
         const std::string to = p.root + "/folder/new";
         if (const int error = try_open(AT_FDCWD, from, O_WRONLY | O_CREAT)) return error;
         if (::rename(from.c_str(), to.c_str()) != 0) return errno;
         return error_of(::unlink(to.c_str()));
       }},
      {"open by an absolute path", Guard::landlock, 0,
       [](const Place& p) { return try_open(AT_FDCWD, p.secret, O_RDONLY); }},
      {"open by ..", Guard::landlock, 0,
       [](const Place& p) { return try_open(p.root_fd.get(), "../outside/secret", O_RDONLY); }},
      {"open by a link", Guard::landlock, 0,
       [](const Place& p) { return try_open(p.root_fd.get(), "link", O_RDONLY); }},
      {"open by /proc/self/root", Guard::landlock, 0,
       [](const Place& p) { return try_open(AT_FDCWD, "/proc/self/root" + p.secret, O_RDONLY); }},
      {"open from another working directory", Guard::landlock, 0,
       [](const Place& p) {
         if (::chdir(p.outside.c_str()) != 0) return errno;
         const int error = try_open(AT_FDCWD, "secret", O_RDONLY);
         return ::chdir(p.root.c_str()) == 0 ? error : errno;
       }},
      {"open for writing", Guard::landlock, 0,
       [](const Place& p) { return try_open(AT_FDCWD, p.secret, O_WRONLY); }},
      {"list a directory", Guard::landlock, 0,
       [](const Place& p) { return try_open(AT_FDCWD, p.outside, O_RDONLY | O_DIRECTORY); }},
      {"create a file", Guard::landlock, 0,
       [](const Place& p) {
         const std::string path = p.outside + "/new";
         const int error = try_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL);
         if (error == 0) ::unlink(path.c_str());
         return error;
       }},
      {"open the memory of the process", Guard::landlock, any_error,
       [](const Place&) { return try_open(AT_FDCWD, "/proc/self/mem", O_RDWR); }},
      {"open /etc/passwd", Guard::landlock, 0,
       [](const Place&) { return try_open(AT_FDCWD, "/etc/passwd", O_RDONLY); }},
  };
  return all;
}

const std::vector<Attempt>& name_attempts() {
  static const std::vector<Attempt> all = {
      {"rename a file", Guard::landlock, 0,
       [](const Place& p) {
         const std::string to = p.outside + "/moved";
         const int error = error_of(::rename(p.victim.c_str(), to.c_str()));
         if (error == 0) ::rename(to.c_str(), p.victim.c_str());
         return error;
       }},
      {"rename a file into ROOT", Guard::landlock, 0,
       [](const Place& p) {
         const std::string to = p.root + "/moved";
         const int error = error_of(::rename(p.victim.c_str(), to.c_str()));
         if (error == 0) ::rename(to.c_str(), p.victim.c_str());
         return error;
       }},
      {"link a file into ROOT", Guard::landlock, 0,
       [](const Place& p) {
         const std::string to = p.root + "/linked";
         const int error = error_of(::linkat(AT_FDCWD, p.victim.c_str(), AT_FDCWD, to.c_str(), 0));
         if (error == 0) ::unlink(to.c_str());
         return error;
       }},
      {"remove a file", Guard::landlock, 0,
       [](const Place& p) {
         const int error = error_of(::unlink(p.victim.c_str()));
         if (error == 0) make_file(p.victim, "victim");
         return error;
       }},
      {"make a directory", Guard::landlock, 0,
       [](const Place& p) {
         const std::string path = p.outside + "/made";
         const int error = error_of(::mkdir(path.c_str(), 0700));
         if (error == 0) ::unlinkat(AT_FDCWD, path.c_str(), AT_REMOVEDIR);
         return error;
       }},
  };
  return all;
}

// The filter compares pointers with null in two halves.
int try_high_pointer(const Place& p) {
  constexpr std::uintptr_t address = std::uintptr_t{1} << 32;
  constexpr std::size_t bytes = 4096;
  void* const wanted = reinterpret_cast<void*>(address);  // NOLINT(performance-no-int-to-ptr)
  void* const memory = ::mmap(wanted, bytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (memory == MAP_FAILED) return errno;
  char* const path = static_cast<char*>(memory);
  p.secret.copy(path, bytes - 1);
  const int error = error_of(::utimensat(AT_FDCWD, path, nullptr, 0));
  ::munmap(memory, bytes);
  return error;
}

const std::vector<Attempt>& attribute_attempts() {
  static const std::vector<Attempt> all = {
      {"truncate by a path", Guard::filter, 0,
       [](const Place& p) { return error_of(::truncate(p.secret.c_str(), 6)); }},
      {"chmod by a path", Guard::filter, 0,
       [](const Place& p) { return error_of(::fchmodat(AT_FDCWD, p.secret.c_str(), 0600, 0)); }},
      {"chown by a path", Guard::filter, 0,
       [](const Place& p) { return error_of(::lchown(p.secret.c_str(), ::getuid(), ::getgid())); }},
      {"set times by a path", Guard::filter, 0,
       [](const Place& p) {
         return error_of(::utimensat(AT_FDCWD, p.secret.c_str(), nullptr, 0));
       }},
      {"set times by a path whose address has a low half of 0", Guard::filter, 0, try_high_pointer},
      {"make a link", Guard::filter, 0,
       [](const Place& p) {
         const std::string path = p.root + "/made";
         const int error = error_of(::symlink("/etc", path.c_str()));
         if (error == 0) ::unlink(path.c_str());
         return error;
       }},
      {"make a FIFO", Guard::filter, 0,
       [](const Place& p) {
         const std::string path = p.root + "/made";
         const int error = error_of(::mkfifo(path.c_str(), 0600));
         if (error == 0) ::unlink(path.c_str());
         return error;
       }},
  };
  return all;
}

int try_exec() {
  std::array<char*, 1> none{};
  return error_of(::execve("/nonexistent", none.data(), none.data()));
}

int try_fork() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  if (child < 0) return errno;
  return error_of(::waitpid(child, nullptr, 0));
}

int try_connect(const Place& p) {
  const auto* const peer = reinterpret_cast<const sockaddr*>(&p.tcp_peer);
  const int error = error_of(::connect(p.tcp.get(), peer, sizeof p.tcp_peer));
  sockaddr nothing{};
  nothing.sa_family = AF_UNSPEC;
  if (error == 0) ::connect(p.tcp.get(), &nothing, sizeof nothing);
  return error;
}

int try_executable_memory() {
  void* const memory =
      ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return errno;
  return error_of(::munmap(memory, 4096));
}

int try_to_make_memory_executable() {
  void* const memory =
      ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return any_error;
  const int error = error_of(::mprotect(memory, 4096, PROT_READ | PROT_EXEC));
  ::munmap(memory, 4096);
  return error;
}

int try_ring(unsigned flags) {
  std::array<char, 256> parameters{};  // struct io_uring_params, whose third word has the flags
  parameters[8] = static_cast<char>(flags);
  const Fd ring(static_cast<int>(::syscall(SYS_io_uring_setup, 1, parameters.data())));
  return ring.valid() ? 0 : errno;
}

int try_socket(int family) {
  const Fd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return socket.valid() ? 0 : errno;
}

const std::vector<Attempt>& process_attempts() {
  static const std::vector<Attempt> all = {
      {"start a thread", Guard::nothing, 0,
       [](const Place&) {
         std::thread([] {}).join();
         return 0;
       }},
      {"start a program", Guard::filter, ENOENT, [](const Place&) { return try_exec(); }},
      {"start a process", Guard::filter, 0, [](const Place&) { return try_fork(); }},
      {"make a TCP socket", Guard::filter, 0, [](const Place&) { return try_socket(AF_INET); }},
      {"make a unix socket", Guard::filter, 0, [](const Place&) { return try_socket(AF_UNIX); }},
      {"connect to 127.0.0.1", Guard::filter, 0, try_connect},
      {"connect to an abstract socket", Guard::filter, 0,
       [](const Place& p) {
         return error_of(::connect(p.datagram.get(),
                                   reinterpret_cast<const sockaddr*>(&p.abstract_peer),
                                   p.abstract_bytes));
       }},
      {"signal the parent", Guard::filter, any_error,
       [](const Place&) { return error_of(::kill(::getppid(), 0)); }},
      {"signal a thread of the parent", Guard::filter, any_error,
       [](const Place&) { return error_of(::syscall(SYS_tgkill, ::getppid(), ::getppid(), 0)); }},
      {"read the memory of the parent", Guard::filter, any_error,
       [](const Place& p) {
         std::array<char, 8> bytes{};
         iovec to{bytes.data(), bytes.size()};
         iovec from{const_cast<Place*>(&p), 8};
         return error_of(::process_vm_readv(::getppid(), &to, 1, &from, 1, 0));
       }},
      {"trace a process", Guard::filter, any_error,
       [](const Place&) { return error_of(::syscall(SYS_ptrace, PTRACE_PEEKDATA, 0, 0, 0)); }},
      {"make a ring", Guard::filter, any_error, [](const Place&) { return try_ring(0); }},
      {"make a ring with a thread of the kernel", Guard::filter, any_error,
       [](const Place&) { return try_ring(IORING_SETUP_SQPOLL); }},
      {"map executable memory", Guard::filter, 0,
       [](const Place&) { return try_executable_memory(); }},
      {"make memory executable", Guard::filter, 0,
       [](const Place&) { return try_to_make_memory_executable(); }},
      {"make a file in memory", Guard::filter, 0,
       [](const Place&) {
         const Fd file(::memfd_create("a", MFD_CLOEXEC));
         return file.valid() ? 0 : errno;
       }},
      {"leave a namespace", Guard::filter, 0, [](const Place&) { return error_of(::unshare(0)); }},
      {"enter a namespace", Guard::filter, EBADF,
       [](const Place&) { return error_of(::setns(-1, 0)); }},
      {"mount", Guard::filter, any_error,
       [](const Place&) { return error_of(::mount("a", "/nonexistent", "b", 0, nullptr)); }},
      {"become root", Guard::filter, any_error,
       [](const Place&) { return error_of(::syscall(SYS_setuid, 0)); }},
      {"change an attribute of the process", Guard::filter, 0,
       [](const Place&) { return error_of(::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0)); }},
      {"change the kind of system calls", Guard::filter, 0,
       [](const Place&) { return error_of(::syscall(SYS_personality, 0xffffffffUL)); }},
      {"load a program into the kernel", Guard::filter, any_error,
       [](const Place&) { return error_of(::syscall(SYS_bpf, 0, nullptr, 0)); }},
      {"use keys", Guard::filter, any_error,
       [](const Place&) { return error_of(::syscall(SYS_keyctl, 0, 0, 0)); }},
      {"watch page faults", Guard::filter, any_error,
       [](const Place&) { return error_of(::syscall(SYS_userfaultfd, ~0U)); }},
      {"count events", Guard::filter, any_error,
       [](const Place&) {
         perf_event_attr attributes{};
         return error_of(::syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
       }},
      {"type into a terminal", Guard::filter, any_error,
       [](const Place&) { return error_of(::ioctl(0, TIOCSTI, "x")); }},
  };
  return all;
}

// Collects what went wrong. Threads try one after the other.
class Report {
 public:
  explicit Report(bool is_on) : is_on_(is_on) {}

  void check(const std::string& thread, const char* name, Guard guard, int without, int error) {
    const bool is_right = guard == Guard::nothing  ? error == 0
                          : !is_on_                ? error == without || without == any_error
                          : guard == Guard::filter ? error == EPERM
                                                   : error == EACCES || error == EXDEV;
    if (!is_right) add(thread + ": " + name + ": " + std::to_string(error));
  }
  void add(const std::string& line) { text_ += line + "\n"; }
  const std::string& text() const { return text_; }
  bool is_on() const { return is_on_; }

 private:
  bool is_on_;
  std::string text_;
};

void try_all(const Place& place, const std::string& thread, Report& report) {
  for (const std::vector<Attempt>* all :
       {&open_attempts(), &name_attempts(), &attribute_attempts(), &process_attempts()}) {
    for (const Attempt& one : *all) {
      report.check(thread, one.name, one.guard, one.without, one.run(place));
    }
  }
}

// --- Operations of an engine: by the ring, or by a file thread of the epoll engine ---

void try_operations(const Place& p, uring::Engine& engine, Report& report) {
  uring::lab::Lab lab(engine);
  const auto check = [&](const char* name, Guard guard, const auto& ask) {
    const uring::Result result = lab.result_of(ask);
    report.check("operation", name, guard, 0, result.value < 0 ? -result.value : 0);
    return result;
  };
  const int here = AT_FDCWD;
  const std::string moved = p.outside + "/moved";
  const std::string linked = p.root + "/linked";
  const std::string made = p.outside + "/made";
  const auto close = [&](const uring::Result& opened) {
    if (opened.value >= 0) ::close(opened.value);
  };
  close(check("open inside", Guard::nothing, [&](uring::Io& io) {
    return io.open(p.root_fd.get(), "file", {.flags = O_RDONLY | O_CLOEXEC});
  }));
  close(check("open", Guard::landlock, [&](uring::Io& io) {
    return io.open(here, p.secret.c_str(), {.flags = O_RDONLY | O_CLOEXEC});
  }));
  close(check("open by ..", Guard::landlock, [&](uring::Io& io) {
    return io.open(p.root_fd.get(), "../outside/secret", {.flags = O_RDONLY | O_CLOEXEC});
  }));
  close(check("create", Guard::landlock, [&](uring::Io& io) {
    return io.open(here, moved.c_str(), {.flags = O_WRONLY | O_CREAT | O_CLOEXEC, .mode = 0600});
  }));
  ::unlink(moved.c_str());
  check("rename", Guard::landlock,
        [&](uring::Io& io) { return io.rename(here, p.victim.c_str(), here, moved.c_str(), 0); });
  ::rename(moved.c_str(), p.victim.c_str());
  check("link", Guard::landlock,
        [&](uring::Io& io) { return io.link(here, p.victim.c_str(), here, linked.c_str()); });
  ::unlink(linked.c_str());
  check("unlink", Guard::landlock,
        [&](uring::Io& io) { return io.unlink(here, p.victim.c_str(), 0); });
  if (!report.is_on()) make_file(p.victim, "victim");
  check("make a directory", Guard::landlock,
        [&](uring::Io& io) { return io.make_directory(here, made.c_str(), 0700); });
  ::unlinkat(here, made.c_str(), AT_REMOVEDIR);
}

// --- Entries of a ring ---

int result_of(io_uring& ring, const io_uring_sqe& entry) {
  io_uring_sqe* const next = ::io_uring_get_sqe(&ring);
  *next = entry;
  ::io_uring_submit(&ring);
  io_uring_cqe* completion = nullptr;
  __kernel_timespec longest{.tv_sec = 20, .tv_nsec = 0};
  if (::io_uring_wait_cqe_timeout(&ring, &completion, &longest) != 0) return -ETIME;
  const int result = completion->res;
  ::io_uring_cqe_seen(&ring, completion);
  return result;
}

io_uring_sqe open_entry(const Place& p, std::uint8_t flags) {
  static uring::OpenHow how{.flags = O_RDONLY | O_CLOEXEC};
  io_uring_sqe entry{};
  ::io_uring_prep_openat2(&entry, AT_FDCWD, p.secret.c_str(), reinterpret_cast<open_how*>(&how));
  entry.flags = flags;
  return entry;
}

// Every opcode that the server does not use, and one that it uses with a flag that it does not use.
void try_restricted_ring(const Place& p, io_uring& ring, uring::OpCodes permitted, Report& report) {
  std::vector<bool> is_permitted(256);
  for (unsigned i = 0; i < uring::op_codes; ++i) {
    const auto code = static_cast<uring::OpCode>(i);
    if (permitted & uring::bit_of(code)) is_permitted[uring::kernel_op_code(code)] = true;
  }
  for (const io_uring_op op : {IORING_OP_ASYNC_CANCEL, IORING_OP_CLOSE, IORING_OP_TIMEOUT,
                               IORING_OP_POLL_ADD, IORING_OP_POLL_REMOVE}) {
    is_permitted[op] = true;
  }
  for (unsigned op = 0; report.is_on() && op < 128; ++op) {
    if (is_permitted[op]) continue;
    io_uring_sqe entry{};
    entry.opcode = static_cast<std::uint8_t>(op);
    entry.fd = -1;
    const int result = result_of(ring, entry);  // EINVAL: this kernel has no such operation
    if (result != -EACCES && (op <= IORING_OP_LAST || result != -EINVAL)) {
      report.add("entry " + std::to_string(op) + ": " + std::to_string(result));
    }
  }
  for (const int flags : {0, int{IOSQE_ASYNC}, int{IOSQE_IO_LINK}}) {
    const int result = result_of(ring, open_entry(p, static_cast<std::uint8_t>(flags)));
    report.check("restricted ring", "open", Guard::landlock, 0, result < 0 ? -result : 0);
    if (result >= 0) ::close(result);
  }
}

// Landlock alone, on a ring that is not restricted, as on a kernel that cannot restrict rings.
void try_free_ring(const Place& p, io_uring& ring, Report& report) {
  for (const int flags : {0, int{IOSQE_ASYNC}}) {
    const int opened = result_of(ring, open_entry(p, static_cast<std::uint8_t>(flags)));
    report.check("free ring", "open", Guard::landlock, 0, opened < 0 ? -opened : 0);
    if (opened >= 0) ::close(opened);
    io_uring_sqe entry{};
    const std::string moved = p.outside + "/moved";
    ::io_uring_prep_renameat(&entry, AT_FDCWD, p.victim.c_str(), AT_FDCWD, moved.c_str(), 0);
    entry.flags = static_cast<std::uint8_t>(flags);
    const int renamed = result_of(ring, entry);
    report.check("free ring", "rename", Guard::landlock, 0, renamed < 0 ? -renamed : 0);
    if (renamed == 0) ::rename(moved.c_str(), p.victim.c_str());
  }
}

void register_with(io_uring& ring, Report& report) {
  const int error =
      error_of(::syscall(SYS_io_uring_register, ring.ring_fd, IORING_REGISTER_PERSONALITY, 0, 0));
  report.check("ring", "register a personality", Guard::filter, 0, error);
}

// --- The child ---

// A thread that is there before the filter and waits for its time to try.
class Waiting {
 public:
  explicit Waiting(std::function<void()> prepare, std::function<void()> run)
      : thread_([this, before = std::move(prepare), then = std::move(run)] {
          before();
          is_ready_.release();
          may_run_.acquire();
          then();
        }) {
    is_ready_.acquire();
  }
  void run() {
    may_run_.release();
    thread_.join();
  }

 private:
  std::binary_semaphore is_ready_{0};
  std::binary_semaphore may_run_{0};
  std::thread thread_;
};

struct Case {
  uring::EngineChoice engine;
  bool is_on;
  bool is_another_user;
};

std::string run_child(Place& place, const Case& now) {
  if (now.is_another_user) {
    const User other{.name = "64321", .uid = 64321, .gid = 64321, .groups = {64321}};
    if (options::ExitReason reason = become_user(other)) return reason.text;
  }
  make_file(place.secret, "secret");
  make_file(place.victim, "victim");
  make_file(place.root + "/file", "file");
  fs::create_directory(place.root + "/folder");
  fs::create_symlink("../outside/secret", place.root + "/link");
  Config config;
  config.root = place.root;
  config.sandbox = now.is_on;
  config.site.writable = true;
  Sandbox sandbox;
  place.root_fd.reset(::open(place.root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  sandbox.enter(config, place.root_fd.get());

  Report report(now.is_on);
  uring::EngineOptions options;
  if (now.is_on) options.ring.permitted = uring::all_op_codes & ~bit_of(uring::OpCode::connect);
  uring::MadeEngine made;
  std::unique_ptr<uring::Ring> free_ring;
  Waiting worker(
      [&] {
        made = uring::make_engine(now.engine, options);
        uring::Refusal refusal;
        if (now.engine == uring::EngineChoice::ring) free_ring = uring::Ring::create({}, refusal);
      },
      [&] {
        try_all(place, "worker", report);
        if (auto* const ring = dynamic_cast<uring::Ring*>(made.engine.get())) {
          register_with(ring->kernel_ring(), report);
          try_restricted_ring(place, ring->kernel_ring(), options.ring.permitted, report);
        }
        if (free_ring) try_free_ring(place, free_ring->kernel_ring(), report);
        try_operations(place, *made.engine, report);
        free_ring.reset();
        made.engine.reset();
      });
  Waiting writer([] {}, [&] { try_all(place, "log writer", report); });
  if (!made.engine) return "skip: " + made.why;
  sandbox.complete(made.lacks_restrictions);
  const std::string& missing = sandbox.missing();
  const bool is_whole = missing.empty() || missing.starts_with("Landlock for ");
  const struct stat before = [&] {
    struct stat status {};
    ::stat(place.secret.c_str(), &status);
    return status;
  }();
  if (is_whole) try_all(place, "main", report);
  worker.run();
  writer.run();
  if (!is_whole) return "skip: the sandbox lacks " + missing;
  std::thread([&] { try_all(place, "late thread", report); }).join();
  struct stat after {};
  ::stat(place.secret.c_str(), &after);
  const bool is_same = after.st_mode == before.st_mode && after.st_uid == before.st_uid &&
                       after.st_mtim.tv_nsec == before.st_mtim.tv_nsec &&
                       after.st_ctim.tv_nsec == before.st_ctim.tv_nsec;
  if (now.is_on && !is_same) report.add("the file outside has changed");
  return report.text();
}

class Escape : public testing::TestWithParam<uring::EngineChoice> {
 protected:
  void SetUp() override {
    if (is_instrumented) GTEST_SKIP() << "a sanitizer leaves out the sandbox";
    std::string name = testing::TempDir() + "/quoit-escape-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    place_.top = fs::canonical(name);
    place_.root = place_.top + "/root";
    place_.outside = place_.top + "/outside";
    place_.secret = place_.outside + "/secret";
    place_.victim = place_.outside + "/victim";
    ASSERT_EQ(::chmod(name.c_str(), 0777), 0);
    for (const std::string& directory : {place_.root, place_.outside}) {
      fs::create_directory(directory);
      ASSERT_EQ(::chmod(directory.c_str(), 0777), 0);
    }
    listener_ = uring::lab::listener();
    place_.tcp_peer = uring::lab::address_of(listener_);
    place_.tcp.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    place_.datagram.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    abstract_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    place_.abstract_peer.sun_family = AF_UNIX;
    socklen_t bytes = sizeof(sa_family_t);  // the kernel chooses an abstract name
    auto* const name_of_it = reinterpret_cast<sockaddr*>(&place_.abstract_peer);
    ASSERT_EQ(::bind(abstract_.get(), name_of_it, bytes), 0);
    place_.abstract_bytes = sizeof place_.abstract_peer;
    ASSERT_EQ(::getsockname(abstract_.get(), name_of_it, &place_.abstract_bytes), 0);
  }
  void TearDown() override {
    if (!place_.top.empty()) fs::remove_all(place_.top);
  }

  // Runs a child, and returns what it reports.
  std::string run(bool is_on, bool is_another_user) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    Fd from_child(ends[0]);
    Fd to_parent(ends[1]);
    const pid_t child = ::fork();
    if (child == 0) {
      const std::string report = run_child(place_, {GetParam(), is_on, is_another_user});
      [[maybe_unused]] const ssize_t n = ::write(to_parent.get(), report.data(), report.size());
      ::_exit(0);
    }
    to_parent.reset();
    std::string text;
    std::array<char, 4096> buffer;
    for (ssize_t got = 0; (got = ::read(from_child.get(), buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0) << "the child was killed";
    return text;
  }

  // What is outside ROOT, after the child has ended.
  void expect_unharmed() {
    std::ifstream file(place_.secret);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "secret");
    std::size_t names = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(place_.outside)) ++names;
    EXPECT_EQ(names, 2U);
  }

  Place place_;
  Fd listener_;
  Fd abstract_;
};

bool is_skipped(const std::string& report) { return report.starts_with("skip: "); }

TEST_P(Escape, fails_from_every_thread_and_by_every_way) {
  const std::string report = run(true, false);
  if (is_skipped(report)) GTEST_SKIP() << report;
  EXPECT_EQ(report, "");
  expect_unharmed();
}

TEST_P(Escape, succeeds_with_the_sandbox_off) {
  const std::string report = run(false, false);
  if (is_skipped(report)) GTEST_SKIP() << report;
  EXPECT_EQ(report, "");
}

TEST_P(Escape, fails_for_a_server_that_has_become_another_user) {
  if (const std::string why = test_support::why_no_other_user(); !why.empty()) {
    GTEST_SKIP() << why;
  }
  const std::string report = run(true, true);
  if (is_skipped(report)) GTEST_SKIP() << report;
  EXPECT_EQ(report, "");
  expect_unharmed();
}

TEST_P(Escape, of_another_user_succeeds_with_the_sandbox_off) {
  if (const std::string why = test_support::why_no_other_user(); !why.empty()) {
    GTEST_SKIP() << why;
  }
  const std::string report = run(false, true);
  if (is_skipped(report)) GTEST_SKIP() << report;
  EXPECT_EQ(report, "");
}

INSTANTIATE_TEST_SUITE_P(On, Escape,
                         testing::Values(uring::EngineChoice::ring, uring::EngineChoice::epoll),
                         [](const testing::TestParamInfo<uring::EngineChoice>& one) {
                           return one.param == uring::EngineChoice::ring ? "ring" : "epoll";
                         });

}  // namespace
}  // namespace server
