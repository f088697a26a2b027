// The floor's answers, from the files that the benchmark makes (bench/site).
#include "bench/floor/answers.h"

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

// As many bytes as quoitd's heads have, give or take a few.
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

// Reserves a page and room for the file behind it, maps the file there, and writes the head so that
// it ends where the file begins.
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
  std::memcpy(start - head.size(), head.data(), head.size());
  return {{start - head.size(), head.size() + size}, {start - head.size(), head.size()}};
}

bool has(std::string_view request, std::string_view line) {
  return ::memmem(request.data(), request.size(), line.data(), line.size()) != nullptr;
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
  const std::size_t target = head_only ? 6 : 5;  // behind "HEAD /" or "GET /"
  std::uint32_t name = 0;
  std::memcpy(&name, request.data() + target, sizeof name);
  switch (name) {
    case key("1k H"):
      if (head_only) return small_.head;
      return has(request, "If-None-Match") ? not_modified_ : small_.whole;
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

Range range_of(std::string_view request) {
  constexpr std::string_view field = "Range: bytes=";
  const void* found = ::memmem(request.data(), request.size(), field.data(), field.size());
  if (!found) return {};
  const char* end = request.data() + request.size();
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  const auto dash = std::from_chars(static_cast<const char*>(found) + field.size(), end, first);
  std::from_chars(dash.ptr + 1, end, last);
  return {first, last - first + 1};
}

}  // namespace floor_server
