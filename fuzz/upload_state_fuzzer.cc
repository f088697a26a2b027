// Fuzzes the reader of the state of a resumable upload: the input is the text of the file.
//
// Oracles:
//   - the target is one name in a directory: no slash, no dot alone, at most 255 bytes
//   - a state that is read, written and read again is that state, and is written again byte by byte
//   - no proper prefix of a state is a state
//   - no call allocates
// Covered by the replay of corpus/upload_state in every build.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "apps/server/plan/intent.h"
#include "apps/server/plan/upload_state.h"
#include "fuzz/bytes.h"
#include "fuzz/no_allocation.h"
#include "fuzz/require.h"

namespace {

using fuzz::require;
using server::UploadState;

struct Read {
  explicit Read(std::string_view text) {
    const fuzz::NoAllocation none;
    is_read = server::read_upload_state(text, head, buffer, state);
  }
  http1::RequestHead head;
  std::array<char, server::path_buffer_bytes> buffer{};
  UploadState state;
  bool is_read = false;
};

bool are_equal(const UploadState& left, const UploadState& right) {
  return left.leaf == right.leaf && left.length == right.length && left.boot == right.boot &&
         left.parents == right.parents && left.is_complete == right.is_complete &&
         left.is_created == right.is_created && left.facts.size == right.facts.size &&
         left.facts.mtime_ns == right.facts.mtime_ns;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::array<char, server::most_state_bytes> first_buffer;
  static std::array<char, server::most_state_bytes> second_buffer;
  const fuzz::Block text(fuzz::text_of_input(data, size));
  const Read read(text.view());
  if (!read.is_read) return 0;
  const std::string_view leaf = read.state.leaf;
  require(!leaf.empty() && leaf.size() <= 255 && leaf.find('/') == leaf.npos, "it is one name");
  require(leaf != "." && leaf != ".." && leaf.find('\0') == leaf.npos, "it is the name of a file");
  const std::string_view written = server::write_upload_state(read.state, read.head, first_buffer);
  if (written.empty()) return 0;  // with fields in their longest forms
  const fuzz::Block block(written);
  const Read again(block.view());
  require(again.is_read && are_equal(again.state, read.state), "it is read as it was written");
  require(server::write_upload_state(again.state, again.head, second_buffer) == written,
          "it is written byte for byte");
  for (std::size_t end = 0; end < written.size(); end += 1 + end / 8) {
    const fuzz::Block part(written.substr(0, end));
    require(!Read(part.view()).is_read, "a part of a state is none");
  }
  return 0;
}
