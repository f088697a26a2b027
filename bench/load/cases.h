// The benchmark's cases: the request, the number of connections and the number of requests.
//
// A new case is a row in the table of cases.cc. bench/run derives from the name whether the case
// needs a server that logs, accepts uploads or has two workers. Tried by ./dev bench.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace load {

enum class Kind : std::uint8_t {
  get,
  head,
  revalidate,   // GET with the current entity tag of the file
  random_file,  // GET of one of 10,000 files; the first requests take all in order
  random_part,  // GET of one of the aligned ranges of a file; the first requests take all in order
  put,          // of a new file each time
};

struct Case {
  std::string_view name;
  Kind kind = Kind::get;
  std::string_view target;  // '#' stands for digits that vary between requests
  unsigned connections = 64;
  unsigned depth = 1;       // requests in one send; the next ones follow after all responses
  bool close_each = false;  // a new connection for every request
  int status = 200;
  std::uint64_t body_bytes = 0;  // of the response, or of the upload
  std::uint64_t in_order = 0;    // first requests that take all files in order, before random ones
  std::uint64_t warm = 0;        // requests before the measured ones
  std::uint64_t requests = 0;    // measured ones, in the emulator
};

// All cases that are a stream of requests.
std::span<const Case> all_cases();
// Null if no case has that name.
const Case* find_case(std::string_view name);

// Generates the bytes of one case's requests.
class Requests {
 public:
  // `tag` is the file's entity tag, quoted; only revalidation needs it.
  Requests(const Case& of, std::uint16_t port, std::string_view tag);
  // The next `depth` requests, without the body of an upload. Valid until the next call.
  std::string_view next();

 private:
  void vary(std::size_t request_at);
  std::uint64_t random_below(std::uint64_t count);
  const Case& case_;
  std::string bytes_;
  std::size_t size_ = 0;       // of one request
  std::size_t target_at_ = 0;  // of the digits in a request's target
  std::size_t range_at_ = 0;   // of those in its Range
  std::uint64_t number_ = 0;   // of requests so far
  std::uint64_t random_ = 88172645463325252;
};

}  // namespace load
