// Sizes and command lines: what they become, and what is refused with status 64.
#include "apps/server/config/options.h"

#include <string>
#include <string_view>
#include <sysexits.h>
#include <vector>

#include <gtest/gtest.h>

namespace server {
namespace {

TEST(Sizes, are_read_with_their_units) {
  constexpr std::uint64_t kibi = 1024;
  EXPECT_EQ(parse_bytes("0"), 0U);
  EXPECT_EQ(parse_bytes("4096"), 4096U);
  EXPECT_EQ(parse_bytes("64K"), 64 * kibi);
  EXPECT_EQ(parse_bytes("64k"), 64 * kibi);
  EXPECT_EQ(parse_bytes("10M"), 10 * kibi * kibi);
  EXPECT_EQ(parse_bytes("2g"), 2 * kibi * kibi * kibi);
  EXPECT_EQ(parse_bytes("1T"), kibi * kibi * kibi * kibi);
  EXPECT_EQ(parse_bytes("9223372036854775807"), 9223372036854775807U);
  EXPECT_EQ(parse_bytes("8388607T"), 8388607 * kibi * kibi * kibi * kibi);
  for (const char* text : {"", "K", "-1", "+1", " 1", "1 ", "1 K", "1KB", "1.5M", "0x10", "K1",
                           "9223372036854775808", "8388608T", "99999999999999999999999"}) {
    EXPECT_FALSE(parse_bytes(text)) << text;
  }
}

struct Parsed {
  Config config;
  ParseOutcome outcome;
  std::string output;
  std::string error;
};

// What a command line becomes. The words are quoitd's, without its name.
Parsed parse(std::vector<std::string> words) {
  words.insert(words.begin(), "quoitd");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  Parsed parsed;
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  parsed.outcome =
      parse_command_line(static_cast<int>(words.size()), arguments.data(), parsed.config);
  parsed.output = ::testing::internal::GetCapturedStdout();
  parsed.error = ::testing::internal::GetCapturedStderr();
  return parsed;
}

TEST(CommandLines, may_be_empty) {
  const Parsed parsed = parse({});
  EXPECT_TRUE(parsed.outcome.run);
  EXPECT_EQ(parsed.output + parsed.error, "");
  const Config& config = parsed.config;
  EXPECT_EQ(config.root, ".");
  ASSERT_EQ(config.listen.size(), 1U);
  EXPECT_EQ(config.listen[0].host, "127.0.0.1");
  EXPECT_EQ(config.listen[0].port, 8080);
  EXPECT_FALSE(config.site.writable);
  EXPECT_FALSE(config.site.dot_files);
  EXPECT_EQ(config.access_log, "-");
  EXPECT_EQ(config.log_format, LogFormat::combined);
  EXPECT_EQ(config.site.index, std::vector<std::string>{"index.html"});
  EXPECT_EQ(config.site.limits.head_bytes, 16384U);
  EXPECT_EQ(config.site.max_body, 0U);
  EXPECT_EQ(config.site.reserve, 0U);
  EXPECT_EQ(config.site.durability, Durability::none);
}

TEST(CommandLines, say_what_moves_the_bytes) {
  EXPECT_EQ(parse({}).config.io, "auto");
  EXPECT_EQ(parse({"--io", "ring"}).config.io, "ring");
  EXPECT_EQ(parse({"--io=epoll"}).config.io, "epoll");
  EXPECT_EQ(parse({"--io", "kqueue"}).outcome.status, EX_USAGE);
}

TEST(CommandLines, say_what_answers_add) {
  const Parsed parsed = parse({"--precompressed", "on", "--header", "A: b", "--header", "C: d",
                               "--cors", "https://a", "--cors=https://b", "/srv"});
  ASSERT_TRUE(parsed.outcome.run) << parsed.error;
  EXPECT_TRUE(parsed.config.site.precompressed);
  ASSERT_EQ(parsed.config.site.extra_fields.lines.size(), 2U);
  EXPECT_EQ(parsed.config.site.extra_fields.lines[1].name, "C");
  EXPECT_EQ(parsed.config.site.extra_fields.origins,
            (std::vector<std::string>{"https://a", "https://b"}));
  EXPECT_EQ(parsed.config.root, "/srv");
  EXPECT_FALSE(parse({}).config.site.precompressed);
  EXPECT_TRUE(parse({}).config.site.listing);
  EXPECT_FALSE(parse({"--listing", "off"}).config.site.listing);
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{"--header", "A"},
                                                {"--header", "Content-Length: 1"},
                                                {"--header", "A: b\nC: d"},
                                                {"--cors", "/srv"},
                                                {"--cors"},
                                                {"--precompressed", "yes"}}) {
    const Parsed refused = parse(wrong);
    EXPECT_FALSE(refused.outcome.run) << wrong[0];
    EXPECT_EQ(refused.outcome.status, EX_USAGE) << wrong[0];
  }
}

