// The floor's answers: what it sends for each file of the benchmark's site, made once.
//
// Head and body stand behind one another in memory, so that each answer is one piece: a page for
// the head, and after it the file, mapped. Tried by ./dev bench.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace floor_server {

// A file as it is answered. The bytes live as long as the process.
struct Answer {
  std::string_view whole;  // head and body
  std::string_view head;   // its beginning
};

class Answers {
 public:
  // Maps the files under `root`, a directory's path. Ends the process when one is missing.
  explicit Answers(const std::string& root);

  // The answer to one request's head, by method, target and the two fields that the load generator
  // sends. What is none of these cases is answered 404.
  std::string_view to(std::string_view request) const;
  // The file whose parts are asked for; see range_of. All of it is mapped in at the first call.
  std::string_view parts();

 private:
  Answer small_, medium_, large_, big_, one_of_many_;
  std::string not_modified_, not_found_;
  bool parts_mapped_ = false;
};

// The bytes of the first request of several, up to its blank line; 0 when there is none.
std::size_t head_size(std::string_view requests);

// A request for a part, of which only `bytes=FIRST-LAST` is understood; length 0: no range.
struct Range {
  std::uint64_t first = 0;
  std::uint64_t length = 0;
};
Range range_of(std::string_view request);

}  // namespace floor_server
