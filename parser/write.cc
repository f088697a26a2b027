// Writing heads: every text is checked with the character classes of the parser.
// Covered by tests/parser/write_test.cc.
#include "parser/write.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "parser/date.h"
#include "parser/fields.h"
#include "parser/scan.h"

namespace http1 {
namespace {

struct Reason {
  int status;
  std::string_view phrase;
};

// RFC 9110 15 and the IANA registry of status codes; in the order of their numbers.
constexpr std::array<Reason, 62> reasons = {{
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {104, "Upload Resumption Supported"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {208, "Already Reported"},
    {226, "IM Used"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {506, "Variant Also Negotiates"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {510, "Not Extended"},
    {511, "Network Authentication Required"},
}};

bool is_value(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  return scan::value_end(text.data(), end) == end;
}

// Any byte that the parser accepts somewhere in a target.
bool is_target(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  return !text.empty() && scan::query_end(text.data(), end) == end;
}

// "00" to "99", one behind the other.
constexpr std::array<char, 200> make_pairs() noexcept {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}
constexpr std::array<char, 200> pairs = make_pairs();

// A number as decimal text, made from its end, two digits a step.
class Digits {
 public:
  explicit Digits(std::uint64_t number) noexcept {
    while (number >= 100) {
      first_ -= 2;
      std::memcpy(bytes_.data() + first_, &pairs[2 * (number % 100)], 2);
      number /= 100;
    }
    if (number < 10) {
      bytes_[--first_] = static_cast<char>('0' + number);
    } else {
      first_ -= 2;
      std::memcpy(bytes_.data() + first_, &pairs[2 * number], 2);
    }
  }
  std::size_t size() const noexcept { return bytes_.size() - first_; }
  std::string_view text() const noexcept { return {bytes_.data() + first_, size()}; }

 private:
  std::array<char, 20> bytes_;  // 2^64 has as many
  std::size_t first_ = bytes_.size();
};

// Copies the text to `at`; returns where it ends. Inline, so that a constant is a few moves.
inline char* put(char* at, std::string_view text) noexcept {
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

}  // namespace

std::string_view reason_of(int status) noexcept {
  const auto* const found =
      std::lower_bound(reasons.begin(), reasons.end(), status,
                       [](const Reason& reason, int wanted) { return reason.status < wanted; });
  return found != reasons.end() && found->status == status ? found->phrase : "Unknown";
}

char* HeadWriter::take(std::size_t size) noexcept {
  require(size <= room_.size() - size_);
  if (!ok_) return nullptr;
  char* const begin = room_.data() + size_;
  size_ += size;
  return begin;
}

void HeadWriter::append(std::string_view text) noexcept {
  char* const at = take(text.size());
  if (at && !text.empty()) std::memcpy(at, text.data(), text.size());
}

void HeadWriter::line(std::string_view name, std::string_view value) noexcept {
  char* at = take(name.size() + 2 + value.size() + 2);
  if (!at) return;
  at = put(at, name);
  at = put(at, ": ");
  at = put(at, value);
  put(at, "\r\n");
}

void HeadWriter::request_line(std::string_view method, std::string_view target,
                              Version version) noexcept {
  require(is_token(method) && is_target(target));
  append(method);
  append(" ");
  append(target);
  append(" ");
  append(text_of(version));
  append("\r\n");
}

void HeadWriter::status_line(int status) noexcept {
  if (status == 200) return append("HTTP/1.1 200 OK\r\n");
  if (status == 206) return append("HTTP/1.1 206 Partial Content\r\n");
  status_line(status, reason_of(status));
}

void HeadWriter::status_line(int status, std::string_view reason, Version version) noexcept {
  require(status >= 100 && status <= 999 && is_value(reason));
  if (!ok_) return;
  append(text_of(version));
  append(" ");
  append(Digits(static_cast<std::uint64_t>(status)).text());
  append(" ");
  append(reason);
  append("\r\n");
}

void HeadWriter::field(std::string_view name, std::string_view value) noexcept {
  require(is_token(name) && is_value(value));
  line(name, value);
}

void HeadWriter::field(std::string_view name, std::uint64_t value) noexcept {
  require(is_token(name));
  line(name, Digits(value).text());
}

void HeadWriter::checked_field(FieldName name, std::string_view value) noexcept {
  line(text_of(name), value);
}

void HeadWriter::checked_field(FieldName name, std::uint64_t value) noexcept {
  line(text_of(name), Digits(value).text());
}

void HeadWriter::date(std::string_view name, std::int64_t unix_seconds) noexcept {
  std::array<char, date_size> text;
  write_date(unix_seconds, text);
  require(is_token(name));
  line(name, {text.data(), text.size()});
}

void HeadWriter::content_range(std::uint64_t first, std::uint64_t last,
                               std::uint64_t size) noexcept {
  require(first <= last && last < size);
  const Digits begin(first);
  const Digits end(last);
  const Digits whole(size);
  constexpr std::string_view name = "Content-Range: bytes ";
  char* at = take(name.size() + begin.size() + 1 + end.size() + 1 + whole.size() + 2);
  if (!at) return;
  at = put(at, name);
  at = put(at, begin.text());
  *at++ = '-';
  at = put(at, end.text());
  *at++ = '/';
  at = put(at, whole.text());
  put(at, "\r\n");
}

void HeadWriter::content_range_unsatisfied(std::uint64_t size) noexcept {
  append("Content-Range: bytes */");
  append(Digits(size).text());
  append("\r\n");
}

void HeadWriter::end() noexcept { append("\r\n"); }

}  // namespace http1
