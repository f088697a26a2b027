// For tests of PUT and DELETE: a writable world, and requests that write.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "apps/server/files/file_system.h"
#include "apps/server/plan/facts.h"
#include "tests/server/world.h"

namespace server::lab {

// On which kind of file system the server believes the root to be. In memory, it does all file
// operations synchronously, and creates a temporary file without a name if the kernel lets this
// process link open files; `in_memory_by_name` is for processes that may not.
enum class Where : std::uint8_t { on_disk, in_memory, in_memory_by_name };

inline void lay(World& world, Where where) {
  struct stat status {};
  EXPECT_EQ(::fstat(world.root.fd(), &status), 0);
  world.worker.memory_device.reset();
  if (where != Where::on_disk) world.worker.memory_device = status.st_dev;
  if (where == Where::in_memory_by_name) world.worker.links_files = false;
}

#define WHEREVER_FILES_LIE(suite)                                                               \
  INSTANTIATE_TEST_SUITE_P(                                                                     \
      Files, suite,                                                                             \
      ::testing::Values(lab::Where::on_disk, lab::Where::in_memory,                             \
                        lab::Where::in_memory_by_name),                                         \
      [](const ::testing::TestParamInfo<lab::Where>& one) {                                     \
        return one.index == 0 ? "on_disk" : one.index == 1 ? "in_memory" : "in_memory_by_name"; \
      })

// A writable world with one old file in it.
class Writing : public InWorld {
 protected:
  Writing() {
    lay(world, Where::on_disk);  // whatever the file system of the test is
    world.site.writable = true;
    world.root.put("old.txt", "old");
  }

  // The validators of the current version of a file, as field lines.
  std::string facts_of_file(std::string_view name) const {
    const uring::Fd fd(::open((world.root / name).c_str(), O_RDONLY | O_CLOEXEC));
    const FileFacts facts = facts_of(fd.get()).value();
    std::array<char, http1::date_size> date{};
    http1::write_date(facts.mtime_seconds(), date);
    return "ETag: " + std::string(tag_of(facts).text()) +
           "\r\nLast-Modified: " + std::string(date.data(), date.size()) + "\r\n";
  }
  std::string created(std::string_view name) const {
    return "HTTP/1.1 201 Created\r\nDate: NOW\r\nContent-Length: 0\r\n" + facts_of_file(name) +
           "Location: /" + std::string(name) + "\r\n\r\n";
  }
  std::string replaced(std::string_view name) const {
    return "HTTP/1.1 204 No Content\r\nDate: NOW\r\n" + facts_of_file(name) + "\r\n";
  }
  // The entity tag of the file, as a client sees it.
  std::string tag_of_file(std::string_view name) const {
    const std::string facts = facts_of_file(name);
    return facts.substr(6, facts.find("\r\n") - 6);
  }
  // The status of the answer to `bytes`, on a connection of its own.
  std::string status(std::string_view bytes) {
    const std::string answer = world.ask(bytes);
    return answer.size() < 12 ? answer : answer.substr(9, 3);
  }
};

class WritingAnywhere : public Writing, public ::testing::WithParamInterface<Where> {
 protected:
  WritingAnywhere() { lay(world, GetParam()); }
};

inline std::string put(std::string_view target, std::string_view content,
                       std::string_view fields = {}) {
  return head_of(
             "PUT", target,
             "Content-Length: " + std::to_string(content.size()) + "\r\n" + std::string(fields)) +
         std::string(content);
}

// All of it but the last `count` bytes.
inline std::string without_last(std::size_t count, std::string bytes) {
  bytes.resize(bytes.size() - count);
  return bytes;
}

inline std::string put_chunked(std::string_view target, std::string_view fields = {}) {
  return head_of("PUT", target, "Transfer-Encoding: chunked\r\n" + std::string(fields));
}

}  // namespace server::lab
