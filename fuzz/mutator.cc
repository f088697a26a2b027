// The mutations: each one is a small edit of one line, of one line end, or of the order of lines.
//
// An edit that finds nothing to change, or not enough space, changes nothing; mutate() then tries
// another. All edits call Draft::replace(), which enforces the bound on the size.
// Covered by tests/parser/mutator_test.cc.
#include "fuzz/mutator.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <span>
#include <vector>

#include "fuzz/bytes.h"

namespace fuzz {
namespace {

using namespace std::string_view_literals;
using View = std::string_view;

// ---- replacement texts ------------------------------------------------------------------

constexpr View line_ends[] = {
    "\r\n"sv,   "\n"sv,    "\r"sv,     "\r\r\n"sv, "\r\n\r\n"sv, "\r\n "sv,  "\r\n\t"sv, "\n\r"sv,
    "\0\r\n"sv, " \r\n"sv, "\t\r\n"sv, "\x0b\n"sv, "\n\n"sv,     "\r\n\r"sv, ";\r\n"sv,  ",\r\n"sv,
    ""sv,       "\x85"sv,  "\r\0\n"sv, "\r\n\0"sv, "\\r\\n"sv,   "%0d%0a"sv, "\f\r\n"sv};
constexpr View colons[] = {":"sv,   ": "sv,  " :"sv,    "\t:"sv, ":\t"sv, "::"sv,     ""sv,
                           ":  "sv, " : "sv, "\r\n:"sv, "="sv,   ":\0"sv, ":\r\n "sv, ";"sv};
constexpr View bytes_that_matter[] = {
    "\0"sv, "\r"sv, "\n"sv, "\t"sv, " "sv,    ":"sv,    ";"sv, ","sv, "\""sv, "\\"sv,   "/"sv,
    "?"sv,  "%"sv,  "#"sv,  "="sv,  "\x01"sv, "\x0b"sv, "@"sv, "["sv, "]"sv,  "\x7f"sv, "\x80"sv,
    "_"sv,  "."sv,  "*"sv,  "0"sv,  "\xff"sv, "|"sv,    "+"sv, "-"sv, "{"sv,  "\xa0"sv};

constexpr View lengths[] = {"0"sv,
                            "3"sv,
                            "+3"sv,
                            "-3"sv,
                            "-0"sv,
                            "0x3"sv,
                            "003"sv,
                            "3.0"sv,
                            "3e0"sv,
                            "3_0"sv,
                            "3 3"sv,
                            "3, 3"sv,
                            "3,4"sv,
                            "3,"sv,
                            ",3"sv,
                            "\"3\""sv,
                            "3;a"sv,
                            ""sv,
                            "2147483648"sv,
                            "4294967296"sv,
                            "4294967299"sv,
                            "9223372036854775807"sv,
                            "9223372036854775808"sv,
                            "9999999999999999999"sv,
                            "18446744073709551615"sv,
                            "18446744073709551619"sv,
                            "0000000000000000003"sv,
                            "00000000000000000003"sv,
                            "\xc2\xa0"
                            "3"sv};
constexpr View codings[] = {"chunked"sv,
                            "Chunked"sv,
                            "CHUNKED"sv,
                            "gzip, chunked"sv,
                            "gzip,chunked"sv,
                            "chunked, gzip"sv,
                            "chunked, chunked"sv,
                            "gzip"sv,
                            "identity"sv,
                            "identity, chunked"sv,
                            ",chunked"sv,
                            "chunked,"sv,
                            ", ,chunked ,"sv,
                            "xchunked"sv,
                            "chunkedx"sv,
                            "chunked;a=b"sv,
                            "chunked;"sv,
                            "gzip;q=1, chunked"sv,
                            "gzip;a=\"b,chunked\""sv,
                            "\"chunked\""sv,
                            "chun ked"sv,
                            "\x0b"
                            "chunked"sv,
                            ""sv};
constexpr View hosts[] = {"a"sv,         "example.com:8080"sv,
                          "[::1]"sv,     "[::1]:80"sv,
                          ""sv,          "a:"sv,
                          "a:65535"sv,   "a:65536"sv,
                          "a:00080"sv,   "a:b"sv,
                          "a,b"sv,       "a b"sv,
                          "u@a"sv,       "a/"sv,
                          "a%41"sv,      "[::"sv,
                          "[1::2::3]"sv, "127.0.0.1"sv,
                          "a_b"sv,       "a.."sv,
                          "[::1.2.3.4]", "a:1:2"sv,
                          "[v1.a]"sv,    "*"sv,
                          "a;b"sv};
constexpr View options[] = {"close"sv,
                            "keep-alive"sv,
                            "Close"sv,
                            "close, keep-alive"sv,
                            "keep-alive, close"sv,
                            "upgrade, keep-alive"sv,
                            ",close"sv,
                            "close,,"sv,
                            "close keep-alive"sv,
                            "closed"sv,
                            "(close)"sv,
                            "close;a"sv,
                            "Content-Length"sv,
                            "transfer-encoding, close"sv,
                            "\"close\""sv,
                            ""sv};
constexpr View expectations[] = {"100-continue"sv,
                                 "100-CONTINUE"sv,
                                 "100-continue, a"sv,
                                 "100-continue;a=b"sv,
                                 "100"sv,
                                 "200-ok"sv,
                                 ", 100-continue"sv,
                                 "\"100-continue\""sv,
                                 ""sv};
constexpr View others[] = {"*/*"sv, "bytes=0-0,-1"sv, "\"a\""sv, "a\xff"sv, "text/html;q=0.5"sv};

struct Field {
  View name;
  std::span<const View> values;
};
constexpr Field fields[] = {{"Content-Length", lengths},
                            {"Transfer-Encoding", codings},
                            {"Host", hosts},
                            {"Connection", options},
                            {"Expect", expectations},
                            {"Accept", others},
                            {"Content-Length", lengths},
                            {"Transfer-Encoding", codings},
                            {"If-None-Match", others},
                            {"Content_Length", lengths},
                            {"Content-Lengt", lengths},
                            {"Transfer-Encodings", codings},
                            {"Proxy-Connection", options},
                            {"Upgrade", options},
                            {"Trailer", options},
                            {"X-A-Name-Of-32-Bytes-And-Not-More", others}};

constexpr View request_words[] = {"GET"sv,
                                  "HEAD"sv,
                                  "PUT"sv,
                                  "OPTIONS"sv,
                                  "CONNECT"sv,
                                  "get"sv,
                                  "BREW"sv,
                                  "G(T"sv,
                                  "/"sv,
                                  "*"sv,
                                  "/a?b"sv,
                                  "/a?b?c#d"sv,
                                  "/%41%zz"sv,
                                  "/a/../%2e%2e"sv,
                                  "http://a/b?c"sv,
                                  "HTTPS://[::1]:80"sv,
                                  "http://u@a/"sv,
                                  "http:///"sv,
                                  "//a"sv,
                                  "a:80"sv,
                                  "/|^[]{}"sv,
                                  "/?|^[]`{}\\%"sv,
                                  "HTTP/1.1"sv,
                                  "HTTP/1.0"sv,
                                  "HTTP/1.2"sv,
                                  "HTTP/2.0"sv,
                                  "HTTP/1.10"sv,
                                  "HTTP/01.1"sv,
                                  "http/1.1"sv,
                                  "HTTP/1,1"sv,
                                  "HTTP/1."sv,
                                  ""sv};
constexpr View response_words[] = {"HTTP/1.1"sv, "HTTP/1.0"sv, "HTTP/1.9"sv, "HTTP/2"sv,  "ICY"sv,
                                   "200"sv,      "100"sv,      "101"sv,      "204"sv,     "304"sv,
                                   "099"sv,      "600"sv,      "999"sv,      "2000"sv,    "20"sv,
                                   "+20"sv,      "OK"sv,       "\0"sv,       "Tr\xe8s"sv, ""sv};

constexpr View chunk_sizes[] = {"0"sv,
                                "1"sv,
                                "3"sv,
                                "A"sv,
                                "0x3"sv,
                                "0X3"sv,
                                "+3"sv,
                                "-3"sv,
                                "-0"sv,
                                "0_3"sv,
                                "3_"sv,
                                " 3"sv,
                                "3 "sv,
                                "3\t"sv,
                                "003"sv,
                                "3h"sv,
                                "3.0"sv,
                                "\x0b"
                                "3"sv,
                                "0000000000000003"sv,
                                "00000000000000003"sv,
                                "10000000000000003"sv,
                                "7fffffffffffffff"sv,
                                "8000000000000000"sv,
                                "ffffffffffffffff"sv,
                                "fffffffffffffffe"sv,
                                "100000003"sv,
                                ""sv};
constexpr View extensions[] = {";a"sv,     ";a=b"sv,      ";a=\"b\""sv, ";a=\"\\\"\""sv,
                               ";"sv,      ";a="sv,       ";=b"sv,      " ;a"sv,
                               ";a = b"sv, ";a=\"\n\""sv, ";a\nb"sv,    ";a\rb"sv,
                               ";\0"sv,    ";a=\"\0\""sv, ";a=\"b"sv,   ";a=\"b\\\r\n"sv,
                               ";;"sv,     ";a;b=c"sv,    ",a"sv,       ";a=\"\xff\""sv};
constexpr View trailers[] = {"Digest: a\r\n"sv, "X : a\r\n"sv,   "X: a\r\n b\r\n"sv,
                             " X: a\r\n"sv,     "Host: a\r\n"sv, "X\r\n"sv,
                             ": a\r\n"sv,       "X: \0\r\n"sv,   "Content-Length: 3\r\n"sv,
                             "X: a\n"sv,        "TE: a\r\n"sv,   "X:\r\n"sv};

// ---- the edited text ------------------------------------------------------------------

// A line from begin to end, including its line end.
struct Line {
  std::size_t begin;
  std::size_t end;
};

class Draft {
 public:
  Draft(std::uint8_t* bytes, std::size_t size, std::size_t room, Random& random)
      : bytes_(reinterpret_cast<char*>(bytes)), size_(size), room_(room), random_(random) {}

