// The built-in table, and the reader of mime.types(5). Covered by tests/server/files/mime_test.cc.
#include "apps/server/files/mime.h"

#include <algorithm>
#include <array>
#include <bit>
#include <fstream>
#include <span>
#include <utility>

#include "apps/server/plan/multipart.h"
#include "parser/fields.h"

namespace server {

namespace {

constexpr std::string_view unknown_type = "application/octet-stream";
constexpr std::size_t longest_extension = 16;
constexpr std::size_t most_read = std::size_t{1} << 20;
constexpr std::size_t longest_named_type = longest_type - sizeof "; charset=utf-8";

// The first of the built-in types, which no file overrides: HTML, CSS, scripts, SVG and
// WebAssembly. Browsers do not run them with another type, so that a wrong table on one machine
// would break every site there.
constexpr std::size_t fixed_types = 7;

constexpr std::array<std::pair<std::string_view, std::string_view>, 44> built_in = {{
    {"html", "text/html"},
    {"htm", "text/html"},
    {"css", "text/css"},
    {"js", "text/javascript"},
    {"mjs", "text/javascript"},
    {"svg", "image/svg+xml"},
    {"wasm", "application/wasm"},
    {"json", "application/json"},
    {"map", "application/json"},
    {"txt", "text/plain"},
    {"log", "text/plain"},
    {"md", "text/markdown"},
    {"csv", "text/csv"},
    {"xml", "application/xml"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"avif", "image/avif"},
    {"ico", "image/vnd.microsoft.icon"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"ttf", "font/ttf"},
    {"otf", "font/otf"},
    {"mp3", "audio/mpeg"},
    {"ogg", "audio/ogg"},
    {"flac", "audio/flac"},
    {"wav", "audio/x-wav"},
    {"mp4", "video/mp4"},
    {"webm", "video/webm"},
    {"mkv", "video/x-matroska"},
    {"pdf", "application/pdf"},
    {"zip", "application/zip"},
    {"gz", "application/gzip"},
    {"tgz", "application/gzip"},
    {"bz2", "application/x-bzip2"},
    {"xz", "application/x-xz"},
    {"zst", "application/zstd"},
    {"tar", "application/x-tar"},
    {"7z", "application/x-7z-compressed"},
    {"deb", "application/vnd.debian.binary-package"},
    {"jar", "application/java-archive"},
    {"iso", "application/x-iso9660-image"},
}};

char lower(char byte) {
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
}

// Whether `text` is type "/" subtype, both tokens, without parameters: safe in a header field.
bool is_type(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || text.size() > longest_named_type) return false;
  return http1::is_token(text.substr(0, slash)) && http1::is_token(text.substr(slash + 1));
}

// Removes the next word from the front of `text`; empty when there is none. Spaces and control
// characters separate words.
std::string_view take_word(std::string_view& text) {
  const auto is_space = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  std::size_t begin = 0;
  while (begin < text.size() && is_space(text[begin])) ++begin;
  std::size_t end = begin;
  while (end < text.size() && !is_space(text[end])) ++end;
  const std::string_view word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

}  // namespace

Mime::Mime() {
  for (const auto& [extension, type] : built_in) add(type, extension);
  sort();
}

Mime::Key Mime::key_of(std::string_view extension) {
  std::array<char, longest_extension> text{};
  extension.copy(text.data(), text.size());
  return std::bit_cast<Key>(text);
}

// Adds one entry for each of the `extensions`, which are separated by spaces.
void Mime::add(std::string_view type, std::string_view extensions) {
  Entry entry{.offset = static_cast<std::uint32_t>(types_.size())};
  types_ += type;
  if (type.starts_with("text/")) types_ += "; charset=utf-8";
  entry.length = static_cast<std::uint32_t>(types_.size()) - entry.offset;
  for (;;) {
    const std::string_view extension = take_word(extensions);
    if (extension.empty()) return;
    if (extension.size() > longest_extension) continue;
    entry.key = key_of(extension);
    entries_.push_back(entry);
  }
}

// Sorts by extension. If an extension has several entries, only the one added last stays; its type
// has the largest offset.
void Mime::sort() {
  std::sort(entries_.begin(), entries_.end(), [](const Entry& one, const Entry& other) {
    return one.key != other.key ? one.key < other.key : one.offset < other.offset;
  });
  const auto same = [](const Entry& one, const Entry& other) { return one.key == other.key; };
  entries_.erase(entries_.begin(), std::unique(entries_.rbegin(), entries_.rend(), same).base());
}

void Mime::add_line(std::string_view line) {
  line = line.substr(0, line.find('#'));
  const std::string_view type = take_word(line);
  std::string_view rest = line;
  if (!take_word(rest).empty() && is_type(type)) add(type, line);
}

bool Mime::read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return false;
  file.seekg(0, std::ios::end);
  std::string text(std::min(static_cast<std::size_t>(file.tellg()), most_read), '\0');
  file.seekg(0);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    add_line(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  for (const auto& [extension, type] : std::span(built_in).first(fixed_types)) add(type, extension);
  sort();
  return true;
}

std::string_view Mime::type_of(std::string_view path) const {
  const std::size_t dot = path.find_last_of("./");
  if (dot == std::string_view::npos || path[dot] == '/') return unknown_type;
  const std::string_view extension = path.substr(dot + 1);
  std::array<char, longest_extension> text{};
  if (extension.size() > text.size()) return unknown_type;
  std::transform(extension.begin(), extension.end(), text.begin(), lower);
  const Key key = key_of({text.data(), extension.size()});
  const auto found =
      std::lower_bound(entries_.begin(), entries_.end(), key,
                       [](const Entry& entry, const Key& at) { return entry.key < at; });
  if (found == entries_.end() || found->key != key) return unknown_type;
  return std::string_view(types_).substr(found->offset, found->length);
}

}  // namespace server
