// Fuzzes the reader of the attribute with the digest of a file: the input is the text.
//
// Oracles, for the facts that the text may name, as a second reader finds them:
//   - a text that was read is written as it was: facts and digest have one text
//   - the second reader accepts it: four words, the first "1", the last of 64 digits
//   - it counts for no other size and for no other time
//   - no beginning of it is such a text
//   - no call allocates
// Covered by the replay of corpus/digest_attribute in every build.
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "apps/server/plan/digest_attribute.h"
#include "fuzz/bytes.h"
#include "fuzz/no_allocation.h"
#include "fuzz/require.h"

namespace {

using fuzz::require;
using http1::Digest;
using server::FileFacts;

std::string_view take_word(std::string_view& rest) {
  const std::size_t end = rest.find(' ');
  const std::string_view word = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return word;
}

template <class Number>
bool take_number(std::string_view word, Number& number) {
  const char* const end = word.data() + word.size();
  const auto [last, error] = std::from_chars(word.data(), end, number);
  return error == std::errc() && last == end;
}

// Reads the numbers leniently: the oracle says below which forms the reader may accept.
bool find_facts(std::string_view text, FileFacts& facts, std::string_view& digits) {
  if (take_word(text) != "1") return false;
  const std::string_view size = take_word(text);
  const std::string_view time = take_word(text);
  digits = text;
  return take_number(size, facts.size) && take_number(time, facts.mtime_ns);
}

bool read(std::string_view text, const FileFacts& facts, Digest& digest) {
  const fuzz::NoAllocation none;
  return server::read_digest_attribute(text, facts, digest);
}

void check_read(std::string_view text, const FileFacts& facts, const Digest& digest) {
  std::array<char, server::most_digest_attribute_bytes> buffer{};
  require(server::write_digest_attribute(facts, digest, buffer) == text,
          "a text is written as it was read");
  Digest other;
  require(!read(text, {.size = facts.size + 1, .mtime_ns = facts.mtime_ns}, other),
          "it is about one size");
  require(!read(text, {.size = facts.size, .mtime_ns = facts.mtime_ns ^ 1}, other),
          "it is about one time");
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    require(!read(text.substr(0, cut), facts, other), "the beginning of a text is none");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Block block(fuzz::text_of_input(data, size));
  const std::string_view text = block.view();
  FileFacts facts;
  std::string_view digits;
  const bool has_facts = find_facts(text, facts, digits);
  Digest digest;
  const bool is_read = read(text, facts, digest);
  require(!is_read || (has_facts && digits.size() == 64), "a text has four words");
  if (is_read) check_read(text, facts, digest);
  // The facts of a valid text, and its digits, give a text that is read.
  std::array<char, server::most_digest_attribute_bytes> buffer{};
  const std::string_view written = server::write_digest_attribute(facts, digest, buffer);
  require(read(written, facts, digest) == facts.has_validators(), "a written text is read");
  return 0;
}
