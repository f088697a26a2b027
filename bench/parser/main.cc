// Measures http1, picohttpparser and llhttp in one process, alternating, so that a disturbance of
// the machine affects all of them: parser_bench [--json] [--rounds N] [--only WORKLOAD]
//                              parser_bench --exactly N PARSER WORKLOAD
//
// A round runs each parser on each workload for about a millisecond; the best of all rounds counts,
// because noise only adds time. A position of the messages in their page at which a processor takes
// stores to the head for stores to the text (4K aliasing) adds time too, so each round uses another
// position. Every message is parsed in one call from a complete buffer, including the reset of the
// head. http1 recognises the fields, checks Host and decides about the body, which picohttpparser
// leaves to its caller. Cycles are those of the time-stamp counter, which runs at the nominal
// frequency. --exactly only parses N messages with one parser, to count instructions:
//   valgrind --tool=callgrind --toggle-collect='bench::parse_exactly*' parser_bench --exactly ...
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "bench/parser/messages.h"
#include "bench/parser/peers.h"
#include "parser/parse.h"
#include "parser/simd.h"

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace bench {
namespace {

// Each parses one message and returns the size of its head, or another number if it refuses it.
using Parse = std::size_t (*)(std::string_view message);

http1::RequestHead request_head;
http1::ResponseHead response_head;

std::size_t our_request(std::string_view message) {
  request_head.reset();
  const auto progress = http1::parse_request(message, request_head);
  return progress == http1::Progress::done ? request_head.size() : 0;
}

std::size_t our_response(std::string_view message) {
  response_head.reset();
  const auto progress = http1::parse_response(message, response_head, http1::Method::get);
  return progress == http1::Progress::done ? response_head.size() : 0;
}

template <http1::Simd simd>
std::size_t our_request_by(std::string_view message) {
  request_head.reset();
  const auto progress = http1::parse_request(message, request_head, http1::default_limits, simd);
  return progress == http1::Progress::done ? request_head.size() : 0;
}

template <http1::Simd simd>
std::size_t our_response_by(std::string_view message) {
  response_head.reset();
  const auto progress = http1::parse_response(message, response_head, http1::Method::get,
                                              http1::default_limits, simd);
  return progress == http1::Progress::done ? response_head.size() : 0;
}

struct Parser {
  const char* name;
  Parse request;
  Parse response;
  bool is_there;
};

std::vector<Parser> make_parsers() {
  using http1::Simd;
  std::vector<Parser> parsers = {
      {"quoit", our_request, our_response, true},
      {"sse", our_request_by<Simd::sse>, our_response_by<Simd::sse>,
       http1::is_supported(Simd::sse)},
      {"scalar", our_request_by<Simd::scalar>, our_response_by<Simd::scalar>, true},
  };
  std::erase_if(parsers, [](const Parser& parser) { return !parser.is_there; });
  for (const Peer& peer : peers()) {
    parsers.push_back({peer.name, peer.request, peer.response, true});
  }
  return parsers;
}

std::uint64_t ticks() {
#if defined(__x86_64__)
  return __rdtsc();
#else
  return 0;
#endif
}

struct Cost {
  double nanoseconds = std::numeric_limits<double>::infinity();
  double cycles = std::numeric_limits<double>::infinity();
};

// Parses the messages one after the other, `count` of them; ends the program if one is refused.
[[gnu::noinline]] void parse_exactly(Parse parse, const std::vector<std::string_view>& messages,
                                     std::size_t count) {
  bool all_good = true;
  for (std::size_t next = 0; count != 0; --count) {
    const std::string_view message = messages[next];
    all_good = all_good && parse(message) == message.size();
    next = next + 1 == messages.size() ? 0 : next + 1;
  }
  if (all_good) return;
  std::fputs("parser_bench: a message was refused\n", stderr);
  std::abort();
}

Cost measure(Parse parse, const std::vector<std::string_view>& messages, std::size_t count) {
  const auto begin = std::chrono::steady_clock::now();
  const std::uint64_t begin_ticks = ticks();
  parse_exactly(parse, messages, count);
  const std::uint64_t end_ticks = ticks();
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
  const auto divisor = static_cast<double>(count);
  return {took.count() / divisor, static_cast<double>(end_ticks - begin_ticks) / divisor};
}

// The messages in one block, one directly after the other, as in a server.
class Block {
 public:
  explicit Block(const Workload& workload) : messages_(workload.messages) { put(0); }

  // Places them at that offset in a page.
  void put(std::size_t offset) {
    const std::size_t size = workload_size();
    text_.resize(size + 2 * page);
    const auto begin = reinterpret_cast<std::uintptr_t>(text_.data());
    char* at = text_.data() + (page - begin % page) + offset % page;
    views.clear();
    for (const std::string& message : messages_) {
      std::memcpy(at, message.data(), message.size());
      views.emplace_back(at, message.size());
      at += message.size();
    }
  }

  std::vector<std::string_view> views;

 private:
  static constexpr std::size_t page = 4096;

  std::size_t workload_size() const {
    std::size_t size = 0;
    for (const std::string& message : messages_) size += message.size();
    return size;
  }

  const std::vector<std::string>& messages_;
  std::vector<char> text_;
};

// [workload][parser]
using Table = std::vector<std::vector<Cost>>;

Table measure_all(const std::vector<Workload>& workloads, const std::vector<Parser>& parsers,
                  int rounds) {
  std::vector<Block> blocks(workloads.begin(), workloads.end());
  Table table(workloads.size(), std::vector<Cost>(parsers.size()));
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t row = 0; row < workloads.size(); ++row) {
      blocks[row].put(static_cast<std::size_t>(round) * 776);
      const std::size_t count = std::max<std::size_t>(blocks[row].views.size(), 4096) * 2;
      for (std::size_t column = 0; column < parsers.size(); ++column) {
        const Parser& parser = parsers[column];
        const Parse parse = workloads[row].is_response ? parser.response : parser.request;
        const Cost cost = measure(parse, blocks[row].views, count);
        Cost& best = table[row][column];
        best.nanoseconds = std::min(best.nanoseconds, cost.nanoseconds);
        best.cycles = std::min(best.cycles, cost.cycles);
      }
    }
  }
  return table;
}

