// Checks of ROOT and of sockets. Covered by tests/end_to_end/start_test.cc.
#include "apps/server/process/start_checks.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/server/files/mount_table.h"
#include "apps/server/files/open.h"
#include "apps/server/log/message.h"
#include "uring/openat2.h"
#include "uring/result.h"

namespace server {

using options::ExitReason;

ExitReason check_inherited(const InheritedSockets& inherited, const Config& config) {
  if (!inherited.files.empty() && config.listen_is_given) {
    return {EX_USAGE,
            "--listen is given, and a service manager passes sockets that take its place "
            "(LISTEN_FDS); remove one of them"};
  }
  if (!inherited.admin.empty() && config.admin) {
    return {EX_USAGE,
            "--admin is given, and a service manager passes a socket that takes its place "
            "(LISTEN_FDNAMES=admin); remove one of them"};
  }
  if (inherited.admin.size() > 1) {
    return {EX_USAGE,
            "a service manager passes several sockets with the name 'admin' (LISTEN_FDNAMES), and "
            "the admin listener has one address; leave one ListenStream= in quoitd-admin.socket"};
  }
  return {};
}

void check_pages(const Site& site, int root) {
  const auto check = [root](const char* option, const std::string& path) {
    if (path.empty()) return;
    struct stat status {};
    const int fd = uring::openat2(root, path.c_str(), beneath(O_PATH));
    const bool is_file = fd >= 0 && ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    if (fd >= 0) ::close(fd);
    if (is_file || fd == -ENOSYS) return;  // without openat2(2), only a request finds out
    print_message(
        Severity::warning,
        "warning: --%s: there is no file %s under ROOT yet; it is sent as soon as there is", option,
        path.c_str());
  };
  check("not-found", site.not_found);
  check("fallback", site.fallback);
}

ExitReason check_writable(const Config& config, int root) {
  if (!config.site.writable) return {};
  if (::faccessat(root, ".", W_OK | X_OK, AT_EACCESS) == 0) return {};
  const int error = errno;
  if (error == EROFS && !MountTable().has_writable_below(root)) {
    return {EX_NOPERM, "--writable: " + config.root +
                           " is on a file system that is mounted read-only; mount it read-write, "
                           "or serve without --writable"};
  }
  print_message(
      Severity::warning,
      "warning: --writable: %s cannot be written by this user (uid %u): %s; uploads to it "
      "get 403",
      config.root.c_str(), ::geteuid(), uring::error_text(error).c_str());
  return {};
}

}  // namespace server
