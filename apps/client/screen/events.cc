// Covered by tests/client/screen/events_test.cc.
#include "apps/client/screen/events.h"

#include <array>

#include "parser/hex.h"
#include "parser/utf8.h"

namespace client {

namespace {

void append_escape(std::string& line, char byte) {
  std::array<char, 2> digits;
  http1::write_hex_byte(digits.data(), static_cast<unsigned char>(byte), http1::lower_hex_digits);
  line.append("\\u00").append(digits.data(), digits.size());
}

// The content of a JSON string. RFC 8259 7.
void append_text(std::string& line, std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = http1::utf8_length(text);
    const char first = text.front();
    if (length == 0) {
      line += "\\ufffd";
    } else if (first == '"' || first == '\\') {
      line.append("\\").append(1, first);
    } else if (static_cast<unsigned char>(first) < 0x20 || first == 0x7f) {
      append_escape(line, first);
    } else {
      line += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

void append(std::string& line, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  line.append(line.empty() ? "{\"" : ", \"").append(name).append("\": \"");
  append_text(line, text);
  line += '"';
}

template <typename Number>
void append(std::string& line, std::string_view name, const std::optional<Number>& number) {
  if (number) line.append(", \"").append(name).append("\": ").append(std::to_string(*number));
}

}  // namespace

std::string event_line(const Event& event) {
  std::string line;
  append(line, "event", event.event);
  append(line, "url", event.url);
  append(line, "file", event.file);
  append(line, "name", event.name);
  append(line, "type", event.type);
  append(line, "bytes", event.bytes);
  append(line, "total", event.total);
  append(line, "modified", event.modified);
  append(line, "files", event.files);
  append(line, "failed", event.failed);
  append(line, "status", event.status);
  append(line, "etag", event.etag);
  append(line, "exit", event.exit);
  append(line, "message", event.message);
  return line + "}\n";
}

}  // namespace client
