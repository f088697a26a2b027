// The built-in table, and the reader of mime.types(5). Covered by tests/server/mime_test.cc.
#include "apps/server/mime.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <utility>

#include "apps/server/parts.h"
#include "parser/fields.h"

namespace server {

namespace {

constexpr std::string_view unknown_type = "application/octet-stream";
constexpr std::size_t longest_extension = 16;
constexpr std::size_t longest_named_type = longest_type - sizeof "; charset=utf-8";

// What no file of types changes: pages, their styles, scripts and WebAssembly. Of another type a
// browser does not run them, and a strange table on one machine would break every site there.
constexpr std::array<std::string_view, 7> settled = {"html", "htm", "css", "js",
                                                     "mjs",  "svg", "wasm"};

// Types that must be right wherever quoitd runs: browsers refuse modules and WebAssembly otherwise.
constexpr std::array<std::pair<std::string_view, std::string_view>, 44> built_in = {{
    {"html", "text/html"},
    {"htm", "text/html"},
    {"css", "text/css"},
    {"js", "text/javascript"},
    {"mjs", "text/javascript"},
    {"json", "application/json"},
    {"map", "application/json"},
    {"wasm", "application/wasm"},
    {"txt", "text/plain"},
    {"log", "text/plain"},
    {"md", "text/markdown"},
    {"csv", "text/csv"},
    {"xml", "application/xml"},
    {"svg", "image/svg+xml"},
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

bool is_settled(std::string_view extension) {
  return std::any_of(settled.begin(), settled.end(), [extension](std::string_view name) {
    return http1::equal_ignoring_case(name, extension);
  });
}

// type/subtype, both tokens, so that it can stand in a field; without parameters.
bool is_type(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || text.size() > longest_named_type) return false;
  return http1::is_token(text.substr(0, slash)) && http1::is_token(text.substr(slash + 1));
}

}  // namespace

Mime::Mime() {
  for (const auto& [extension, type] : built_in) add(extension, type);
}

void Mime::add(std::string_view extension, std::string_view type) {
  std::string value(type);
  if (type.starts_with("text/")) value += "; charset=utf-8";
  types_.insert_or_assign(std::string(extension), std::move(value));
}

bool Mime::read(const std::string& path) {
  std::ifstream file(path);
  if (!file) return false;
  for (std::string line; std::getline(file, line);) {
    line.resize(std::min(line.find('#'), line.size()));
    std::istringstream words(line);
    std::string type;
    words >> type;
    if (!is_type(type)) continue;
    for (std::string extension; words >> extension;) {
      if (!is_settled(extension)) add(extension, type);
    }
  }
  return true;
}

std::string_view Mime::type_of(std::string_view path) const {
  const std::size_t dot = path.find_last_of("./");
  if (dot == std::string_view::npos || path[dot] == '/') return unknown_type;
  const std::string_view extension = path.substr(dot + 1);
  std::array<char, longest_extension> text{};
  if (extension.size() > text.size()) return unknown_type;
  std::transform(extension.begin(), extension.end(), text.begin(), lower);
  const auto found = types_.find(std::string_view(text.data(), extension.size()));
  return found == types_.end() ? unknown_type : std::string_view(found->second);
}

}  // namespace server