  [[nodiscard]] View view() const { return {bytes_, size_}; }
  [[nodiscard]] View view(Line line) const {
    return view().substr(line.begin, line.end - line.begin);
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t below(std::size_t bound) { return random_.below(bound); }
  [[nodiscard]] View one_of(std::span<const View> texts) { return texts[below(texts.size())]; }

  // Replaces `removed` bytes by `text`, which is not part of this draft. False if it does not fit.
  bool replace(std::size_t at, std::size_t removed, View text) {
    if (size_ - removed + text.size() > room_) return false;
    std::memmove(bytes_ + at + text.size(), bytes_ + at + removed, size_ - at - removed);
    if (!text.empty()) std::memcpy(bytes_ + at, text.data(), text.size());
    size_ = size_ - removed + text.size();
    return true;
  }
  bool insert(std::size_t at, View text) { return replace(at, 0, text); }

  // A copy that stays valid during edits.
  [[nodiscard]] std::vector<char> copy(Line line) const {
    const View text = view(line);
    return {text.begin(), text.end()};
  }

  // The lines: each ends with its LF, or at the end of the text. None if the text is empty.
  [[nodiscard]] std::vector<Line> lines() const {
    std::vector<Line> found;
    for (std::size_t at = 0; at < size_;) {
      const std::size_t lf = view().find('\n', at);
      const std::size_t end = lf == View::npos ? size_ : lf + 1;
      found.push_back({at, end});
      at = end;
    }
    return found;
  }
  // A random line, from number `first` on. False if there is none.
  bool pick_line(std::size_t first, Line& line) {
    const std::vector<Line> all = lines();
    if (all.size() <= first) return false;
    line = all[first + below(all.size() - first)];
    return true;
  }

 private:
  char* bytes_;
  std::size_t size_;
  std::size_t room_;
  Random& random_;
};

View view_of(const std::vector<char>& text) { return {text.data(), text.size()}; }

// The length of a line without its line end.
std::size_t text_size(View line) {
  const std::size_t last = line.find_last_not_of("\r\n"sv);
  return last == View::npos ? 0 : last + 1;
}

// ---- edits of any lines -----------------------------------------------------------------------

bool duplicate_line(Draft& draft) {
  Line line;
  Line place;
  if (!draft.pick_line(0, line) || !draft.pick_line(0, place)) return false;
  const std::vector<char> text = draft.copy(line);
  return draft.insert(draft.below(2) == 0 ? place.begin : place.end, view_of(text));
}

bool remove_line(Draft& draft) {
  Line line;
  return draft.pick_line(0, line) && draft.replace(line.begin, line.end - line.begin, {});
}

bool swap_lines(Draft& draft) {
  Line first;
  Line second;
  if (!draft.pick_line(0, first) || !draft.pick_line(0, second)) return false;
  if (first.begin > second.begin) std::swap(first, second);
  if (first.begin == second.begin) return false;
  const View all = draft.view();
  const Text swapped = {draft.view(second), all.substr(first.end, second.begin - first.end),
                        draft.view(first)};
  return draft.replace(first.begin, second.end - first.begin, swapped.view());
}

bool change_line_end(Draft& draft) {
  Line line;
  if (!draft.pick_line(0, line)) return false;
  const std::size_t end = text_size(draft.view(line));
  return draft.replace(line.begin + end, line.end - line.begin - end, draft.one_of(line_ends));
}

bool insert_byte(Draft& draft) {
  return draft.insert(draft.below(draft.size() + 1), draft.one_of(bytes_that_matter));
}

bool replace_byte(Draft& draft) {
  if (draft.size() == 0) return false;
  return draft.replace(draft.below(draft.size()), 1, draft.one_of(bytes_that_matter));
}

bool cut_off(Draft& draft) {
  if (draft.size() == 0) return false;
  const std::size_t end = draft.below(draft.size());
  return draft.replace(end, draft.size() - end, {});
}

// Shifts the following bytes within their block of 32 or 64 bytes.
bool stretch(Draft& draft) {
  char run[70];
  const std::size_t size = 1 + draft.below(std::size(run));
  std::fill_n(run, size, "a0 /"[draft.below(4)]);
  return draft.insert(draft.below(draft.size() + 1), View(run, size));
}

bool change_case(Draft& draft) {
  Line line;
  if (!draft.pick_line(0, line)) return false;
  std::vector<char> text = draft.copy(line);
  const std::size_t from = draft.below(text.size());
  const std::size_t count = 1 + draft.below(8);
  for (std::size_t at = from; at < std::min(text.size(), from + count); ++at) {
    const bool is_letter = (text[at] | 0x20) >= 'a' && (text[at] | 0x20) <= 'z';
    if (is_letter) text[at] = static_cast<char>(text[at] ^ 0x20);
  }
  return draft.replace(line.begin, text.size(), view_of(text));
}

// Changes a number by one, or spells it in another grammar.
bool change_number(Draft& draft) {
  constexpr View spellings[] = {"0"sv, "+"sv, "-"sv, "0x"sv, "00000000"sv, "1"sv, "_"sv, " "sv};
  const View text = draft.view();
  const std::size_t from = text.find_first_of("0123456789", draft.below(draft.size() + 1));
  if (from == View::npos) return false;
  const std::size_t end = std::min(text.find_first_not_of("0123456789", from), text.size());
  switch (draft.below(4)) {
    case 0: return draft.insert(from, draft.one_of(spellings));
    case 1: return draft.replace(from, end - from, draft.one_of(lengths));
    case 2: return draft.insert(end, "0"sv);
    default: break;
  }
  const char up = text[end - 1] == '9' ? '0' : static_cast<char>(text[end - 1] + 1);
  const char down = text[end - 1] == '0' ? '9' : static_cast<char>(text[end - 1] - 1);
  const char changed = draft.below(2) == 0 ? up : down;
  return draft.replace(end - 1, 1, View(&changed, 1));
}

// Makes a mutated input a whole message more often.
bool end_well(Draft& draft) {
  const std::size_t end = text_size(draft.view());
  return draft.replace(end, draft.size() - end, "\r\n\r\n"sv);
}

// ---- edits of heads ---------------------------------------------------------------------------

bool change_colon(Draft& draft) {
  Line line;
  if (!draft.pick_line(1, line)) return false;
  const View text = draft.view(line);
  const std::size_t colon = text.find(':');
  if (colon == View::npos) return false;
  const std::size_t end = std::min(text.find_first_not_of(": \t", colon), text.size());
  return draft.replace(line.begin + colon, end - colon, draft.one_of(colons));
}

// Inserts a new field as the first, the last, or anywhere between.
bool add_field(Draft& draft) {
  const std::vector<Line> lines = draft.lines();
  const Field& field = fields[draft.below(std::size(fields))];
  const Text text = {field.name, draft.below(8) == 0 ? draft.one_of(colons) : ": "sv,
                     draft.one_of(field.values),
                     draft.below(8) == 0 ? draft.one_of(line_ends) : "\r\n"sv};
  const std::size_t at = lines.empty() ? 0 : lines[draft.below(lines.size())].end;
  return draft.insert(at, text.view());
}

// Replaces the value of a known field, and keeps the spelling of its name.
bool respell_value(Draft& draft) {
  Line line;
  if (!draft.pick_line(1, line)) return false;
  const View text = draft.view(line);
  const std::size_t colon = text.find(':');
  const std::size_t end = text_size(text);
  if (colon == View::npos || colon >= end) return false;
  std::span<const View> values = fields[draft.below(std::size(fields))].values;
  for (const Field& field : fields) {
    const bool is_it = colon == field.name.size() && (text[0] | 0x20) == (field.name[0] | 0x20);
    if (is_it) values = field.values;
  }
  const std::size_t from = line.begin + colon + 1;
  const View value = draft.one_of(values);
  switch (draft.below(4)) {
    case 0: return draft.insert(line.begin + end, Text({", "sv, value}).view());
    case 1: return draft.insert(from, Text({value, ","sv}).view());
    default: break;
  }
  const bool has_space = draft.below(4) != 0;
  return draft.replace(from, end - colon - 1, Text({has_space ? " "sv : ""sv, value}).view());
}

// Continues the line in the next one (a fold).
bool fold(Draft& draft) {
  constexpr View folds[] = {"\r\n "sv, "\r\n\t"sv, "\r\n  \t"sv, "\n "sv, "\r\n \r\n "sv};
  Line line;
  if (!draft.pick_line(1, line)) return false;
  const std::size_t at = line.begin + draft.below(text_size(draft.view(line)) + 1);
  return draft.insert(at, draft.one_of(folds));
}

// Replaces a word of the first line, or the space in front of it.
bool change_first_line(Draft& draft, std::span<const View> words) {
  constexpr View spaces[] = {"  "sv, "\t"sv, ""sv, "\x0b"sv, "\r"sv, " \t"sv, "\xa0"sv};
  const std::vector<Line> lines = draft.lines();
  if (lines.empty()) return draft.insert(0, draft.one_of(words));
  const std::size_t end = text_size(draft.view(lines[0]));
  std::vector<Line> parts;
  for (std::size_t at = 0; at <= end;) {
    const std::size_t space = std::min(draft.view().find(' ', at), end);
    parts.push_back({at, space});
    at = space + 1;
  }
  const Line part = parts[draft.below(parts.size())];
  const bool has_space = part.begin != 0 && draft.below(6) == 0;
  if (has_space) return draft.replace(part.begin - 1, 1, draft.one_of(spaces));
  return draft.replace(part.begin, part.end - part.begin, draft.one_of(words));
}

bool change_request_line(Draft& draft) { return change_first_line(draft, request_words); }
bool change_status_line(Draft& draft) { return change_first_line(draft, response_words); }

// ---- edits of chunked bodies ------------------------------------------------------------------

constexpr View hex_digits = "0123456789abcdefABCDEF"sv;

// A line that begins with a digit: often the first line of a chunk, sometimes its data.
bool pick_size(Draft& draft, Line& digits) {
  Line line;
  if (!draft.pick_line(0, line)) return false;
  const View text = draft.view(line);
  const std::size_t size = std::min(text.find_first_not_of(hex_digits), text.size());
  digits = {line.begin, line.begin + size};
  return size != 0;
}

bool respell_size(Draft& draft) {
  Line digits;
  if (!pick_size(draft, digits)) return false;
  return draft.replace(digits.begin, digits.end - digits.begin, draft.one_of(chunk_sizes));
}

bool bump_size(Draft& draft) {
  Line digits;
  if (!pick_size(draft, digits)) return false;
  const char digit = hex_digits[draft.below(hex_digits.size())];
  const bool is_longer = draft.below(3) == 0;
  return draft.replace(digits.end - (is_longer ? 0 : 1), is_longer ? 0 : 1, View(&digit, 1));
}

bool add_zeros(Draft& draft) {
  Line digits;
  if (!pick_size(draft, digits)) return false;
  return draft.insert(digits.begin, "0000000000000000000"sv.substr(draft.below(19)));
}

bool add_extension(Draft& draft) {
  Line digits;
  return pick_size(draft, digits) && draft.insert(digits.end, draft.one_of(extensions));
}

bool add_trailer(Draft& draft) {
  Line line;
  if (!draft.pick_line(0, line)) return false;
  return draft.insert(line.end, draft.one_of(trailers));
}

// Inserts a valid chunk at the beginning of a line.
bool add_chunk(Draft& draft) {
  Line line = {0, 0};
  if (draft.size() != 0 && !draft.pick_line(0, line)) return false;
  Random random(draft.view());
  const std::size_t size = draft.below(40);
  Text chunk;
  chunk.append(size, 16);
  if (draft.below(4) == 0) chunk.append(draft.one_of(extensions));
  chunk.append("\r\n"sv);
  for (std::size_t left = size; left != 0; --left) chunk.append("0\r\n:a;"[random.below(6)]);
  chunk.append("\r\n"sv);
  return draft.insert(line.begin, chunk.view());
}

// Makes the whole input the data of one valid chunk.
bool wrap(Draft& draft) {
  Text chunk;
  chunk.append(draft.size(), 16);
  chunk.append("\r\n"sv);
  chunk.append(draft.view());
  chunk.append("\r\n0\r\n\r\n"sv);
  return draft.replace(0, draft.size(), chunk.view());
}

bool end_body(Draft& draft) {
  const std::size_t end = text_size(draft.view());
  return draft.replace(end, draft.size() - end, "\r\n0\r\n\r\n"sv);
}

// ---- the choice -------------------------------------------------------------------------------

using Edit = bool (*)(Draft& draft);

constexpr Edit any_edits[] = {duplicate_line, remove_line,  swap_lines,   change_line_end,
                              insert_byte,    replace_byte, cut_off,      stretch,
                              change_case,    end_well,     change_number};
constexpr Edit head_edits[] = {change_colon,  add_field,     add_field,
                               respell_value, respell_value, fold};
constexpr Edit chunk_edits[] = {respell_size, bump_size, bump_size, add_zeros, add_extension,
                                add_trailer,  add_chunk, wrap,      end_body};

Edit choose(Shape shape, Draft& draft) {
  if (draft.below(2) == 0) return any_edits[draft.below(std::size(any_edits))];
  if (shape == Shape::chunked) return chunk_edits[draft.below(std::size(chunk_edits))];
  const std::size_t edit = draft.below(std::size(head_edits) + 1);
  if (edit < std::size(head_edits)) return head_edits[edit];
  return shape == Shape::request ? change_request_line : change_status_line;
}

Random random_of(std::uint64_t seed) {
  char bytes[sizeof seed];
  for (char& byte : bytes) {
    byte = static_cast<char>(seed);
    seed >>= 8;
  }
  return Random(View(bytes, sizeof bytes));
}

}  // namespace

std::size_t mutate(Shape shape, std::uint8_t* bytes, std::size_t size, std::size_t room,
                   std::uint64_t seed, Mutator plain) {
  Random random = random_of(seed);
  const bool is_plain = plain != nullptr && random.below(2) == 0;
  if (is_plain) return plain(bytes, size, room);
  if (shape == Shape::any) shape = static_cast<Shape>(random.below(3));
  Draft draft(bytes, size, room, random);
  constexpr int most_attempts = 32;
  std::size_t wanted = 1 + random.below(4);
  for (int attempt = 0; attempt < most_attempts && wanted != 0; ++attempt) {
    if (choose(shape, draft)(draft)) --wanted;
  }
  return draft.size();
}

std::size_t cross(View left, View right, std::uint8_t* bytes, std::size_t room,
                  std::uint64_t seed) {
  Random random = random_of(seed);
  const std::size_t kept = std::min(left.size(), room);
  if (kept != 0) std::memcpy(bytes, left.data(), kept);
  Draft draft(bytes, kept, room, random);
  // Only its lines are read; it is not modified.
  std::vector<std::uint8_t> other(right.begin(), right.end());
  const Draft source(other.data(), other.size(), other.size(), random);
  const std::vector<Line> theirs = source.lines();
  if (theirs.empty()) return draft.size();
  const std::size_t first = draft.below(theirs.size());
  const std::size_t last = std::min(theirs.size() - 1, first + draft.below(4));
  const std::size_t end = random.below(4) == 0 ? right.size() : theirs[last].end;
  const View text = right.substr(theirs[first].begin, end - theirs[first].begin);
  Line place = {draft.size(), draft.size()};
  if (draft.size() != 0 && !draft.pick_line(0, place)) return draft.size();
  switch (random.below(4)) {
    case 0: draft.replace(place.begin, place.end - place.begin, text); break;
    case 1: draft.replace(place.begin, draft.size() - place.begin, text); break;
    default: draft.insert(place.end, text); break;
  }
  return draft.size();
}

}  // namespace fuzz