TEST(CommandLines, say_how_durable_an_upload_is_and_what_it_leaves_free) {
  EXPECT_EQ(parse({"--durability", "none"}).config.site.durability, Durability::none);
  EXPECT_EQ(parse({"--durability", "data"}).config.site.durability, Durability::data);
  EXPECT_EQ(parse({"--durability=full"}).config.site.durability, Durability::full);
  EXPECT_EQ(parse({"--reserve", "10G"}).config.site.reserve, 10ULL << 30);
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{"--durability", "always"},
                                                {"--durability"},
                                                {"--reserve", "x"},
                                                {"--reserve", "-1"}}) {
    const Parsed parsed = parse(wrong);
    EXPECT_FALSE(parsed.outcome.run) << wrong[0];
    EXPECT_EQ(parsed.outcome.status, EX_USAGE) << wrong[0];
    EXPECT_NE(parsed.error, "") << wrong[0];
  }
}

// The defaults stand in two places, config.h and the options: they must agree.
TEST(CommandLines, that_are_empty_leave_the_defaults) {
  const Config plain;
  const Config config = parse({}).config;
  EXPECT_EQ(config.site.timeouts.head_ms, plain.site.timeouts.head_ms);
  EXPECT_EQ(config.site.timeouts.idle_ms, plain.site.timeouts.idle_ms);
  EXPECT_EQ(config.site.timeouts.body_ms, plain.site.timeouts.body_ms);
  EXPECT_EQ(config.grace_ms, plain.grace_ms);
  EXPECT_EQ(config.site.timeouts.lowest_rate, plain.site.timeouts.lowest_rate);
}

TEST(CommandLines, fill_everything_that_can_be_set) {
  const Config config = parse({"-l",
                               ":1",
                               "--listen=[::1]:2",
                               "/srv",
                               "-w",
                               "--dot-files",
                               "--workers",
                               "3",
                               "--access-log",
                               "off",
                               "--log-format",
                               "json",
                               "--log-heads",
                               "heads",
                               "--index",
                               "a.html",
                               "--index=b.html",
                               "--not-found",
                               "404.txt",
                               "--fallback",
                               "home.html",
                               "--max-body",
                               "10M",
                               "--max-head",
                               "63K",
                               "--max-connections",
                               "9",
                               "--head-timeout",
                               "1.5",
                               "--idle-timeout",
                               "2",
                               "--body-timeout",
                               "0.5",
                               "--lowest-rate",
                               "0",
                               "--grace",
                               "3"})
                            .config;
  EXPECT_EQ(config.root, "/srv");
  ASSERT_EQ(config.listen.size(), 2U);
  EXPECT_TRUE(config.listen[0].any_family);
  EXPECT_EQ(config.listen[1].port, 2);
  EXPECT_TRUE(config.site.writable);
  EXPECT_TRUE(config.site.dot_files);
  EXPECT_EQ(config.workers, 3U);
  EXPECT_EQ(config.access_log, "off");
  EXPECT_EQ(config.log_format, LogFormat::json);
  EXPECT_EQ(config.log_heads, "heads");
  EXPECT_EQ(config.site.index, (std::vector<std::string>{"a.html", "b.html"}));
  EXPECT_EQ(config.site.not_found, "404.txt");
  EXPECT_EQ(config.site.fallback, "home.html");
  EXPECT_EQ(config.site.max_body, 10U * 1024 * 1024);
  EXPECT_EQ(config.site.limits.head_bytes, 63U * 1024);
  EXPECT_EQ(config.max_connections, 9U);
  EXPECT_EQ(config.site.timeouts.head_ms, 1500);
  EXPECT_EQ(config.site.timeouts.idle_ms, 2000);
  EXPECT_EQ(config.site.timeouts.body_ms, 500);
  EXPECT_EQ(config.site.timeouts.lowest_rate, 0U);
  EXPECT_EQ(config.grace_ms, 3000);
}

TEST(CommandLines, that_are_wrong_are_refused_in_one_line_with_64) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"--nonsense"},
           {"a", "b"},
           {"--listen", "nowhere"},
           {"--listen"},
           {"--workers", "many"},
           {"--workers", "-1"},
           {"--log-format", "xml"},
           {"--max-body", "lots"},
           {"--max-body", "-1"},
           {"--max-head", "255"},
           {"--max-head", "64K"},
           {"--max-connections", "x"},
           {"--max-connections", "-1"},
           {"--head-timeout", "0"},
           {"--idle-timeout", "-1"},
           {"--body-timeout", "x"},
           {"--grace", "100000"},
           {"--lowest-rate", "-1"},
       }) {
    const Parsed parsed = parse(words);
    EXPECT_FALSE(parsed.outcome.run) << words[0];
    EXPECT_EQ(parsed.outcome.status, EX_USAGE) << words[0];
    EXPECT_EQ(parsed.output, "") << words[0];
    EXPECT_TRUE(parsed.error.starts_with("quoitd: ")) << parsed.error;
    EXPECT_EQ(parsed.error.find('\n'), parsed.error.size() - 1) << parsed.error;
  }
}

TEST(CommandLines, that_ask_for_help_or_version_are_answered_with_0) {
  const Parsed help = parse({"--help"});
  EXPECT_FALSE(help.outcome.run);
  EXPECT_EQ(help.outcome.status, 0);
  for (const char* option : {"--listen", "--writable", "--max-body", "--grace", "--log-heads"}) {
    EXPECT_NE(help.output.find(option), std::string::npos) << option;
  }
  const Parsed asked = parse({"--version"});
  EXPECT_FALSE(asked.outcome.run);
  EXPECT_EQ(asked.output.rfind("quoitd " QUOIT_VERSION "\non ", 0), 0U) << asked.output;
}

}  // namespace
}  // namespace server
