// All texts of up to so many symbols, at each place of a message where something is decided.
//
// What a fuzzer finds is a matter of luck; that no line end, colon, space or zero is misjudged
// behind a given beginning is not. So every string of twelve symbols (eleven bytes that delimit or
// do not, and a token) is written behind a beginning, alone and with ends behind it, and read by
// the automaton, by the chosen instruction set, and by fuzz/grammar.h, which shares no code with
// them. All three have to accept the same texts, with the same size.
//
// Once a text is decided, whatever follows stays decided: that is what prunes the tree. It is
// checked with samples: each pruned branch is entered at one random leaf.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "fuzz/grammar.h"
#include "parser/chunked.h"
#include "parser/parse.h"
#include "parser/simd.h"

namespace http1 {
namespace {

using namespace std::string_view_literals;

enum class Kind { request, response, chunked };

constexpr std::size_t symbol_count = 12;
using Alphabet = std::string_view[symbol_count];

constexpr Alphabet of_heads = {"G"sv, "/"sv, " "sv, "\t"sv, "\r"sv,   "\n"sv,
                               ":"sv, "0"sv, "a"sv, "\0"sv, "\xff"sv, "HTTP/1.1"sv};
constexpr Alphabet of_bodies = {"0"sv,  "2"sv, "a"sv,  ";"sv,  "="sv, "\""sv,
                                "\\"sv, " "sv, "\r"sv, "\n"sv, ":"sv, "\0"sv};

// A place in a message. `prefix` is what stands in front of the strings.
struct Place {
  const char* name;
  Kind kind;
  std::string_view prefix;
  std::string_view ends[2];  // each is put behind every string
  std::size_t shorter = 0;   // so many symbols less than EXHAUSTIVE_LENGTH, where most go on
};

constexpr std::string_view host_and_end = "\r\nHost: example.com\r\n\r\n";
constexpr std::string_view target_end = " HTTP/1.1\r\nHost: example.com\r\n\r\n";
constexpr std::string_view end = "\r\n\r\n";
constexpr std::string_view field_and_end = ": a\r\nAccept: */*\r\n\r\n";

constexpr Place places[] = {
    {"the_beginning", Kind::request, "", {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", target_end}},
    {"the_target", Kind::request, "GET ", {target_end, ""}, 1},
    {"the_path", Kind::request, "GET /%4", {target_end, "1 HTTP/1.0\r\n\r\n"}, 1},
    {"an_absolute_target", Kind::request, "GET http://", {target_end, "/ HTTP/1.0\r\n\r\n"}},
    {"an_authority", Kind::request, "CONNECT a:", {target_end, "80 HTTP/1.1\r\nHost: a\r\n\r\n"}},
    {"the_version", Kind::request, "GET /index.html ", {host_and_end, "HTTP/1.0\r\n\r\n"}},
    {"the_end_of_the_request_line",
     Kind::request,
     "GET /index.html HTTP/1.1",
     {host_and_end, "Host: example.com\r\n\r\n"}},
    {"the_first_field",
     Kind::request,
     "GET /index.html HTTP/1.1\r\n",
     {field_and_end, "Host: example.com\r\n\r\n"}},
    {"the_first_field_of_1_0",
     Kind::request,
     "GET /index.html HTTP/1.0\r\n",
     {field_and_end, "\r\n"}},
    {"the_second_field",
     Kind::request,
     "GET /index.html HTTP/1.1\r\nHost: a\r\n",
     {field_and_end, "\r\n"}},
    {"a_name", Kind::request, "GET / HTTP/1.1\r\nHost: a\r\nAccept", {field_and_end, end}},
    {"a_value", Kind::request, "GET / HTTP/1.1\r\nHost: a\r\nAccept: a", {end, "\n\r\n"}, 1},
    {"the_host", Kind::request, "GET / HTTP/1.1\r\nAccept: */*\r\nHost:", {end, "a:80\r\n\r\n"}, 1},
    {"a_length", Kind::request, "PUT / HTTP/1.0\r\nContent-Length:", {end, "7\r\n\r\n"}, 1},
    {"a_coding",
     Kind::request,
     "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:",
     {"chunked\r\n\r\n", end},
     1},
    {"an_option", Kind::request, "GET / HTTP/1.0\r\nConnection:", {end, ",close\r\n\r\n"}, 1},
    {"the_blank_line", Kind::request, "GET / HTTP/1.1\r\nHost: example.com\r\n\r", {"\n", end}},
    {"the_beginning_of_a_response",
     Kind::response,
     "",
     {"HTTP/1.1 200 OK\r\nAccept: */*\r\n\r\n", " 200 OK\r\nAccept: */*\r\n\r\n"}},
    {"the_end_of_the_version",
     Kind::response,
     "HTTP/1.1",
     {"200 OK\r\nAccept: */*\r\n\r\n", " 200 OK\r\nAccept: */*\r\n\r\n"}},
    {"the_status", Kind::response, "HTTP/1.1 2", {"0 OK\r\nAccept: */*\r\n\r\n", end}},
    {"the_end_of_the_status",
     Kind::response,
     "HTTP/1.1 200",
     {"\r\nAccept: */*\r\nA: b\r\n\r\n", " OK\r\nAccept: */*\r\n\r\n"}},
    {"the_reason", Kind::response, "HTTP/1.1 200 ", {"\r\nAccept: */*\r\n\r\n", end}, 1},
    {"the_first_field_of_a_response",
     Kind::response,
     "HTTP/1.1 204 No Content\r\n",
     {field_and_end, "\r\n"}},
    {"a_value_of_a_response",
     Kind::response,
     "HTTP/1.1 204 No Content\r\nAccept: a",
     {end, "\r\n a\r\n\r\n"},
     1},
    {"a_chunk_size", Kind::chunked, "", {"\r\n/:\r\n0\r\n\r\n", "\r\n\r\n"}},
    {"the_rest_of_a_chunk_size",
     Kind::chunked,
     "00000000000000",
     {"\r\n\r\n", "2\r\nGG\r\n0\r\n\r\n"}},
    {"a_chunk_extension", Kind::chunked, "2;", {"\r\nab\r\n0\r\n\r\n", "a\r\nab\r\n0\r\n\r\n"}},
    {"a_quoted_extension", Kind::chunked, "0;a=\"", {"\"\r\n\r\n", "\r\n\r\n"}, 1},
    {"the_data", Kind::chunked, "2\r\na", {"0\r\n\r\n", "\r\n0\r\n\r\n"}},
    {"the_end_of_the_data", Kind::chunked, "2\r\nab", {"0\r\n\r\n", "\r\n0\r\n\r\n"}},
    {"the_next_chunk", Kind::chunked, "2\r\nab\r\n", {"\r\n0\r\n\r\n", "0\r\n\r\n"}},
    {"the_trailers", Kind::chunked, "0\r\n", {"\r\n", ": a\r\n\r\n"}},
    {"a_trailer", Kind::chunked, "0\r\na:", {"\r\n\r\n", "\r\n"}, 1},
};

// What the list of tests shows of a place.
void PrintTo(const Place& place, std::ostream* out) { *out << place.name; }

// What is compared: with the size of what is accepted.
struct Verdict {
  Progress progress = Progress::more;
  Error error = Error::none;
  std::size_t place = 0;

  bool operator==(const Verdict&) const = default;
};

template <class Head>
Verdict verdict_of(Progress progress, const Head& head) {
  const bool is_done = progress == Progress::done;
  return {progress, head.failure().error, is_done ? head.size() : head.failure().offset};
}

Verdict automaton(Kind kind, std::string_view bytes) {
  if (kind == Kind::request) {
    RequestHead head;
    const Progress progress = continue_request(bytes, head, default_limits, nullptr);
    return verdict_of(progress, head);
  }
  ResponseHead head;
  const Progress progress = continue_response(bytes, head, Method::get, default_limits, nullptr);
  return verdict_of(progress, head);
}

Verdict by_lines(Kind kind, std::string_view bytes, Simd simd) {
  if (kind == Kind::request) {
    RequestHead head;
    const Progress progress = parse_request(bytes, head, default_limits, simd);
    return verdict_of(progress, head);
  }
  ResponseHead head;
  const Progress progress = parse_response(bytes, head, Method::get, default_limits, simd);
  return verdict_of(progress, head);
}

// The twelve symbols in all orders behind one place.
class Walk {
 public:
  Walk(const Place& place, std::size_t length)
      : place_(place), alphabet_(place.kind == Kind::chunked ? of_bodies : of_heads) {
    std::memcpy(text_, place.prefix.data(), place.prefix.size());
    enter(place.prefix.size(), length);
  }

  [[nodiscard]] std::uint64_t tried() const { return tried_; }
  [[nodiscard]] std::uint64_t accepted() const { return accepted_; }
  [[nodiscard]] std::uint64_t pruned() const { return pruned_; }

 private:
  void enter(std::size_t size, std::size_t left) {
    const Verdict verdict = try_text(size);
    try_ends(size);
    if (verdict.progress != Progress::more) {
      if (left != 0) sample(size, left);
      return;
    }
    for (std::size_t symbol = 0; left != 0 && symbol < symbol_count; ++symbol) {
      enter(append(size, alphabet_[symbol]), left - 1);
    }
  }

  // One of the texts that are left out, and how many those are.
  void sample(std::size_t size, std::size_t left) {
    std::uint64_t below = 1;
    for (; left != 0; --left) {
      below *= symbol_count;
      pruned_ += below;
      size = append(size, alphabet_[next_random() % symbol_count]);
    }
    try_text(size);
    try_ends(size);
  }

  void try_ends(std::size_t size) {
    for (const std::string_view one : place_.ends) try_text(append(size, one));
  }

  // All ways agree about the text so far; returns what they say.
  Verdict try_text(std::size_t size) {
    ++tried_;
    const std::string_view text(text_, size);
    if (place_.kind == Kind::chunked) return try_body(text);
    const Verdict verdict = automaton(place_.kind, text);
    if (by_lines(place_.kind, text, simd_) != verdict) complain(text, "by lines");
    const std::size_t expected = place_.kind == Kind::request ? grammar::request_head(text, {})
                                                              : grammar::response_head(text, {});
    compare(text, verdict, expected);
    return verdict;
  }

  Verdict try_body(std::string_view text) {
    char bytes[room];
    std::memcpy(bytes, text.data(), text.size());
    ChunkedDecoder decoder;
    const ChunkedDecoder::Result result = decoder.decode(bytes, text.size());
    const bool is_done = result.progress == Progress::done;
    const Verdict verdict = {result.progress, result.failure.error,
                             is_done ? result.used : result.failure.offset};
    data_.clear();
    compare(text, verdict, grammar::chunked_body(text, data_));
    const bool is_same = std::equal(data_.begin(), data_.end(), bytes, bytes + result.data);
    if (is_done && !is_same) complain(text, "the data");
    return verdict;
  }

  void compare(std::string_view text, const Verdict& verdict, std::size_t expected) {
    const bool is_done = verdict.progress == Progress::done;
    if (is_done) ++accepted_;
    if ((is_done ? verdict.place : 0) != expected) complain(text, "the grammar");
  }

  void complain(std::string_view text, const char* what) {
    if (++complaints_ > 5) return;
    ADD_FAILURE() << what << " differs: " << testing::PrintToString(std::string(text));
  }

  std::size_t append(std::size_t size, std::string_view text) {
    std::memcpy(text_ + size, text.data(), text.size());
    return size + text.size();
  }

  std::size_t next_random() {
    state_ = state_ * 6364136223846793005 + 1442695040888963407;
    return static_cast<std::size_t>(state_ >> 33);
  }

  static constexpr std::size_t room = 256;
  const Place& place_;
  const Alphabet& alphabet_;
  const Simd simd_ = choose_simd();
  char text_[room] = {};
  std::vector<char> data_;
  std::uint64_t tried_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t pruned_ = 0;
  std::uint64_t state_ = 1;
  int complaints_ = 0;
};

class Exhaustive : public testing::TestWithParam<Place> {};

TEST_P(Exhaustive, all_short_texts_are_judged_alike) {
  const Place& place = GetParam();
  const std::size_t length = EXHAUSTIVE_LENGTH - place.shorter;
  const Walk walk(place, length);
  std::printf("%s: up to %zu symbols, %llu texts tried, %llu accepted, %llu below decided ones\n",
              place.name, length, static_cast<unsigned long long>(walk.tried()),
              static_cast<unsigned long long>(walk.accepted()),
              static_cast<unsigned long long>(walk.pruned()));
  EXPECT_GT(walk.accepted(), 0U) << "the ends complete nothing";
}

INSTANTIATE_TEST_SUITE_P(Behind, Exhaustive, testing::ValuesIn(places),
                         [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace http1
