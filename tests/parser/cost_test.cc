// What parsing costs besides time: no memory, and so many looks at each byte however it comes.
//
// A peer that sends a head byte by byte must not make it dearer than one that sends it whole. The
// automaton never goes back; what reads by lines looks at bytes ahead of it, and may look in vain.
// So a scanner that counts stands in for an instruction set: each byte at or behind the place that
// it is asked about is a look. Together with what the automaton takes, that is held under bounds.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "fuzz/bytes.h"
#include "fuzz/mutator.h"
#include "fuzz/no_allocation.h"
#include "parser/chunked.h"
#include "parser/lines.h"
#include "parser/parse.h"
#include "tests/parser/cases.h"

namespace http1 {
namespace {

// ---- looks --------------------------------------------------------------------------------------

struct Looks {
  std::uint64_t loads = 0;  // of blocks, which cost the same however few of their bytes count
  std::uint64_t bytes = 0;
};
Looks looks;

// A scanner as lines.h wants it, byte by byte.
struct CountingScanner {
  struct Block {
    const char* bytes;
    std::size_t skip;
  };
  static constexpr bool has_masks = true;

  static Block load(const char* at) {
    ++looks.loads;
    looks.bytes += block_size;
    return {at, 0};
  }
  static Block load(const char* at, const char* last) {
    if (at < last) return load(at);
    const auto skip = static_cast<std::size_t>(at - last);
    ++looks.loads;
    looks.bytes += skip < block_size ? block_size - skip : 0;
    return {at, skip};
  }

  static std::uint64_t controls(const Block& block) { return outside<scan::value_bit>(block); }
  static std::uint64_t outside_token(const Block& block) { return outside<scan::token_bit>(block); }
  static std::uint64_t outside_host(const Block& block) { return outside<scan::host_bit>(block); }
  static std::uint64_t outside_path(const Block& block) { return outside<scan::path_bit>(block); }
  static std::uint64_t outside_query(const Block& block) { return outside<scan::query_bit>(block); }

  static bool has(const Block& block, const char* folded, std::uint32_t mask) {
    for (std::size_t at = 0; at < block_size && (mask >> at & 1) != 0; ++at) {
      if ((block.bytes[at] | names::lower_case_bit) != folded[at]) return false;
    }
    return true;
  }

  static std::size_t lowest(std::uint64_t mask) {
    return mask == 0 ? 64 : static_cast<std::size_t>(__builtin_ctzll(mask));
  }
  static std::size_t lowest_of_block(std::uint32_t mask) {
    return mask == 0 ? block_size : static_cast<std::size_t>(__builtin_ctz(mask));
  }

