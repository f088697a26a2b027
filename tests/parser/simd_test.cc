// Every instruction set gives the answer of the automaton, which reads byte by byte.
//
// All cases of cases/, cut at every place, and mutations of messages as they come from browsers:
// each instruction set reads them from memory that ends at a page nobody may touch, and the head
// must be the same in every answer that it can give. Then the same at all alignments, behind such a
// page as well as in front of one; and each element in all lengths up to 200 bytes.
#include "parser/simd.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <vector>

#include <gtest/gtest.h>

#include "parser/names.h"
#include "parser/splitmix64.h"
#include "tests/parser/cases.h"
#include "tests/support/sanitizer.h"

namespace http1 {
namespace {

// Memory between two pages that cannot be read.
class Guarded {
 public:
  Guarded() {
    void* const block =
        mmap(nullptr, size + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) std::abort();
    begin_ = static_cast<char*>(block) + page;
    if (mprotect(begin_ - page, page, PROT_NONE) != 0) std::abort();
    if (mprotect(begin_ + size, page, PROT_NONE) != 0) std::abort();
  }
  ~Guarded() { munmap(begin_ - page, size + 2 * page); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  // The same text at the end, or `distance` bytes in front of it; or so far behind the beginning.
  std::string_view place(std::string_view text, std::size_t distance, bool is_behind = false) {
    char* const at = is_behind ? begin_ + distance : begin_ + size - distance - text.size();
    std::copy(text.begin(), text.end(), at);
    return {at, text.size()};
  }

 private:
  static constexpr std::size_t page = 4096;
  static constexpr std::size_t size = 32 * page;
  char* begin_;
};

Guarded& guarded() {
  static Guarded memory;
  return memory;
}

// The instruction sets, and null for the automaton alone.
std::vector<const Simd*> all_ways() {
  std::vector<const Simd*> ways = {nullptr};
  for (const Simd& simd : all_simd) {
    if (is_supported(simd)) ways.push_back(&simd);
  }
  return ways;
}

Progress parse(std::string_view bytes, RequestHead& head, const cases::Case& one,
               const Simd* simd) {
  if (simd == nullptr) return continue_request(bytes, head, one.limits, nullptr);
  return parse_request(bytes, head, one.limits, *simd);
}

Progress parse(std::string_view bytes, ResponseHead& head, const cases::Case& one,
               const Simd* simd) {
  const Method method = one.request_method;
  if (simd == nullptr) return continue_response(bytes, head, method, one.limits, nullptr);
  return parse_response(bytes, head, method, one.limits, *simd);
}

void add(std::string& facts, std::size_t number) { facts += std::to_string(number) + ' '; }

void add(std::string& facts, std::string_view view, const char* bytes) {
  const bool is_elsewhere = view.data() < bytes || view.data() > bytes + 65536;
  add(facts, is_elsewhere ? 99999 : static_cast<std::size_t>(view.data() - bytes));
  add(facts, view.size());
}

// All that a head answers, as text.
std::string facts_of(const Head& head, const char* bytes) {
  std::string facts;
  add(facts, static_cast<std::size_t>(head.failure().error));
  add(facts, head.failure().offset);
  add(facts, head.field_count());
  for (const Field field : head.fields()) {
    add(facts, field.name, bytes);
    add(facts, field.value, bytes);
    add(facts, static_cast<std::size_t>(field.id));
  }
  for (std::size_t at = 0; at < field_name_count; ++at) {
    const auto name = static_cast<FieldName>(at);
    if (!head.has(name)) continue;
    add(facts, at);
    add(facts, head.has_repeated(name) ? 1 : 0);
    add(facts, head.value_of(name), bytes);
  }
  return facts;
}

void add_decisions(std::string& facts, const Head& head) {
  add(facts, head.size());
  add(facts, static_cast<std::size_t>(head.version()));
  add(facts, static_cast<std::size_t>(head.body().kind));
  add(facts, head.body().length);
  add(facts, head.keep_alive() ? 1 : 0);
  add(facts, head.framing().content_length());
  add(facts, head.framing().says_close() ? 1 : 0);
  add(facts, head.framing().says_keep_alive() ? 1 : 0);
}

std::string decided(const RequestHead& head, const char* bytes) {
  std::string facts;
  add_decisions(facts, head);
  add(facts, static_cast<std::size_t>(head.method()));
  add(facts, static_cast<std::size_t>(head.target_form()));
  add(facts, static_cast<std::size_t>(head.expectation()));
  add(facts, head.has_query() ? 1 : 0);
  add(facts, head.method_text(), bytes);
  add(facts, head.target(), bytes);
  add(facts, head.path(), bytes);
  add(facts, head.query(), bytes);
  add(facts, head.authority(), bytes);
  return facts;
}

std::string decided(const ResponseHead& head, const char* bytes) {
  std::string facts;
  add_decisions(facts, head);
  add(facts, static_cast<std::size_t>(head.status()));
  add(facts, head.reason_space_missing() ? 1 : 0);
  add(facts, head.reason(), bytes);
  return facts;
}

// How far from a guard a text lies, and on which side of it.
struct Where {
  std::size_t distance = 0;
  bool is_behind = false;
};

// What becomes of a message that arrives as far as each of `ends`, and lies at the guard each time.
template <class AnyHead>
std::string outcome(const cases::Case& one, const std::vector<std::size_t>& ends, const Simd* simd,
                    Where where = {}) {
  AnyHead head;
  std::string facts;
  for (const std::size_t end : ends) {
    const std::string_view bytes = guarded().place(std::string_view(one.bytes).substr(0, end),
                                                   where.distance, where.is_behind);
    const Progress progress = parse(bytes, head, one, simd);
    facts += "| ";
    add(facts, static_cast<std::size_t>(progress));
    facts += facts_of(head, bytes.data());
    if (progress == Progress::done) facts += decided(head, bytes.data());
  }
  return facts;
}

std::string outcome(const cases::Case& one, const std::vector<std::size_t>& ends, const Simd* simd,
                    Where where = {}) {
  return one.kind == cases::Kind::request ? outcome<RequestHead>(one, ends, simd, where)
                                          : outcome<ResponseHead>(one, ends, simd, where);
}

void expect_agreement(const cases::Case& one, const std::vector<std::size_t>& ends) {
  const std::string expected = outcome(one, ends, nullptr);
  for (const Simd& simd : all_simd) {
    if (!is_supported(simd)) continue;
    EXPECT_EQ(outcome(one, ends, &simd), expected)
        << one.place << ' ' << one.sentence << ", set " << static_cast<int>(simd) << ", cut at "
        << ends.front() << ":\n"
        << one.bytes;
  }
}

void expect_agreement_at_every_cut(const cases::Case& one) {
  const std::size_t size = one.bytes.size();
  expect_agreement(one, {size});
  for (std::size_t cut = 1; cut < size; cut += size < 2048 ? 1 : 97) {
    expect_agreement(one, {cut, size});
  }
}

std::vector<cases::Case> all_cases() {
  std::vector<cases::Case> all = cases::load(PARSER_CASES_DIR);
  std::erase_if(all, [](const cases::Case& one) { return one.kind == cases::Kind::chunked; });
  return all;
}

// Behind each case's first line, so that lines of every length are in front of it.
std::vector<cases::Case> longer_cases() {
  std::vector<cases::Case> all;
  for (const cases::Case& one : all_cases()) {
    const std::size_t line = one.bytes.find("\r\n");
    if (line == std::string::npos || one.bytes.size() > 1024) continue;
    for (const std::size_t size : {1U, 20U, 33U, 61U, 130U}) {
      cases::Case& longer = all.emplace_back(one);
      longer.bytes.insert(line + 2, "X-Long: " + std::string(size, 'x') + "\r\nAccept: */*\r\n");
    }
  }
  return all;
}

TEST(Simd, all_sets_agree_on_every_case_at_every_cut) {
  for (const cases::Case& one : all_cases()) expect_agreement_at_every_cut(one);
}

TEST(Simd, all_sets_agree_on_cases_with_more_lines) {
  for (const cases::Case& one : longer_cases()) {
    const std::size_t size = one.bytes.size();
    expect_agreement(one, {size});
    for (std::size_t cut = 1; cut < size; cut += 5) expect_agreement(one, {cut, size});
  }
}

// From 0 to 63 bytes in front of one guard and behind the other.
void expect_agreement_everywhere(const cases::Case& one, const std::vector<std::size_t>& ends) {
  const std::string expected = outcome(one, ends, nullptr);
  for (const Simd& simd : all_simd) {
    if (!is_supported(simd)) continue;
    for (std::size_t distance = 0; distance < 64; ++distance) {
      for (const bool is_behind : {false, true}) {
        EXPECT_EQ(outcome(one, ends, &simd, {distance, is_behind}), expected)
            << one.place << ", set " << static_cast<int>(simd) << ", " << distance;
      }
    }
  }
}

TEST(Simd, all_sets_agree_at_every_alignment) {
  for (const cases::Case& one : all_cases()) {
    if (one.bytes.size() > 1024) continue;
    expect_agreement_everywhere(one, {one.bytes.size()});
    expect_agreement_everywhere(one, {one.bytes.size() / 2 + 1, one.bytes.size()});
  }
}

// An element of a head that may have any length: what stands around it, and what it is made of.
struct Element {
  cases::Kind kind;
  std::string_view before;
  std::string_view behind;
  char filler;
};

constexpr std::string_view rest = " HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n";
constexpr std::string_view line_end = "\r\nAccept: */*\r\n\r\n";
constexpr Element elements[] = {
    {cases::Kind::request, "", " /index.html HTTP/1.1\r\nHost: example.com\r\n\r\n", 'M'},
    {cases::Kind::request, "GET /", rest, 'p'},
    {cases::Kind::request, "GET /%", rest, '4'},
    {cases::Kind::request, "GET /?", rest, 'q'},
    {cases::Kind::request, "POST http://", rest, 'h'},
    {cases::Kind::request, "GET / HTTP/1.1\r\nHost: ", line_end, 'h'},
    {cases::Kind::request, "GET / HTTP/1.1\r\nHost: a:", line_end, '0'},
    {cases::Kind::request, "GET / HTTP/1.1\r\nAccept: */*\r\nHost:", line_end, ' '},
    {cases::Kind::request, "GET / HTTP/1.1\r\nHost: a\r\n", ": a\r\nAccept: */*\r\n\r\n", 'N'},
    {cases::Kind::request, "GET / HTTP/1.1\r\nHost: a\r\nHost", ": a\r\n\r\n", '-'},
    {cases::Kind::request, "GET / HTTP/1.1\r\nHost: a\r\nCookie: ", line_end, 'v'},
    {cases::Kind::request, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ", line_end, '0'},
    {cases::Kind::request, "PUT / HTTP/1.0\r\nTransfer-Encoding: ", line_end, 'c'},
    {cases::Kind::request, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close", line_end, ','},
    {cases::Kind::response, "HTTP/1.1 200 ", "\r\nContent-Length: 3\r\nA: b\r\n\r\n", 'r'},
    {cases::Kind::response, "HTTP/1.1 200 OK\r\n", ": a\r\nAccept: */*\r\n\r\n", 'N'},
    {cases::Kind::response, "HTTP/1.1 200 OK\r\nServer: ", line_end, 'v'},
    {cases::Kind::response, "HTTP/1.1 200 OK\r\nContent-Length:", line_end, ' '},
    {cases::Kind::response, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", line_end, 'x'},
};

cases::Case case_of(const Element& element, std::size_t size) {
  cases::Case made;
  made.place = "an element of " + std::to_string(size);
  made.kind = element.kind;
  made.bytes = std::string(element.before) + std::string(size, element.filler);
  made.bytes += element.behind;
  return made;
}

constexpr std::size_t longest_element = 200;

TEST(Simd, all_sets_agree_on_elements_of_every_length) {
  constexpr std::string_view wild{"\r\n\t :\0/\x7f\xff?", 10};
  for (const Element& element : elements) {
    for (std::size_t size = 0; size <= longest_element; ++size) {
      const cases::Case good = case_of(element, size);
      expect_agreement(good, {good.bytes.size()});
      // One byte of it is another: the first, the last, one next to the end of a block or any.
      for (const std::size_t at : {std::size_t{0}, size / 2, size - size % 32, size - 1}) {
        if (at >= size) continue;
        for (const char byte : wild) {
          cases::Case one = good;
          one.bytes[element.before.size() + at] = byte;
          expect_agreement(one, {one.bytes.size()});
        }
      }
    }
  }
}

TEST(Simd, all_sets_agree_on_elements_of_many_lengths_at_every_cut_and_alignment) {
  for (const Element& element : elements) {
    for (const std::size_t size : {0U, 1U, 2U, 15U, 16U, 17U, 31U, 32U, 33U, 63U, 64U, 65U, 200U}) {
      const cases::Case one = case_of(element, size);
      expect_agreement_at_every_cut(one);
      expect_agreement_everywhere(one, {one.bytes.size()});
    }
  }
}

// A request or response of random known and unknown fields, good in all its parts.
cases::Case make_message(SplitMix64& random) {
  constexpr std::string_view hosts[] = {"a",
                                        "example.com:8080",
                                        "[::1]:80",
                                        "a:12345",
                                        "very-long-name-of-a-host.in.a.domain.example.org",
                                        ""};
  constexpr std::string_view values[] = {"close",
                                         "keep-alive",
                                         "Keep-Alive",
                                         "0",
                                         "17",
                                         "100-continue",
                                         "chunked",
                                         "",
                                         "  two  ",
                                         "\t",
                                         "text/html, */*;q=0.8",
                                         "x\x80\xff",
                                         "gzip, deflate"};
  constexpr std::string_view targets[] = {"/",
                                          "/a/b.html?x=1",
                                          "/%41?%",
                                          "*",
                                          "http://a/b",
                                          "/a|b",
                                          "/"
                                          "0123456789012345678901234567890123456789"
                                          "/0123456789/0123456789?x"};
  cases::Case made;
  made.place = "random";
  made.kind = random.below(3) == 0 ? cases::Kind::response : cases::Kind::request;
  const std::string version = random.below(4) == 0 ? "HTTP/1.0" : "HTTP/1.1";
  const auto method = static_cast<Method>(1 + random.below(method_count - 1));
  if (made.kind == cases::Kind::response) {
    made.bytes = version + " 20" + std::to_string(random.below(10)) + " OK\r\n";
  } else {
    made.bytes = std::string(text_of(method)) + ' ' +
                 std::string(targets[random.below(std::size(targets))]) + ' ' + version + "\r\n";
  }
  if (random.below(5) != 0) {
    made.bytes += "Host: " + std::string(hosts[random.below(std::size(hosts))]) + "\r\n";
  }
  for (std::size_t left = random.below(8); left != 0; --left) {
    const auto name = static_cast<FieldName>(random.below(field_name_count));
    const bool is_known = name != FieldName::other;
    made.bytes += is_known ? std::string(text_of(name)) : std::string(1 + random.below(40), 'n');
    made.bytes += random.below(4) == 0 ? ":" : ": ";
    made.bytes += values[random.below(std::size(values))];
    if (random.below(8) == 0) made.bytes += std::string(random.below(100), 'v');
    made.bytes += "\r\n";
  }
  made.bytes += "\r\n";
  return made;
}

void mutate(std::string& bytes, SplitMix64& random) {
  constexpr std::string_view wild{"\r\n\t :\0/\x7f\xff,;%?A-", 16};
  const std::size_t at = random.below(bytes.size());
  switch (random.below(4)) {
    case 0: bytes[at] = wild[random.below(wild.size())]; break;
    case 1: bytes[at] = static_cast<char>(random.below(256)); break;
    case 2: bytes.erase(at, 1 + random.below(4)); break;
    default: bytes.insert(at, 1, wild[random.below(wild.size())]); break;
  }
}

TEST(Simd, all_sets_agree_on_random_messages_and_their_mutations) {
  SplitMix64 random(1);
  constexpr std::size_t rounds = 40'000 / test_support::sample_interval;
  for (std::size_t round = 0; round < rounds; ++round) {
    cases::Case one = make_message(random);
    if (random.below(3) == 0) one.limits.lenient.browser_target_bytes = false;
    if (random.below(6) == 0) one.limits.fields = random.below(6);
    if (random.below(6) == 0) one.limits.head_bytes = 20 + random.below(200);
    if (random.below(6) == 0) one.limits.target_bytes = random.below(40);
    for (std::size_t left = random.below(3); left != 0 && one.bytes.size() > 8; --left) {
      mutate(one.bytes, random);
    }
    const std::size_t size = one.bytes.size();
    expect_agreement(one, {size});
    expect_agreement(one, {1 + random.below(size), size});
    std::vector<std::size_t> ends;
    for (std::size_t end = 0; end < size;) {
      ends.push_back(end = std::min(size, end + 1 + random.below(40)));
    }
    expect_agreement(one, ends);
    if (HasFailure()) break;
  }
}

TEST(Simd, what_follows_a_head_is_not_looked_at) {
  cases::Case one;
  one.bytes = "GET / HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\n\r\n";
  for (int byte = 0; byte < 256; ++byte) {
    cases::Case longer = one;
    longer.bytes += std::string(100, static_cast<char>(byte));
    for (const Simd* simd : all_ways()) {
      EXPECT_EQ(outcome(longer, {longer.bytes.size()}, simd),
                outcome(one, {one.bytes.size()}, nullptr));
    }
  }
}

TEST(Simd, the_choice_is_supported_and_bounded_by_the_environment) {
  EXPECT_TRUE(is_supported(Simd::scalar));
  EXPECT_TRUE(is_supported(choose_simd()));
  const char* const set = std::getenv("HTTP1_SIMD");
  const std::string before = set == nullptr ? "" : set;
  setenv("HTTP1_SIMD", "scalar", 1);
  EXPECT_EQ(choose_simd(), Simd::scalar);
  setenv("HTTP1_SIMD", "sse", 1);
  EXPECT_LE(choose_simd(), Simd::sse);
  before.empty() ? unsetenv("HTTP1_SIMD") : setenv("HTTP1_SIMD", before.c_str(), 1);
}

}  // namespace
}  // namespace http1
