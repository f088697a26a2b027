// Plain reads. Covered by tests/server/auth/read_accounts_test.cc.
#include "apps/server/auth/read_accounts.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "apps/crypto/digest.h"
#include "uring/fd.h"
#include "uring/result.h"

namespace server {

namespace {

using options::ExitReason;

ExitReason problem_of(const std::string& option, const std::string& path,
                      const std::string& problem) {
  return {EX_CONFIG, option + " " + path + ": " + problem};
}

// Reads the file that is open as `fd` to its end. Returns 0 or an errno.
int read_all(int fd, std::size_t size, std::string& text) {
  text.resize(size);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::read(fd, text.data() + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  text.resize(done);
  return 0;
}

ExitReason read_file(const std::string& option, const std::string& path, std::string& text,
                     std::vector<std::string>& warnings) {
  // A FIFO without a writer does not delay the open.
  const uring::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (!file.valid() || ::fstat(file.get(), &status) != 0) {
    const int error = errno;
    return problem_of(option, path, "cannot be read: " + uring::error_text(error));
  }
  if (!S_ISREG(status.st_mode)) return problem_of(option, path, "is not a regular file");
  if (static_cast<std::uint64_t>(status.st_size) > most_accounts_bytes) {
    return problem_of(option, path, "is larger than 50 MiB");
  }
  const int error = read_all(file.get(), static_cast<std::size_t>(status.st_size), text);
  if (error != 0) return problem_of(option, path, "cannot be read: " + uring::error_text(error));
  if ((status.st_mode & S_IROTH) != 0) {
    warnings.push_back(option + " " + path +
                       ": every user of this machine can read it; see chmod 640");
  }
  return {};
}

}  // namespace

ExitReason read_accounts(const std::string& users, const std::string& tokens,
                         std::shared_ptr<const Accounts>& accounts,
                         std::vector<std::string>& warnings) {
  accounts = nullptr;
  if (users.empty() && tokens.empty()) return {};
  auto read = std::make_shared<Accounts>();
  for (const bool is_users : {true, false}) {
    const std::string option = is_users ? "--users" : "--tokens";
    const std::string& path = is_users ? users : tokens;
    if (path.empty()) continue;
    std::string text;
    if (ExitReason reason = read_file(option, path, text, warnings)) return reason;
    const std::string problem = is_users ? read->add_users(text) : read->add_tokens(text);
    crypto::wipe(text);
    if (!problem.empty()) return problem_of(option, path, problem);
  }
  if (!read->legacy().empty()) {
    warnings.push_back("--users " + users + ": " + read->legacy() +
                       ": this kind of hash is fast to guess; make it anew with quoit passwd");
  }
  accounts = std::move(read);
  return {};
}

}  // namespace server
