// Fuzzes the terms of archives: the input up to the first line feed is a query, the rest is the
// path of a directory.
//
// Oracles:
//   - a query asks for an archive if it is one of four texts
//   - the lines are the fields that they should be, of printable ASCII, and fit into their bound
//   - the encoded file name, decoded, is UTF-8, is one segment that is not hidden, and is the name
//   of
//     the directory where that is such a name
// Covered by the replay of corpus/archive_terms in every build.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "apps/server/plan/archive_terms.h"
#include "fuzz/bytes.h"
#include "fuzz/require.h"
#include "parser/utf8.h"

namespace {

using fuzz::require;
using server::ArchiveFormat;

unsigned digit(char byte) {
  require((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f'), "an escape has two digits");
  return static_cast<unsigned>(byte <= '9' ? byte - '0' : byte - 'a' + 10);
}

fuzz::Text decoded(std::string_view text) {
  fuzz::Text all;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      all.append(text[i]);
      continue;
    }
    require(i + 2 < text.size(), "an escape is whole");
    all.append(static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])));
    i += 2;
  }
  return all;
}

// The text between two others, of which the first is at the front of `text`.
std::string_view between(std::string_view text, std::string_view begin, std::string_view end) {
  require(text.starts_with(begin), "a line begins as it should");
  text.remove_prefix(begin.size());
  const std::size_t at = text.find(end);
  require(at != std::string_view::npos, "a line ends as it should");
  return text.substr(0, at);
}

void check_file_name(std::string_view name, std::string_view extension) {
  require(name.ends_with(extension) && name.size() > extension.size(),
          "a file name has both parts");
  require(name.size() <= 255 && http1::is_utf8(name), "a file name is a name of UTF-8");
  require(name.front() != '.', "a file name is not hidden");
  require(name.find_first_of(std::string_view("/\\\0\n\r", 5)) == std::string_view::npos,
          "a file name is one segment");
}

void check_lines(std::string_view path, ArchiveFormat format) {
  std::array<char, server::most_archive_lines_bytes> buffer;
  const std::string_view lines = server::archive_lines(format, path, buffer);
  const std::string_view extension = format == ArchiveFormat::tar ? ".tar" : ".zip";
  require(lines.ends_with("\r\nAccept-Ranges: none\r\nX-Content-Type-Options: nosniff\r\n"),
          "the other fields are there");
  const std::string_view value = between(lines, "Content-Disposition: ", "\r\n");
  for (const char byte : value) require(byte >= ' ' && byte <= '~', "a value is printable ASCII");
  const std::string_view plain = between(value, "attachment; filename=\"", "\"");
  check_file_name(plain, extension);
  const std::string_view name = server::archive_name(path);
  const std::size_t star = value.find("; filename*=UTF-8''");
  if (star == std::string_view::npos) {
    const std::string_view stem = plain.substr(0, plain.size() - extension.size());
    require(name.empty() ? stem == "files" : name.starts_with(stem), "a plain name is the name");
    return;
  }
  const fuzz::Text encoded = decoded(value.substr(star + 19));
  check_file_name(encoded.view(), extension);
  const bool is_kept = http1::is_utf8(name) && name.front() != '.' && name.size() <= 200 &&
                       name.find_first_of("\\\x7f") == std::string_view::npos;
  for (const char byte : name) {
    if (byte >= 0 && byte < ' ') return;
  }
  if (!is_kept) return;
  require(encoded.view().substr(0, encoded.view().size() - 4) == name, "a name is kept");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of_input(data, size);
  const std::string_view query = text.substr(0, text.find('\n'));
  const ArchiveFormat format = server::archive_format(query);
  const bool is_tar = query == "tar" || query == "tar=";
  const bool is_zip = query == "zip" || query == "zip=";
  require((format == ArchiveFormat::tar) == is_tar && (format == ArchiveFormat::zip) == is_zip,
          "four queries ask for archives");
  if (query.size() == text.size()) return 0;
  const std::string_view path = text.substr(query.size() + 1);
  // As Intent::path: not empty, without a slash at the end and without NUL.
  if (path.empty() || path.ends_with('/') || path.find('\0') != std::string_view::npos) return 0;
  check_lines(path, ArchiveFormat::tar);
  check_lines(path, ArchiveFormat::zip);
  return 0;
}
