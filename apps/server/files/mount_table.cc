// Reading and comparing /proc/self/mountinfo. Covered by tests/server/files/mount_table_test.cc.
#include "apps/server/files/mount_table.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fcntl.h>
#include <optional>
#include <unistd.h>
#include <utility>

#include <climits>

#include "parser/fields.h"
#include "parser/fnv1a.h"

namespace server {

namespace {

// The field of that index in a line whose fields are separated by spaces; empty if there is none.
std::string_view field_of(std::string_view line, int index) {
  for (; index > 0; --index) {
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) return {};
    line.remove_prefix(space + 1);
  }
  return line.substr(0, line.find(' '));
}

// The path as the table writes it: space, tab, line feed and backslash as three octal digits.
std::string escaped(std::string_view path) {
  std::string text;
  for (const char c : path) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\\') {
      std::array<char, 5> code{};
      std::snprintf(code.data(), code.size(), "\\%03o", static_cast<unsigned char>(c));
      text += code.data();
    } else {
      text += c;
    }
  }
  return text;
}

// Takes the next line, without its line feed, off a table that is not empty.
std::string_view take_line(std::string_view& table) {
  const std::string_view line = table.substr(0, table.find('\n'));
  table.remove_prefix(std::min(table.size(), line.size() + 1));
  return line;
}

// The mount point of a line behind the escaped path `directory`: empty where the file system is
// mounted at the directory. Nothing: it is mounted elsewhere.
std::optional<std::string_view> below(std::string_view directory, std::string_view line) {
  constexpr int mount_point = 4;
  const std::string_view point = field_of(line, mount_point);
  if (point.empty() || !point.starts_with(directory)) return {};
  const std::string_view rest = point.substr(directory.size());
  if (!rest.empty() && rest.front() != '/') return {};
  return rest;
}

// The path of an open directory; empty for the root of the file system, and where the path is not
// known.
std::string path_of(int directory) {
  std::array<char, 32> link{};
  std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", directory);
  std::array<char, PATH_MAX> path{};
  const ssize_t size = ::readlink(link.data(), path.data(), path.size());
  if (size <= 1 || path[0] != '/') return {};
  return {path.data(), static_cast<std::size_t>(size)};
}

}  // namespace

std::uint64_t hash_of_mounts(std::string_view table, std::string_view directory) {
  const std::string wanted = escaped(directory);
  http1::Fnv1a hash;
  while (!table.empty()) {
    const std::string_view line = take_line(table);
    if (below(wanted, line)) hash.add(line).add('\n');
  }
  return hash.value();
}

bool has_writable_mount(std::string_view table, std::string_view directory) {
  constexpr int options = 5;
  const std::string wanted = escaped(directory);
  while (!table.empty()) {
    const std::string_view line = take_line(table);
    const std::optional<std::string_view> rest = below(wanted, line);
    const bool is_below = rest && !rest->empty();  // not at the directory itself
    if (is_below && !http1::has_token(field_of(line, options), "ro")) return true;
  }
  return false;
}

MountTable::MountTable() : table_(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)) {}

bool MountTable::read_table() {
  text_.clear();
  std::array<char, 4096> block;
  for (;;) {
    const ssize_t got =
        ::pread(table_.get(), block.data(), block.size(), static_cast<off_t>(text_.size()));
    if (got <= 0) return got == 0;
    text_.append(block.data(), static_cast<std::size_t>(got));
  }
}

bool MountTable::has_changed_below(int directory) {
  const std::uint64_t hash = read_table() ? hash_of_mounts(text_, path_of(directory)) : 0;
  return std::exchange(hash_, hash) != hash || hash == 0;
}

bool MountTable::has_writable_below(int directory) {
  return read_table() && has_writable_mount(text_, path_of(directory));
}

}  // namespace server
