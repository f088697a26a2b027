// Counts the test cases that other parsers accept: parser_accepts [--list]
//
// The cases are those of tests/parser/cases that are a complete head, refused or accepted. For each
// reason to refuse, the table has the number of cases, and the number of those that picohttpparser
// and llhttp accept. Neither of them interprets fields, except that llhttp checks framing; they
// leave checks of Host, for example, to their caller. --list prints the names of the cases.
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bench/parser/peers.h"
#include "parser/parse.h"
#include "tests/parser/cases.h"

namespace {

using bench::Peer;

struct Count {
  int cases = 0;
  std::vector<int> accepted = std::vector<int>(bench::peers().size());
};

void print(std::string_view reason, const Count& count) {
  std::printf("| %.*s | %d |", static_cast<int>(reason.size()), reason.data(), count.cases);
  for (const int accepted : count.accepted) std::printf(" %d |", accepted);
  std::printf("\n");
}

}  // namespace

int main(int arguments, char** argument) {
  const bool list = arguments > 1 && std::string_view(argument[1]) == "--list";
  std::map<std::string_view, Count> refused;
  Count accepted;
  for (const cases::Case& one : cases::load(PARSER_CASES_DIR)) {
    const bool is_head = one.kind != cases::Kind::chunked;
    if (!is_head || one.progress == http1::Progress::more) continue;
    const bool is_good = one.progress == http1::Progress::done;
    Count& count = is_good ? accepted : refused[http1::name_of(one.error)];
    ++count.cases;
    for (std::size_t at = 0; at < bench::peers().size(); ++at) {
      const Peer& peer = bench::peers()[at];
      // Every refused case is followed by the end of a head, for which a peer may still be waiting.
      const std::string whole = is_good ? one.bytes : one.bytes + "\r\n\r\n";
      const bool is_request = one.kind == cases::Kind::request;
      const bool accepts = (is_request ? peer.request(whole) : peer.response(whole)) != 0;
      if (accepts) ++count.accepted[at];
      if (list && accepts != is_good) {
        std::printf("%s %s: %s (%s)\n", peer.name, accepts ? "accepts" : "refuses",
                    one.sentence.c_str(), one.place.c_str());
      }
    }
  }
  if (list) return 0;
  std::printf("| result of http1 | cases |");
  for (const Peer& peer : bench::peers()) std::printf(" accepted by %s |", peer.name);
  std::printf("\n|---|---|");
  for (std::size_t at = 0; at < bench::peers().size(); ++at) std::printf("---|");
  std::printf("\n");
  print("accepted", accepted);
  for (const auto& [reason, count] : refused) print(reason, count);
  return 0;
}