 private:
  template <scan::Class wanted>
  static std::uint64_t outside(const Block& block) {
    std::uint64_t mask = 0;
    for (std::size_t at = 0; at + block.skip < block_size; ++at) {
      if (!scan::is(wanted, block.bytes[at])) mask |= std::uint64_t{1} << at;
    }
    return mask;
  }
};

using Counting = LineParser<CountingScanner>;

// A head that somebody sends.
struct Load {
  const char* name;
  std::string bytes;
  bool is_response = false;
};

std::string times(std::size_t count, std::string_view text) {
  std::string all;
  for (; count != 0; --count) all += text;
  return all;
}

std::vector<Load> loads() {
  const std::string request = "GET /index.html HTTP/1.1\r\nHost: example.com\r\n";
  const std::string agent =
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)\r\n"
      "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
      "Accept-Encoding: gzip, deflate, br\r\nConnection: keep-alive\r\n";
  return {
      {"a request of a browser",
       request + agent + "Cookie: " + times(20, "abc=def; ") + "\r\n\r\n"},
      {"a response", "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n" + agent + "\r\n", true},
      {"one line of 16 KiB", request + "Cookie: " + std::string(16200, 'a') + "\r\n\r\n"},
      {"a target of 8 KiB", "GET /" + std::string(8100, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"a target of escapes", "GET /" + times(2700, "%41") + " HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"100 fields", request + times(99, "X-Name: value\r\n") + "\r\n"},
      {"100 fields of 4 bytes", request + times(99, "A:\r\n") + "\r\n"},
      {"100 fields, the last is wrong", request + times(98, "X-Name: value\r\n") + "A : b\r\n\r\n"},
      {"100 fields, the first is not plain",
       "GET / HTTP/1.1\r\nHost: [::1]:12345\r\n" + times(99, "X-Name: value\r\n") + "\r\n"},
      {"lines that are not plain",
       request + times(40, "Connection: a, b, c\r\nX: \t a \t\r\n") + "\r\n"},
  };
}

// Ways in which bytes come: the sizes of which each call has more.
std::vector<std::size_t> ends_of(std::string_view way, std::string_view bytes) {
  fuzz::Random random(way);
  std::vector<std::size_t> ends;
  for (std::size_t end = 0; end < bytes.size();) {
    const std::size_t lf = bytes.find('\n', end);
    const std::size_t line = lf == std::string_view::npos ? bytes.size() : lf + 1;
    if (way == "at once") end = bytes.size();
    if (way == "byte by byte") end += 1;
    if (way == "by 7 bytes") end += 7;
    if (way == "line by line") end = line;
    if (way == "cut behind each CR") end = line - end > 1 ? line - 1 : line;
    if (way == "a byte more than lines") end = line + 1;
    if (way == "by segments") end += 1460;
    if (way == "at random") end += 1 + random.below(100);
    ends.push_back(end = std::min(end, bytes.size()));
  }
  return ends;
}

constexpr const char* ways[] = {"at once",      "byte by byte",       "by 7 bytes",
                                "line by line", "cut behind each CR", "a byte more than lines",
                                "by segments",  "at random"};

template <class Head>
Progress parse(std::string_view bytes, Head& head) {
  if constexpr (std::is_same_v<Head, RequestHead>) {
    return Counting::request(bytes, head, default_limits, false);
  } else {
    return Counting::response(bytes, head, Method::get, default_limits, false);
  }
}

// What it takes to read a head that comes in pieces, each time from a block of its size.
template <class Head>
Looks looks_at(std::string_view bytes, const std::vector<std::size_t>& ends) {
  looks = {};
  Head head;
  for (const std::size_t end : ends) {
    const fuzz::Block block(bytes.substr(0, end));
    if (parse(block.view(), head) != Progress::more) break;
  }
  return looks;
}

Looks looks_at(const Load& load, const std::vector<std::size_t>& ends) {
  return load.is_response ? looks_at<ResponseHead>(load.bytes, ends)
                          : looks_at<RequestHead>(load.bytes, ends);
}

// Each byte that is new is passed over at most twice, and each line is looked at in a few blocks,
// however short it is; twice, if the lines had come to one that is not plain.
std::uint64_t most_looks(std::string_view bytes) {
  constexpr std::uint64_t blocks_of_a_line = 8;
  const auto line_ends = std::count(bytes.begin(), bytes.end(), '\n');
  const auto lines = static_cast<std::uint64_t>(line_ends) + 1;
  return 2 * bytes.size() + lines * blocks_of_a_line * block_size;
}

TEST(Cost, looks_at_a_byte_are_few_however_the_bytes_come) {
  for (const Load& load : loads()) {
    for (const char* const way : ways) {
      const Looks made = looks_at(load, ends_of(way, load.bytes));
      const auto size = static_cast<double>(load.bytes.size());
      std::printf("%-36s %-24s %5.2f looks a byte, %5.2f of whole blocks\n", load.name, way,
                  static_cast<double>(made.bytes) / size,
                  static_cast<double>(made.loads * block_size) / size);
      EXPECT_LE(made.bytes, most_looks(load.bytes)) << load.name << ", " << way;
    }
  }
}

// One look of the automaton and not one more by lines.
TEST(Cost, a_head_that_comes_byte_by_byte_costs_two_looks_a_byte_at_most) {
  for (const Load& load : loads()) {
    const Looks made = looks_at(load, ends_of("byte by byte", load.bytes));
    EXPECT_LE(made.bytes, load.bytes.size()) << load.name;
  }
}

TEST(Cost, the_bound_holds_for_mutated_heads_that_are_cut_at_random) {
  fuzz::Random random("heads");
  const std::vector<Load> all = loads();
  for (std::uint64_t round = 0; round < 1500; ++round) {
    Load load = all[random.below(all.size())];
    const std::size_t size = load.bytes.size();
    load.bytes.resize(size + 200);
    auto* const bytes = reinterpret_cast<std::uint8_t*>(load.bytes.data());
    const auto shape = load.is_response ? fuzz::Shape::response : fuzz::Shape::request;
    load.bytes.resize(fuzz::mutate(shape, bytes, size, load.bytes.size(), round, nullptr));
    const std::size_t longest = 1 + random.below(3000);
    std::vector<std::size_t> ends;
    for (std::size_t end = 0; end < load.bytes.size();) {
      end = std::min(load.bytes.size(), end + 1 + random.below(longest));
      ends.push_back(end);
    }
    ASSERT_LE(looks_at(load, ends).bytes, most_looks(load.bytes)) << load.bytes;
  }
}

// The scanner that counts is one like the others: what it reads is what the library reads.
TEST(Cost, the_scanner_that_counts_reads_the_same) {
  for (const cases::Case& one : cases::load(PARSER_CASES_DIR)) {
    if (one.kind != cases::Kind::request) continue;
    RequestHead counted;
    RequestHead read;
    const Progress progress = Counting::request(one.bytes, counted, one.limits, false);
    EXPECT_EQ(progress, parse_request(one.bytes, read, one.limits)) << one.place;
    EXPECT_EQ(counted.failure().error, read.failure().error) << one.place;
    EXPECT_EQ(counted.failure().offset, read.failure().offset) << one.place;
    EXPECT_EQ(counted.field_count(), read.field_count()) << one.place;
    if (progress == Progress::done) {
      EXPECT_EQ(counted.size(), read.size()) << one.place;
    }
  }
}

// ---- memory -------------------------------------------------------------------------------------

template <class Head, class... More>
void parse_without_memory(std::string_view bytes, std::size_t cut, const More&... more) {
  Head head;
  const fuzz::NoAllocation none;
  for (const std::size_t end : {cut, bytes.size()}) {
    if constexpr (std::is_same_v<Head, RequestHead>) {
      (void)parse_request(bytes.substr(0, end), head, more...);
    } else {
      (void)parse_response(bytes.substr(0, end), head, more...);
    }
  }
  std::string_view value;
  (void)head.find("X-A", value);
}

void decode_without_memory(std::string_view bytes, std::size_t cut, const Limits& limits) {
  fuzz::Block block(bytes);
  ChunkedDecoder decoder(limits);
  const fuzz::NoAllocation none;
  (void)decoder.decode(block.data(), cut);
  (void)decoder.decode(block.data() + cut, bytes.size() - cut);
}

TEST(Memory, no_case_needs_any) {
  for (const cases::Case& one : cases::load(PARSER_CASES_DIR)) {
    const std::string_view bytes = one.bytes;
    for (const std::size_t cut : {std::size_t{0}, bytes.size() / 2, bytes.size()}) {
      switch (one.kind) {
        case cases::Kind::request: parse_without_memory<RequestHead>(bytes, cut, one.limits); break;
        case cases::Kind::response:
          parse_without_memory<ResponseHead>(bytes, cut, one.request_method, one.limits);
          break;
        case cases::Kind::chunked: decode_without_memory(bytes, cut, one.limits); break;
      }
    }
  }
}

TEST(Memory, an_allocation_would_end_the_program) {
  EXPECT_DEATH(
      {
        const fuzz::NoAllocation none;
        const std::vector<int> some(100);
        std::printf("%p", static_cast<const void*>(some.data()));
      },
      "allocates nothing");
  const std::vector<int> some(100);
  EXPECT_EQ(some.size(), 100U);
}

}  // namespace
}  // namespace http1
