// Covered by tests/server/plan/archive_terms_test.cc and fuzz/archive_terms_fuzzer.cc.
#include "apps/server/plan/archive_terms.h"

#include <algorithm>
#include <array>

#include "apps/server/plan/append.h"
#include "parser/hex.h"
#include "parser/utf8.h"

namespace server {

namespace {

// The bytes of a file name without its extension, at most. Three times as many, percent-encoded,
// fit into a line; with its extension the name fits into NAME_MAX (255).
constexpr std::size_t longest_name = 200;

// The archive of the root, which has no name here.
constexpr std::string_view root_name = "files";

std::string_view extension_of(ArchiveFormat format) {
  return format == ArchiveFormat::zip ? ".zip" : ".tar";
}

bool is_alphanumeric(char byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
         (byte >= 'A' && byte <= 'Z');
}

// Whether the byte can stand in a quoted string and in a file name of every system.
bool is_plain(char byte) {
  constexpr std::string_view others = " !#$&'()+,-.=@[]^_`{}~";
  return is_alphanumeric(byte) || others.find(byte) != std::string_view::npos;
}

// RFC 8187 section 3.2.1: attr-char.
bool is_attribute_byte(char byte) {
  constexpr std::string_view others = "!#$&+-.^_`|~";
  return is_alphanumeric(byte) || others.find(byte) != std::string_view::npos;
}

// Whether a character of a name, which is well-formed UTF-8, is kept in the encoded file name. A
// control character could hide in it; a client that ignores RFC 6266 section 4.3 could take the
// others for a path.
bool is_kept(std::string_view character) {
  const char byte = character.front();
  return character.size() > 1 ||
         (static_cast<unsigned char>(byte) >= 0x20 && byte != 0x7f && byte != '/' && byte != '\\');
}

std::size_t character_length(std::string_view name) {
  return std::max<std::size_t>(http1::utf8_length(name), 1);
}

// The part of `name` that a file name has: whole characters.
std::string_view cut(std::string_view name) {
  std::size_t size = 0;
  while (size < name.size()) {
    const std::size_t length = character_length(name.substr(size));
    if (size + length > longest_name) break;
    size += length;
  }
  return name.substr(0, size);
}

// The name with "_" in place of each character that is not plain. A name that begins with a dot
// would be hidden where it is stored.
std::string_view append_plain(std::string_view name, std::span<char> buffer,
                              std::string_view text) {
  bool is_first = true;
  while (!name.empty()) {
    const std::size_t length = character_length(name);
    const bool is_shown = is_plain(name.front()) && !(is_first && name.front() == '.');
    text = append(buffer, text, is_shown ? name.substr(0, 1) : "_");
    name.remove_prefix(length);
    is_first = false;
  }
  return text;
}

std::string_view append_encoded(std::string_view name, std::span<char> buffer,
                                std::string_view text) {
  bool is_first = true;
  while (!name.empty()) {
    const std::string_view character = name.substr(0, character_length(name));
    const bool is_valid =
        http1::utf8_length(name) > 0 && is_kept(character) && !(is_first && character == ".");
    for (const char byte : is_valid ? character : std::string_view("_")) {
      std::array<char, 3> escape{'%'};
      http1::write_hex_byte(escape.data() + 1, static_cast<unsigned char>(byte));
      const std::string_view encoded(escape.data(), escape.size());
      text = append(buffer, text, is_attribute_byte(byte) ? std::string_view(&byte, 1) : encoded);
    }
    name.remove_prefix(character.size());
    is_first = false;
  }
  return text;
}

}  // namespace

ArchiveFormat archive_format(std::string_view query) {
  if (query.ends_with('=')) query.remove_suffix(1);
  if (query == "tar") return ArchiveFormat::tar;
  return query == "zip" ? ArchiveFormat::zip : ArchiveFormat::none;
}

std::string_view archive_name(std::string_view path) {
  return path == "." ? std::string_view() : path.substr(path.rfind('/') + 1);
}

std::string_view archive_lines(ArchiveFormat format, std::string_view path,
                               std::span<char> buffer) {
  const std::string_view full = archive_name(path);
  const std::string_view name = full.empty() ? root_name : cut(full);
  const std::string_view extension = extension_of(format);
  std::string_view text(buffer.data(), 0);
  text = append(buffer, text, "Content-Disposition: attachment; filename=\"");
  text = append(buffer, append_plain(name, buffer, text), extension);
  text = append(buffer, text, "\"");
  const bool is_ascii = std::all_of(name.begin(), name.end(), is_plain) && name.front() != '.';
  if (!is_ascii) {
    text = append(buffer, text, "; filename*=UTF-8''");
    text = append(buffer, append_encoded(name, buffer, text), extension);
  }
  return append(buffer, text, "\r\nAccept-Ranges: none\r\nX-Content-Type-Options: nosniff\r\n");
}

std::string_view archive_type(ArchiveFormat format) {
  return format == ArchiveFormat::zip ? "application/zip" : "application/x-tar";
}

}  // namespace server
