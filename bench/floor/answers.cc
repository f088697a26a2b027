// The floor's responses, from the files that the benchmark creates (bench/load/site.h).
#include "bench/floor/answers.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace floor_server {

namespace {

constexpr std::size_t page = 4096;

// About as many bytes as the heads of quoitd.
std::string head_of(std::string_view status, std::size_t length) {
  return "HTTP/1.1 " + std::string(status) +
         "\r\n"
         "Server: floor/1.0.0\r\n"
         "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
         "Content-Type: application/octet-stream\r\n"
         "Content-Length: " +
         std::to_string(length) +
         "\r\n"
         "Accept-Ranges: bytes\r\n"
         "ETag: \"floor\"\r\n"
         "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n";
}

[[noreturn]] void die(const std::string& path) {
  std::perror(path.c_str());
  std::exit(1);
}

// Reserves a page and the address space for the file behind it, maps the file there, and writes the
// head so that it ends where the file begins.
Answer answer_with(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat facts {};
  if (fd < 0 || ::fstat(fd, &facts) != 0) die(path);
  const auto size = static_cast<std::size_t>(facts.st_size);
  void* room =
      ::mmap(nullptr, page + size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  if (room == MAP_FAILED) die(path);
  char* start = static_cast<char*>(room) + page;
  if (::mmap(start, size, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED) die(path);
  ::close(fd);
  const std::string head = head_of("200 OK", size);
  std::copy(head.begin(), head.end(), start - head.size());
  return {{start - head.size(), head.size() + size}, {start - head.size(), head.size()}};
}

// The last field line of a request's head, where the load generator puts the varying field.
std::string_view last_line(std::string_view request) {
  const void* before = ::memrchr(request.data(), '\n', request.size() - 4);
  return request.substr(
      static_cast<std::size_t>(static_cast<const char*>(before) - request.data()) + 1);
}

// The first four bytes of a target, as one number.
constexpr std::uint32_t key(const char (&text)[5]) {
  return static_cast<std::uint32_t>(text[0]) | static_cast<std::uint32_t>(text[1]) << 8 |
         static_cast<std::uint32_t>(text[2]) << 16 | static_cast<std::uint32_t>(text[3]) << 24;
}

}  // namespace

Answers::Answers(const std::string& root)
    : small_(answer_with(root + "/1k")),
      medium_(answer_with(root + "/100k")),
      large_(answer_with(root + "/10m")),
      big_(answer_with(root + "/256m")),
      one_of_many_(answer_with(root + "/f/00000")),
      not_modified_(
          "HTTP/1.1 304 Not Modified\r\nServer: floor/1.0.0\r\n"
          "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nETag: \"floor\"\r\n\r\n"),
      not_found_(head_of("404 Not Found", 10) + "not found\n") {}

std::string_view Answers::to(std::string_view request) const {
  const bool head_only = request[0] == 'H';
  const std::size_t target = head_only ? 6 : 5;  // after "HEAD /" or "GET /"
  std::uint32_t name = 0;
  std::memcpy(&name, request.data() + target, sizeof name);
  switch (name) {
    case key("1k H"):
      if (head_only) return small_.head;
      return last_line(request)[0] == 'I' ? not_modified_ : small_.whole;
    case key("100k"): return medium_.whole;
    case key("10m "): return large_.whole;
    case key("f/00"):
    case key("f/01"):
    case key("f/02"):
    case key("f/03"):
    case key("f/04"):
    case key("f/05"):
    case key("f/06"):
    case key("f/07"):
    case key("f/08"):
    case key("f/09"): return one_of_many_.whole;
    default: return not_found_;
  }
}

// Called neither at start, which is measured, nor page by page during the measurement.
std::string_view Answers::parts() {
  const std::string_view body = big_.whole.substr(big_.head.size());
  if (!parts_mapped_) ::madvise(const_cast<char*>(body.data()), body.size(), MADV_POPULATE_READ);
  parts_mapped_ = true;
  return body;
}

// Uses vector instructions, as a parser would.
std::size_t head_size(std::string_view requests) {
  std::size_t at = 0;
  while (const void* found = std::memchr(requests.data() + at, '\r', requests.size() - at)) {
    at = static_cast<std::size_t>(static_cast<const char*>(found) - requests.data());
    if (requests.substr(at, 4) == "\r\n\r\n") return at + 4;
    ++at;
  }
  return 0;
}

Range range_of(std::string_view request) {
  const std::string_view line = last_line(request);
  const char* end = line.data() + line.size();
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  const auto dash =
      std::from_chars(line.data() + std::string_view("Range: bytes=").size(), end, first);
  std::from_chars(dash.ptr + 1, end, last);
  return {first, last - first + 1};
}

}  // namespace floor_server
