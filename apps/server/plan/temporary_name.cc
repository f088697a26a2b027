// Writing and recognising temporary names. Covered by tests/server/plan/temporary_name_test.cc.
#include "apps/server/plan/temporary_name.h"

#include <algorithm>

#include "parser/hex.h"

namespace server {

namespace {

constexpr std::string_view suffix = ".tmp";

std::string_view suffix_of(UploadName which) {
  switch (which) {
    case UploadName::part: return ".part";
    case UploadName::state: return ".state";
    case UploadName::url: return ".upload";
  }
  return {};
}

}  // namespace

TemporaryName temporary_name(std::uint64_t random) {
  TemporaryName name{};
  char* end = std::copy(temporary_prefix.begin(), temporary_prefix.end(), name.begin());
  end = http1::write_hex_word(end, random);
  std::copy(suffix.begin(), suffix.end(), end);
  return name;
}

UploadId upload_id(std::uint64_t high, std::uint64_t low) {
  UploadId id;
  http1::write_hex_word(http1::write_hex_word(id.digits.data(), high), low);
  return id;
}

TemporaryName name_of_upload(const UploadId& id, UploadName which) {
  TemporaryName name{};
  char* end = std::copy(temporary_prefix.begin(), temporary_prefix.end(), name.begin());
  end = std::copy(id.digits.begin(), id.digits.end(), end);
  const std::string_view last = suffix_of(which);
  std::copy(last.begin(), last.end(), end);
  return name;
}

bool is_upload_name(std::string_view name, UploadName which, UploadId& id) {
  const std::string_view last = suffix_of(which);
  if (!name.starts_with(temporary_prefix) || !name.ends_with(last)) return false;
  if (name.size() != temporary_prefix.size() + id.digits.size() + last.size()) return false;
  const std::string_view digits = name.substr(temporary_prefix.size(), id.digits.size());
  if (digits.find_first_not_of(http1::lower_hex_digits) != std::string_view::npos) return false;
  digits.copy(id.digits.data(), id.digits.size());
  return true;
}

bool is_temporary(std::string_view name) {
  if (!name.starts_with(temporary_prefix) || !name.ends_with(suffix)) return false;
  name.remove_prefix(temporary_prefix.size());
  return name.size() == http1::hex_word_size + suffix.size() &&
         name.find_first_not_of(http1::lower_hex_digits) == name.size() - suffix.size();
}

}  // namespace server
