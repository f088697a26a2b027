// Looking up and becoming a user: setresuid(2), credentials(7) and capabilities(7). Covered by
// tests/server/process/user_test.cc and tests/end_to_end/user_test.cc.
#include "apps/server/process/user.h"

#include <cerrno>
#include <cstdint>
#include <grp.h>
#include <limits>
#include <optional>
#include <pwd.h>
#include <string_view>
#include <sys/prctl.h>
#include <unistd.h>

#include "apps/options/whole_number.h"
#include "uring/result.h"

namespace server {

using options::ExitReason;

namespace {

// The texts of one entry of the user or group database: a group has the names of its members.
constexpr std::size_t entry_bytes = 64 * 1024;

// The number of a user or a group; the highest one stands for "no change" in setresuid(2).
std::optional<std::uint32_t> number_of(std::string_view text) {
  const auto number = options::whole_number<std::uint32_t>(text);
  return number == std::numeric_limits<std::uint32_t>::max() ? std::nullopt : number;
}

ExitReason unknown(const char* what, const std::string& name, const char* database) {
  return {EX_NOUSER, std::string("--user: there is no ") + what + " '" + name +
                         "' on this machine (see 'getent " + database + "')"};
}

ExitReason find_group(const std::string& name, gid_t& gid) {
  if (const auto number = number_of(name)) {
    gid = *number;
    return {};
  }
  std::vector<char> memory(entry_bytes);
  group entry{};
  group* found = nullptr;
  ::getgrnam_r(name.c_str(), &entry, memory.data(), memory.size(), &found);
  if (!found) return unknown("group", name, "group");
  gid = found->gr_gid;
  return {};
}

// The groups of a user with a name, with `gid` among them.
std::vector<gid_t> groups_of(const char* name, gid_t gid) {
  int count = 64;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  if (::getgrouplist(name, gid, groups.data(), &count) < 0) {
    groups.resize(static_cast<std::size_t>(count));
    if (::getgrouplist(name, gid, groups.data(), &count) < 0) return {gid};
  }
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

// Fills in the user, and the groups where the database has them. A number with a group needs no
// entry in the database, which small containers lack.
ExitReason find_entry(const std::string& name, const std::string& group, User& user) {
  if (!group.empty()) {
    if (ExitReason reason = find_group(group, user.gid)) return reason;
  }
  const std::optional<std::uint32_t> number = number_of(name);
  if (number && !group.empty()) {
    user.uid = *number;
    user.groups = {user.gid};
    return {};
  }
  std::vector<char> memory(entry_bytes);
  passwd entry{};
  passwd* found = nullptr;
  if (number) {
    ::getpwuid_r(*number, &entry, memory.data(), memory.size(), &found);
    if (!found) {
      return {EX_NOUSER, "--user: user " + name + " has no entry that names its group; give one, " +
                             "as in --user " + name + ":" + name};
    }
  } else {
    ::getpwnam_r(name.c_str(), &entry, memory.data(), memory.size(), &found);
    if (!found) return unknown("user", name, "passwd");
  }
  user.uid = found->pw_uid;
  if (group.empty()) user.gid = found->pw_gid;
  user.groups = groups_of(found->pw_name, user.gid);
  return {};
}

bool is_current(const User& user) {
  return ::getuid() == user.uid && ::geteuid() == user.uid && ::getgid() == user.gid &&
         ::getegid() == user.gid;
}

// Without the bounding set no program that this process could start gets a capability. Needs a
// privilege that root may lack in a container; all other steps hold without it.
void drop_bounding_set() {
  for (unsigned long capability = 0; capability < 64; ++capability) {
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno == EINVAL) return;
  }
}

ExitReason failure(const User& user, const char* step) {
  const std::string text = uring::error_text(errno);
  return {EX_OSERR, "--user: cannot become " + user.name + ": " + step + ": " + text};
}

}  // namespace

ExitReason find_user(const std::string& text, User& user) {
  const std::size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  const std::string group = colon == std::string::npos ? "" : text.substr(colon + 1);
  if (name.empty() || (colon != std::string::npos && group.empty())) {
    return {EX_USAGE, "--user: '" + text + "' is no NAME or NAME:GROUP; give one, as in --user " +
                          "www-data or --user 65532:65532"};
  }
  if (ExitReason reason = find_entry(name, group, user)) return reason;
  user.name = text;
  if (user.uid == 0) {
    return {EX_USAGE, "--user: '" + text + "' is root, which keeps all privileges; name an " +
                          "ordinary user, or leave --user out"};
  }
  if (::geteuid() == 0 || is_current(user)) return {};
  return {EX_NOPERM, "--user: only root can become " + text + "; start quoitd as root, or leave " +
                         "--user out to serve as the user that starts it"};
}

ExitReason become_user(const User& user) {
  if (!user.is_set() || is_current(user)) return {};
  drop_bounding_set();
  if (::setgroups(user.groups.size(), user.groups.data()) != 0) return failure(user, "setgroups");
  if (::setresgid(user.gid, user.gid, user.gid) != 0) return failure(user, "setresgid");
  if (::setresuid(user.uid, user.uid, user.uid) != 0) return failure(user, "setresuid");
  if (::setuid(0) == 0) {
    return {EX_OSERR, "--user: the kernel lets " + user.name + " become root again; start quoitd " +
                          "as that user instead"};
  }
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  return {};
}

}  // namespace server
