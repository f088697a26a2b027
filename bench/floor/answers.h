// The floor's responses: created once for each file of the benchmark's site.
//
// Head and body are contiguous in memory, so that each response is one piece: a page for the head,
// and behind it the mapped file. Tried by ./dev bench.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace floor_server {

// A response with a file. The bytes stay valid until the process ends.
struct Answer {
  std::string_view whole;  // head and body
  std::string_view head;   // the head at its beginning
};

class Answers {
 public:
  // Maps the files under `root`, the path of a directory. Ends the process if one is missing.
  explicit Answers(const std::string& root);

  // The response to a request's head, selected by method, target and the two fields that the load
  // generator sends. 404 for all other requests.
  std::string_view to(std::string_view request) const;
  // The file whose ranges are requested; see range_of. The first call populates its whole mapping.
  std::string_view parts();

 private:
  Answer small_, medium_, large_, big_, one_of_many_;
  std::string not_modified_, not_found_;
  bool parts_mapped_ = false;
};

// The size of the first of several requests, including its blank line; 0 if there is none.
std::size_t head_size(std::string_view requests);

// The requested range, of which only `bytes=FIRST-LAST` is understood; length 0: no range.
struct Range {
  std::uint64_t first = 0;
  std::uint64_t length = 0;
};
Range range_of(std::string_view request);

}  // namespace floor_server
