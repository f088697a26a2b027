// The content of responses: large files in blocks, files on a disk, and parts of files. On the
// simulated engine with real files.
#include "apps/server/connection/content.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/connection_fixture.h"
#include "tests/support/eventually.h"

namespace server {
namespace {

using lab::get_hello;
using lab::head_of;
using lab::hello;
using lab::pattern;
using uring::OpCode;

class GatheringContent : public lab::ConnectionTest {};
class GatheringContentUncached : public lab::UncachedConnectionTest {};

// All other connections wait for each step.
TEST_F(GatheringContentUncached, reads_a_large_file_in_small_steps) {
  const std::string content = pattern(1 << 20);
  world.root.put("large", content);
  const std::string response = world.ask(head_of("GET", "/large"));
  EXPECT_EQ(response.substr(response.find("\r\n\r\n") + 4), content);
  EXPECT_GE(world.engine.started(OpCode::read), content.size() / 32768);
  EXPECT_LE(world.engine.started(OpCode::send), 1 + content.size() / 65536);
}

// For each page of a file whether the page cache has it; empty if the kernel does not tell.
std::vector<unsigned char> resident_pages(const std::filesystem::path& path, std::size_t bytes) {
  const uring::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  void* const mapping = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file.get(), 0);
  std::vector<unsigned char> pages(bytes / 4096);
  if (mapping == MAP_FAILED || ::mincore(mapping, bytes, pages.data()) != 0) pages.clear();
  ::munmap(mapping, bytes);
  for (unsigned char& page : pages) page &= 1;
  return pages;
}

// Removes the file from the page cache. False: the file system is in memory, or has no reads that
// do not wait (RWF_NOWAIT).
bool make_cold(const std::filesystem::path& path, std::size_t bytes) {
  const uring::Fd file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  ::fsync(file.get());
  ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
  ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_RANDOM);  // no read-ahead for the check below
  const std::vector<unsigned char> pages = resident_pages(path, bytes);
  char byte = 0;
  const iovec buffer{&byte, 1};
  const bool has_nowait = ::preadv2(file.get(), &buffer, 1, 0, RWF_NOWAIT) >= 0 || errno == EAGAIN;
  ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
  return has_nowait && !pages.empty() && std::count(pages.begin(), pages.end(), 1) == 0;
}

// The distance depends on what a slow peer will need soon, and not on the read-ahead of the disk.
TEST_F(GatheringContentUncached, has_the_disk_read_a_little_ahead_of_the_sent_bytes) {
  constexpr std::ptrdiff_t mib = (1 << 20) / 4096;  // pages
  const std::string content = pattern(16 << 20);
  world.root.put("large", content);
  const std::filesystem::path path = world.root / "large";
  if (!make_cold(path, content.size()))
    GTEST_SKIP() << "this file system reads no disk without waiting";
  const int socket = world.connect();
  world.engine.peer_takes(socket, 1 << 20);
  world.engine.peer_sends(socket, head_of("GET", "/large"));
  world.settle();
  EXPECT_TRUE(test_support::eventually([&] {
    const std::vector<unsigned char> pages = resident_pages(path, content.size());
    return std::count(pages.begin(), pages.begin() + mib * 5 / 4, 1) == mib * 5 / 4;
  }));
  const std::vector<unsigned char> pages = resident_pages(path, content.size());
  EXPECT_EQ(std::count(pages.begin() + 2 * mib, pages.end(), 1), 0);
  world.engine.peer_takes(socket, SIZE_MAX);
  world.settle();
  EXPECT_TRUE(world.heard(socket).ends_with(content));
}

TEST_F(GatheringContent, sends_a_large_file_in_blocks) {
  const std::string content = pattern(3 * BlockPool::large_bytes + 17);
  world.root.put("large", content);
  const std::string response = world.ask(head_of("GET", "/large"));
  EXPECT_EQ(response.substr(response.find("\r\n\r\n") + 4), content);
  EXPECT_LE(world.engine.started(OpCode::send), 4U);
}

