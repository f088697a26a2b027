// The table of cases, and their requests.
#include "bench/load/cases.h"

#include <array>

namespace load {

namespace {

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;
constexpr std::uint64_t files = 10000;  // created by bench/load/site.cc under f/
constexpr std::uint64_t part_bytes = 64 * kib;
constexpr std::uint64_t parts = 4096;  // of the file of 256 MiB

constexpr std::array cases = {
    Case{.name = "get-1k", .target = "/1k", .body_bytes = kib, .warm = 2000, .requests = 8000},
    Case{.name = "get-1k-1",
         .target = "/1k",
         .connections = 1,
         .body_bytes = kib,
         .warm = 500,
         .requests = 4000},
    Case{.name = "get-1k-1000",
         .target = "/1k",
         .connections = 1000,
         .body_bytes = kib,
         .warm = 4000,
         .requests = 12000},
    Case{.name = "get-1k-log", .target = "/1k", .body_bytes = kib, .warm = 2000, .requests = 8000},
    Case{.name = "get-1k-2w", .target = "/1k", .body_bytes = kib, .warm = 2000, .requests = 8000},
    Case{.name = "pipelined",
         .target = "/1k",
         .depth = 16,
         .body_bytes = kib,
         .warm = 4096,
         .requests = 16384},
    Case{.name = "head", .kind = Kind::head, .target = "/1k", .warm = 2000, .requests = 8000},
    Case{.name = "not-modified",
         .kind = Kind::revalidate,
         .target = "/1k",
         .status = 304,
         .warm = 2000,
         .requests = 8000},
    Case{.name = "not-found", .target = "/missing", .status = 404, .warm = 2000, .requests = 8000},
    Case{.name = "random-4k",
         .kind = Kind::random_file,
         .target = "/f/#####",
         .body_bytes = 4 * kib,
         .in_order = 3 * files,  // some caches admit a file only at its second request
         .warm = 3 * files + 1000,
         .requests = 10000},
    Case{
        .name = "get-16k", .target = "/16k", .body_bytes = 16 * kib, .warm = 640, .requests = 6400},
    Case{.name = "get-100k",
         .target = "/100k",
         .body_bytes = 100 * kib,
         .warm = 320,
         .requests = 6400},
    Case{.name = "range-64k",
         .kind = Kind::random_part,
         .target = "/256m",
         .status = 206,
         .body_bytes = part_bytes,
         .in_order = parts,
         .warm = parts + 320,
         .requests = 6400},
    Case{.name = "get-1m",
         .target = "/1m",
         .connections = 16,
         .body_bytes = mib,
         .warm = 32,
         .requests = 320},
    Case{.name = "get-10m",
         .target = "/10m",
         .connections = 16,
         .body_bytes = 10 * mib,
         .warm = 16,
         .requests = 48},
    Case{.name = "connect",
         .target = "/1k",
         .close_each = true,
         .body_bytes = kib,
         .warm = 500,
         .requests = 4000},
    Case{.name = "put-4k",
         .kind = Kind::put,
         .target = "/put/########",
         .status = 201,
         .body_bytes = 4 * kib,
         .warm = 1000,
         .requests = 4000},
    Case{.name = "put-100m",
         .kind = Kind::put,
         .target = "/put/########",
         .connections = 4,
         .status = 201,
         .body_bytes = 100 * mib,
         .warm = 1,
         .requests = 4},
};

}  // namespace

std::span<const Case> all_cases() { return cases; }

const Case* find_case(std::string_view name) {
  for (const Case& c : cases) {
    if (c.name == name) return &c;
  }
  return nullptr;
}

// As few fields as wrk and h2load send.
Requests::Requests(const Case& of, std::uint16_t port, std::string_view tag) : case_(of) {
  std::string request = of.kind == Kind::head ? "HEAD " : of.kind == Kind::put ? "PUT " : "GET ";
  target_at_ = request.size() + of.target.find('#');
  request += of.target;
  request += " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\n";
  if (of.kind == Kind::revalidate) request += "If-None-Match: " + std::string(tag) + "\r\n";
  if (of.kind == Kind::put) {
    request += "Content-Length: " + std::to_string(of.body_bytes) + "\r\n";
  }
  if (of.close_each) request += "Connection: close\r\n";
  if (of.kind == Kind::random_part) {
    request += "Range: bytes=";
    range_at_ = request.size();
    request += "000000000-000000000\r\n";
  }
  request += "\r\n";
  size_ = request.size();
  for (unsigned i = 0; i < of.depth; ++i) bytes_ += request;
}

std::string_view Requests::next() {
  for (unsigned i = 0; i < case_.depth; ++i) vary(i * size_);
  return bytes_;
}

namespace {

void write_digits(char* room, std::size_t count, std::uint64_t value) {
  for (std::size_t i = count; i > 0; --i, value /= 10) {
    room[i - 1] = static_cast<char>('0' + value % 10);
  }
}

}  // namespace

// The number of the next of `count` files or ranges: first all in order, then pseudorandom, equal
// in every run (Marsaglia's xorshift).
std::uint64_t Requests::random_below(std::uint64_t count) {
  if (number_ < case_.in_order) return number_ % count;
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return random_ % count;
}

void Requests::vary(std::size_t request_at) {
  char* request = bytes_.data() + request_at;
  switch (case_.kind) {
    case Kind::random_file: write_digits(request + target_at_, 5, random_below(files)); break;
    case Kind::put: write_digits(request + target_at_, 8, number_); break;
    case Kind::random_part: {
      const std::uint64_t first = random_below(parts) * part_bytes;
      write_digits(request + range_at_, 9, first);
      write_digits(request + range_at_ + 10, 9, first + part_bytes - 1);
      break;
    }
    case Kind::get:
    case Kind::head:
    case Kind::revalidate: break;
  }
  ++number_;
}

}  // namespace load
