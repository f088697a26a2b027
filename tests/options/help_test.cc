// The text of --help, whole, for a program without verbs and for one with them.
#include "apps/options/help.h"

#include <gtest/gtest.h>

#include "tests/options/sample.h"

namespace options {
namespace {

TEST(Help, lists_options_by_section) {
  EXPECT_EQ(help_text(sample::server, no_verb),
            R"(sampled serves samples.

Examples:
  sampled -w /srv/files  serves /srv/files and stores uploads there

Usage:
  sampled [OPTION...] [ROOT]  serves ROOT

  ROOT                         directory to serve (default: .)

General:
  -h, --help                   show this help and exit
  -V, --version                show the version and exit

Serving:
  -l, --listen ADDR            address to listen on (repeatable; default: 127.0.0.1:8080)
  -w, --writable               allow PUT and DELETE (default: read-only)
  --durability none|data|full  what a power cut leaves of an upload (default: none)
  --index FILE                 file that is sent for its directory (repeatable; default: index.html)
  --not-found FILE             page for 404 (default: 404.html where it exists)
  --header LINE                'Name: value' for every response (repeatable)

Limits:
  --max-head BYTES             largest request head; 431 beyond (default: 16K, twice a browser's
                               largest cookies; at most 63K)
  --max-body BYTES             largest upload (default: 0, no limit)
  --max-fields N               fields of a request (default: 100; at most 128)
  --workers N                  threads (default: 0, one for each CPU)
  --grace SECONDS              time for open requests after SIGTERM (default: 10)

Configuration:
  --config FILE                read options from FILE

Exit status: 0 stopped by a signal; 64 wrong usage.
)");
}

TEST(Help, of_a_verb_has_all_its_options_and_an_example) {
  EXPECT_EQ(help_text(sample::client, 0),
            R"(sample get: get files.

Each file is named after its URL.

Usage:
  sample get [OPTION...] URL...

Example:
  sample get http://host/a

  URL...                what to get

Downloads:
  -o, --output FILE     write to FILE

General:
  -h, --help            show this help and exit
  --version             show the version and exit
  -v, --verbose         show both heads
  --io auto|ring|epoll  the engine (default: auto)
)");
  EXPECT_EQ(help_text(sample::client, 1).find("--output"), std::string::npos);
}

TEST(Help, of_a_program_with_verbs_has_all_of_them) {
  EXPECT_EQ(help_text(sample::client, no_verb),
            R"(Gets samples and sends them.

Usage:
  sample get URL...    gets files
  sample put FILE URL  sends a file

'sample VERB --help' shows the options of a verb.

Downloads:
  -o, --output FILE     write to FILE

General:
  -h, --help            show this help and exit
  --version             show the version and exit
  -v, --verbose         show both heads
  --io auto|ring|epoll  the engine (default: auto)

Exit status: 0 done; 2 wrong usage.
)");
}

// The widest name of a sample is 25 columns; these are wider than the column for names.
TEST(Help, puts_a_long_name_on_a_line_of_its_own) {
  static constexpr std::array rows = {
      Option{.name = "a-name-that-is-far-too-long-for-it", .metavar = "N", .help = "says nothing"},
      Option{.name = "a-name-that-just-fits-in-00", .metavar = "N", .help = "neither"},
  };
  const Program program{.name = "p", .description = "p.", .options = rows};
  const std::string help = help_text(program, no_verb);
  EXPECT_NE(help.find("  --a-name-that-is-far-too-long-for-it N\n" + std::string(34, ' ') +
                      "says nothing\n"),
            std::string::npos)
      << help;
  EXPECT_NE(help.find("  --a-name-that-just-fits-in-00 N neither\n"), std::string::npos) << help;
}

TEST(Facts, are_the_default_and_the_limit) {
  const auto facts = [](const char* name) { return facts_of(*find_option(sample::server, name)); };
  EXPECT_EQ(facts("max-head"), "default: 16K, twice a browser's largest cookies; at most 63K");
  EXPECT_EQ(facts("max-fields"), "default: 100; at most 128");
  EXPECT_EQ(facts("not-found"), "default: 404.html where it exists");
  EXPECT_EQ(facts("listen"), "repeatable; default: 127.0.0.1:8080");
  EXPECT_EQ(facts("header"), "repeatable");
  EXPECT_EQ(facts("config"), "");
}

TEST(Lines, are_broken_at_spaces) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(wrapped("a bc def", 4), (Lines{"a bc", "def"}));
  EXPECT_EQ(wrapped("a bc def", 3), (Lines{"a", "bc", "def"}));
  EXPECT_EQ(wrapped("abcdef gh", 3), (Lines{"abcdef", "gh"}));
  EXPECT_EQ(wrapped("a\nb\n\nc", 9), (Lines{"a", "b", "", "c"}));
  EXPECT_EQ(wrapped("", 9), Lines());
}

}  // namespace
}  // namespace options