TEST_F(GatheringContent, sends_a_large_file_behind_a_pipelined_small_one) {
  const std::string content = pattern(BlockPool::large_bytes + 17);
  world.root.put("large", content);
  const std::string response = world.ask(get_hello + head_of("GET", "/large") + get_hello);
  EXPECT_TRUE(response.starts_with(hello));
  EXPECT_TRUE(response.ends_with(content + hello));
}

TEST_F(GatheringContent, closes_the_connection_within_a_response_whose_file_shrinks) {
  world.root.put("large", pattern(2 * BlockPool::large_bytes));
  const int socket = world.connect();
  world.engine.peer_takes(socket, 100);
  world.say(socket, head_of("GET", "/large"));
  std::filesystem::resize_file(world.root / "large", 10);
  world.engine.peer_takes(socket, SIZE_MAX);
  world.settle();
  EXPECT_TRUE(world.engine.closed(socket));
  EXPECT_LT(world.heard(socket).size(), 2 * BlockPool::large_bytes);
}

// Splits a multipart/byteranges response into its parts, as a client does.
std::vector<std::string> parts_in(const std::string& response) {
  const std::size_t at = response.find("boundary=") + 9;
  const std::string delimiter = "\r\n--" + response.substr(at, boundary_bytes);
  std::string body = response.substr(response.find("\r\n\r\n") + 4);
  std::vector<std::string> parts;
  while (body.starts_with(delimiter + "\r\n")) {
    const std::size_t end = body.find(delimiter, 1);
    parts.push_back(body.substr(delimiter.size() + 2, end - delimiter.size() - 2));
    body.erase(0, end);
  }
  EXPECT_EQ(body, delimiter + "--\r\n");
  return parts;
}

TEST_F(GatheringContent, responds_to_many_ranges_with_a_part_for_each) {
  const std::string response =
      world.ask(head_of("GET", "/hello.txt", "Range: bytes=4-,0-1\r\n") + get_hello);
  EXPECT_TRUE(response.starts_with("HTTP/1.1 206 Partial Content\r\n")) << response;
  EXPECT_TRUE(response.ends_with(hello)) << response;
  const std::string type = "Content-Type: text/plain; charset=utf-8\r\n";
  EXPECT_EQ(parts_in(response.substr(0, response.size() - hello.size())),
            (std::vector<std::string>{type + "Content-Range: bytes 4-5/6\r\n\r\no\n",
                                      type + "Content-Range: bytes 0-1/6\r\n\r\nhe"}));
}

TEST_F(GatheringContent, draws_another_boundary_for_each_multipart_response) {
  Boundary first;
  Boundary second;
  ASSERT_TRUE(draw_boundary(first));
  ASSERT_TRUE(draw_boundary(second));
  EXPECT_NE(first, second);
  const std::string_view text(first.data(), first.size());
  EXPECT_EQ(text.find_first_not_of("0123456789abcdef"), std::string_view::npos);
}

TEST_F(GatheringContent, sends_parts_larger_than_a_block_and_smaller_ones_between) {
  const std::string content = pattern(3 * BlockPool::large_bytes);
  world.root.put("large", content);
  const std::string response =
      world.ask(head_of("GET", "/large", "Range: bytes=500000-,7-7,100-499000\r\n"));
  const std::vector<std::string> parts = parts_in(response);
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_TRUE(parts[0].ends_with("\r\n\r\n" + content.substr(500'000)));
  EXPECT_TRUE(parts[1].ends_with("\r\n\r\n" + content.substr(7, 1)));
  EXPECT_TRUE(parts[2].ends_with("\r\n\r\n" + content.substr(100, 498'901)));
  EXPECT_LE(world.engine.started(OpCode::send), 5U);
}

}  // namespace
}  // namespace server
