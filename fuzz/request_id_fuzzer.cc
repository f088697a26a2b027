// Fuzzes is_request_id and parse_traceparent: the input is the value of a field.
//
// Oracles, each of a second implementation that reads byte by byte:
//   - an id is accepted exactly if it has 1 to 128 bytes of its alphabet
//   - a traceparent is accepted exactly if a model of its grammar accepts it, and its ids are views
//     of the input
//   - no call allocates
// Covered by the replay of corpus/request_id in every build.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "apps/server/plan/request_id.h"
#include "fuzz/bytes.h"
#include "fuzz/no_allocation.h"
#include "fuzz/require.h"

namespace {

using fuzz::require;

bool is_id(std::string_view text) {
  for (const char byte : text) {
    switch (byte) {
      case '.':
      case '_':
      case '=':
      case '+':
      case '/':
      case '-': continue;
      default: break;
    }
    const char lower = static_cast<char>(byte | 0x20);
    if ((byte < '0' || byte > '9') && (lower < 'a' || lower > 'z')) return false;
  }
  return text.size() - 1 < 128;
}

// Takes `count` hexadecimal digits in lower case off `text`. False: there are fewer. `is_zero`: all
// of them are 0.
bool take_digits(std::string_view& text, std::size_t count, bool& is_zero) {
  is_zero = true;
  for (std::size_t i = 0; i < count; ++i) {
    if (text.empty()) return false;
    const char digit = text.front();
    const bool is_digit = (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f');
    if (!is_digit) return false;
    is_zero = is_zero && digit == '0';
    text.remove_prefix(1);
  }
  return true;
}

bool take_dash(std::string_view& text) {
  if (text.empty() || text.front() != '-') return false;
  text.remove_prefix(1);
  return true;
}

bool is_traceparent(std::string_view text) {
  const std::string_view version = text.substr(0, 2);
  bool is_version_0 = false;
  bool has_no_trace = false;
  bool has_no_parent = false;
  bool has_no_flags = false;
  if (!take_digits(text, 2, is_version_0) || !take_dash(text)) return false;
  if (!take_digits(text, 32, has_no_trace) || !take_dash(text)) return false;
  if (!take_digits(text, 16, has_no_parent) || !take_dash(text)) return false;
  if (!take_digits(text, 2, has_no_flags)) return false;
  if (version == "ff" || has_no_trace || has_no_parent) return false;
  return text.empty() || (!is_version_0 && text.front() == '-');
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Block input(fuzz::text_of_input(data, size));
  const std::string_view text = input.view();
  const fuzz::NoAllocation none;
  require(server::is_request_id(text) == is_id(text), "the models of an id agree");
  const auto parent = server::parse_traceparent(text);
  require(parent.has_value() == is_traceparent(text), "the models of a traceparent agree");
  if (!parent) return 0;
  require(parent->trace_id.data() == text.data() + 3 && parent->trace_id.size() == 32,
          "the trace id is a view of the input");
  require(parent->parent_id.data() == text.data() + 36 && parent->parent_id.size() == 16,
          "the parent id is a view of the input");
  return 0;
}