void print_table(const std::vector<Workload>& workloads, const std::vector<Parser>& parsers,
                 const Table& table) {
  std::printf("| workload | bytes |");
  for (const Parser& parser : parsers) std::printf(" %s ns | cycles | B/ns |", parser.name);
  for (std::size_t column = 1; column < parsers.size(); ++column) {
    std::printf(" %s / quoit |", parsers[column].name);
  }
  std::printf("\n|---|---|");
  for (std::size_t column = 0; column < parsers.size() * 4 - 1; ++column) std::printf("---|");
  std::printf("\n");
  for (std::size_t row = 0; row < workloads.size(); ++row) {
    const std::size_t bytes = workloads[row].mean_size();
    std::printf("| %s | %zu |", workloads[row].name, bytes);
    for (const Cost& cost : table[row]) {
      std::printf(" %.1f | %.0f | %.2f |", cost.nanoseconds, cost.cycles,
                  static_cast<double>(bytes) / cost.nanoseconds);
    }
    for (std::size_t column = 1; column < parsers.size(); ++column) {
      std::printf(" %.2f |", table[row][column].nanoseconds / table[row].front().nanoseconds);
    }
    std::printf("\n");
  }
}

void print_json(const std::vector<Workload>& workloads, const std::vector<Parser>& parsers,
                const Table& table) {
  std::printf("[");
  for (std::size_t row = 0; row < workloads.size(); ++row) {
    for (std::size_t column = 0; column < parsers.size(); ++column) {
      std::printf(
          "%s\n  {\"workload\": \"%s\", \"bytes\": %zu, \"parser\": \"%s\", \"ns\": %.2f, "
          "\"cycles\": %.1f}",
          row + column == 0 ? "" : ",", workloads[row].name, workloads[row].mean_size(),
          parsers[column].name, table[row][column].nanoseconds, table[row][column].cycles);
    }
  }
  std::printf("\n]\n");
}

int run_exactly(std::size_t count, std::string_view parser_name, std::string_view workload_name) {
  for (const Parser& parser : make_parsers()) {
    if (parser.name != parser_name) continue;
    for (const Workload& workload : make_workloads()) {
      if (workload.name != workload_name) continue;
      const Block block(workload);
      parse_exactly(workload.is_response ? parser.response : parser.request, block.views, count);
      return 0;
    }
  }
  std::fputs("parser_bench: no such parser or workload\n", stderr);
  return 64;
}

int run(const std::vector<std::string_view>& arguments) {
  bool json = false;
  int rounds = 200;
  std::string_view only;
  for (std::size_t at = 0; at < arguments.size(); ++at) {
    const std::size_t left = arguments.size() - at - 1;
    if (arguments[at] == "--json") {
      json = true;
    } else if (arguments[at] == "--rounds" && left >= 1) {
      rounds = std::atoi(arguments[++at].data());
    } else if (arguments[at] == "--only" && left >= 1) {
      only = arguments[++at];
    } else if (arguments[at] == "--exactly" && left == 3) {
      return run_exactly(std::strtoul(arguments[at + 1].data(), nullptr, 10), arguments[at + 2],
                         arguments[at + 3]);
    } else {
      std::fputs("usage: parser_bench [--json] [--rounds N] [--only WORKLOAD]\n", stderr);
      return 64;
    }
  }
  std::vector<Workload> workloads = make_workloads();
  std::erase_if(workloads, [&](const Workload& one) { return !only.empty() && only != one.name; });
  const std::vector<Parser> parsers = make_parsers();
  const Table table = measure_all(workloads, parsers, rounds);
  json ? print_json(workloads, parsers, table) : print_table(workloads, parsers, table);
  return 0;
}

}  // namespace
}  // namespace bench

int main(int count, char** arguments) {
  return bench::run(std::vector<std::string_view>(arguments + 1, arguments + count));
}
