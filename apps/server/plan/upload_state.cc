// Writing and reading the state. Covered by tests/server/plan/upload_state_test.cc and
// fuzz/upload_state_fuzzer.cc.
#include "apps/server/plan/upload_state.h"

#include <array>
#include <charconv>
#include <system_error>

#include "parser/fields.h"
#include "parser/parse.h"
#include "parser/target.h"
#include "parser/write.h"

namespace server {

using http1::FieldName;
using http1::RequestHead;

namespace {

// Fields of the first request that count at the end.
constexpr std::array kept_fields = {
    FieldName::if_match,    FieldName::if_none_match,    FieldName::if_unmodified_since,
    FieldName::repr_digest, FieldName::want_repr_digest, FieldName::x_oc_mtime,
};

// Fields of the server itself. A client cannot set them, because only the fields above are copied.
constexpr std::string_view boot_name = "Quoit-Boot";
constexpr std::string_view parents_name = "Quoit-Parents";
constexpr std::string_view size_name = "Quoit-Size";
constexpr std::string_view time_name = "Quoit-Time";
constexpr std::string_view created_name = "Quoit-Created";
// The last field: a text without it is not whole.
constexpr std::string_view end_name = "Quoit-End";

// The longest name in a directory, with each byte as three characters, behind a slash.
constexpr std::size_t longest_name = 255;
constexpr std::size_t path_bytes = 1 + 3 * longest_name;

std::optional<std::uint64_t> number_of(const RequestHead& head, std::string_view name) {
  std::string_view value;
  return head.find(name, value) ? http1::parse_decimal(value) : std::nullopt;
}

bool take_leaf(const RequestHead& head, std::span<char> buffer, UploadState& state) {
  const http1::DecodedPath decoded = http1::decode_path(head.path(), buffer);
  if (!decoded.ok() || decoded.has_trailing_slash || decoded.path.size() < 2) return false;
  state.leaf = decoded.path.substr(1);
  return state.leaf.size() <= longest_name && state.leaf.find('/') == std::string_view::npos;
}

bool take_result(const RequestHead& head, UploadState& state) {
  const std::optional<std::uint64_t> size = number_of(head, size_name);
  if (!size) return true;
  const std::optional<std::uint64_t> created = number_of(head, created_name);
  std::string_view time;
  if (!created || !head.find(time_name, time)) return false;
  std::int64_t mtime_ns = 0;
  const auto read = std::from_chars(time.data(), time.data() + time.size(), mtime_ns);
  if (read.ec != std::errc() || read.ptr != time.data() + time.size()) return false;
  state.is_complete = true;
  state.is_created = *created == 1;
  state.facts = {.size = *size, .mtime_ns = mtime_ns};
  return true;
}

}  // namespace

std::string_view write_upload_state(const UploadState& state, const RequestHead& origin,
                                    std::span<char> buffer) {
  std::array<char, path_bytes + 1> path;
  path[0] = '/';
  const std::string_view encoded = http1::encode_path(state.leaf, std::span(path).subspan(1));
  http1::HeadWriter writer(buffer);
  writer.request_line("PUT", {path.data(), encoded.size() + 1});
  writer.field("Host", "quoit");
  if (state.length) writer.checked_field(FieldName::upload_length, *state.length);
  for (const FieldName name : kept_fields) {
    for (const http1::Field field : origin.fields(name)) {
      writer.field(http1::text_of(name), field.value);
    }
  }
  if (!state.boot.empty()) writer.field(boot_name, state.boot);
  if (state.parents > 0) writer.field(parents_name, state.parents);
  if (state.is_complete) {
    writer.field(size_name, state.facts.size);
    std::array<char, 24> time{};  // an mtime may be before 1970
    const char* const end =
        std::to_chars(time.data(), time.data() + time.size(), state.facts.mtime_ns).ptr;
    writer.field(time_name, {time.data(), static_cast<std::size_t>(end - time.data())});
    writer.field(created_name, state.is_created ? 1U : 0U);
  }
  writer.field(end_name, 1U);
  writer.end();
  return writer.written();
}

bool read_upload_state(std::string_view text, RequestHead& head, std::span<char> buffer,
                       UploadState& state) {
  head.reset();
  state = {};
  const http1::Limits limits{
      .head_bytes = most_state_bytes, .fields = http1::max_fields, .target_bytes = path_bytes};
  if (http1::parse_request(text, head, limits) != http1::Progress::done) return false;
  if (head.size() != text.size() || head.method() != http1::Method::put) return false;
  if (head.target_form() != http1::TargetForm::origin || number_of(head, end_name) != 1U) {
    return false;
  }
  if (!take_leaf(head, buffer, state) || !take_result(head, state)) return false;
  if (!head.find(boot_name, state.boot)) state.boot = {};
  state.parents = static_cast<std::size_t>(number_of(head, parents_name).value_or(0));
  if (head.has(FieldName::upload_length)) {
    state.length = http1::parse_decimal(head.value_of(FieldName::upload_length));
    if (!state.length) return false;
  }
  return true;
}

}  // namespace server
