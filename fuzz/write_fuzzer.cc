// Fuzzes HeadWriter: the input is used as a name, a value, a reason, a method and a target, as if
// it came from an untrusted source. This target detects response splitting.
//
// Oracles:
//   - a name, value, reason or method is written exactly if the parser accepts it: as one field, in
//     a head that ends at the expected place
//   - a target that the parser accepts can be written; a written target is parsed unchanged, or
//     refused
//   - after a refusal there are no bytes to send; neither are there with a buffer one byte
//     too small
//   - no call allocates
// Covered by the replay of corpus/write in every build.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fuzz/bytes.h"
#include "fuzz/no_allocation.h"
#include "fuzz/require.h"
#include "parser/fields.h"
#include "parser/limits.h"
#include "parser/parse.h"
#include "parser/write.h"

namespace {

using fuzz::require;
using http1::Progress;

constexpr http1::Limits wide = {.head_bytes = http1::max_head_bytes,
                                .target_bytes = http1::max_head_bytes,
                                .method_bytes = http1::max_head_bytes};
constexpr std::size_t around = 64;  // at most this many bytes surround the input in the output

// Writes a head with `write` into buffers of several sizes; returns it, empty if it was refused.
template <class Write>
fuzz::Block written(std::size_t most, Write write) {
  const auto attempt = [&](fuzz::Block& room) {
    const fuzz::NoAllocation none;
    http1::HeadWriter writer(room.room());
    write(writer);
    writer.end();
    require(writer.ok() || writer.written().empty(), "what is refused leaves nothing to send");
    return writer.written();
  };
  fuzz::Block large(most);
  const std::string_view head = attempt(large);
  if (head.empty()) return fuzz::Block(head);
  fuzz::Block exact(head.size());
  require(attempt(exact) == head, "its own size is room enough");
  fuzz::Block small(head.size() - 1);
  require(attempt(small).empty(), "one byte less is not");
  return fuzz::Block(head);
}

void check_field(std::string_view name, std::string_view value) {
  const fuzz::Text text = {"HTTP/1.1 200 OK\r\n", name, ": ", value, "\r\n\r\n"};
  http1::ResponseHead head;
  const Progress progress = http1::parse_response(text.view(), head, http1::Method::get, wide);
  const bool is_read = progress == Progress::done && head.size() == text.view().size() &&
                       head.field_count() == 1 && head.field(0).name == name &&
                       head.field(0).value == http1::trim(value);
  // A line may also be refused for its value, such as a Content-Length that is not a number.
  const bool is_judged = progress == Progress::failed &&
                         head.failure().offset + 3 == text.view().size() &&
                         value.find('\n') == std::string_view::npos &&
                         http1::field_name_of(name) != http1::FieldName::other;
  const fuzz::Block room = written(text.view().size() + around, [&](http1::HeadWriter& writer) {
    writer.status_line(200);
    writer.field(name, value);
  });
  require(room.view().empty() != (is_read || is_judged), "fields are written if they can be read");
  require(room.view().empty() || room.view() == text.view(), "as they are");
}

void check_reason(std::string_view reason) {
  const fuzz::Text text = {"HTTP/1.1 299 ", reason, "\r\n\r\n"};
  http1::ResponseHead head;
  const Progress progress = http1::parse_response(text.view(), head, http1::Method::get, wide);
  const bool is_read =
      progress == Progress::done && head.size() == text.view().size() && head.reason() == reason;
  const fuzz::Block room = written(text.view().size() + around, [&](http1::HeadWriter& writer) {
    writer.status_line(299, reason);
  });
  require(room.view().empty() != is_read, "a reason is written if it can be read");
}

void check_request_line(std::string_view method, std::string_view target, bool both_ways) {
  const fuzz::Text text = {method, " ", target, " HTTP/1.0\r\n\r\n"};
  http1::RequestHead head;
  const Progress progress = http1::parse_request(text.view(), head, wide);
  const bool is_read = progress == Progress::done && head.size() == text.view().size() &&
                       head.method_text() == method && head.target() == target;
  const fuzz::Block room = written(text.view().size() + around, [&](http1::HeadWriter& writer) {
    writer.request_line(method, target, http1::Version::http_1_0);
  });
  const bool is_written = !room.view().empty();
  require(!is_read || is_written, "a request that can be read can be written");
  require(!is_written || is_read || progress == Progress::failed, "and is never read as another");
  require(!both_ways || is_written == is_read, "a method is written if it can be read");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::text_of_input(data, size);
  if (size > http1::max_head_bytes / 2) return 0;
  check_field("X", input);
  check_field(input, "x");
  const std::size_t colon = input.find(':');
  if (colon != std::string_view::npos) check_field(input.substr(0, colon), input.substr(colon + 1));
  check_reason(input);
  check_request_line(input, "/", input != "CONNECT");
  check_request_line("GET", input, false);
  check_request_line("CONNECT", input, false);
  return 0;
}
