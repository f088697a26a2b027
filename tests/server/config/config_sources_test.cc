// Flags, environment, file, default: who comes first, and what is refused with status 78.
#include "apps/server/config/config_sources.h"

#include <cstdlib>
#include <string>
#include <sysexits.h>
#include <vector>

#include <gtest/gtest.h>

#include "apps/server/config/config.h"
#include "apps/server/config/options.h"
#include "tests/server/world.h"

namespace server {
namespace {

struct Parsed {
  Config config;
  ParseOutcome outcome;
  std::string output;
  std::string error;
};

class Sources : public ::testing::Test {
 protected:
  ~Sources() override {
    for (const std::string& name : set_) ::unsetenv(name.c_str());
  }

  void set(const std::string& name, const char* value) {
    ::setenv(name.c_str(), value, 1);
    set_.push_back(name);
  }
  std::string file(std::string_view text) const {
    folder_.put("quoitd.toml", text);
    return (folder_ / "quoitd.toml").string();
  }
  static Parsed parse(std::vector<std::string> words) {
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
  static void expect_refused(const std::vector<std::string>& words, const std::string& text) {
    const Parsed parsed = parse(words);
    EXPECT_FALSE(parsed.outcome.run) << text;
    EXPECT_EQ(parsed.outcome.status, EX_CONFIG) << text;
    EXPECT_TRUE(parsed.error.starts_with("quoitd: ")) << parsed.error;
    EXPECT_EQ(parsed.error.find('\n'), parsed.error.size() - 1) << parsed.error;
    EXPECT_NE(parsed.error.find(text), std::string::npos) << parsed.error;
  }

  lab::Folder folder_;
  std::vector<std::string> set_;
};

// One option in all combinations of sources; the first that has it wins.
TEST_F(Sources, come_in_their_order) {
  struct Row {
    bool flag, variable, in_file;
    std::int64_t grace_ms;
  };
  for (const Row& row :
       {Row{false, false, false, 10'000}, Row{false, false, true, 3000},
        Row{false, true, false, 2000}, Row{false, true, true, 2000}, Row{true, false, false, 1000},
        Row{true, false, true, 1000}, Row{true, true, false, 1000}, Row{true, true, true, 1000}}) {
    ::unsetenv("QUOIT_GRACE");
    if (row.variable) set("QUOIT_GRACE", "2");
    std::vector<std::string> words = {"--config", file(row.in_file ? "grace = 3" : "")};
    if (row.flag) words.insert(words.end(), {"--grace", "1"});
    const Parsed parsed = parse(words);
    EXPECT_TRUE(parsed.outcome.run) << parsed.error;
    EXPECT_EQ(parsed.config.grace_ms, row.grace_ms);
  }
}

TEST_F(Sources, know_every_kind_of_option) {
  set("QUOIT_INDEX", "a.html,b.html");
  set("QUOIT_DOT_FILES", "true");
  set("QUOIT_PORT", "tcp://10.0.0.1:80");  // of Kubernetes
  set("QUOIT_CONFIG", file("root = '/srv'\nwritable = true\nlisten = [':1', ':2']\n"
                           "max-head = \"32K\"\nlog-format = \"json\"\nmax-fields = 50\n")
                          .c_str());
  const Parsed parsed = parse({});
  ASSERT_TRUE(parsed.outcome.run) << parsed.error;
  EXPECT_EQ(parsed.config.root, "/srv");
  EXPECT_TRUE(parsed.config.site.writable);
  EXPECT_TRUE(parsed.config.site.dot_files);
  ASSERT_EQ(parsed.config.listen.size(), 2U);
  EXPECT_EQ(parsed.config.listen[1].port, 2);
  EXPECT_EQ(parsed.config.site.index, (std::vector<std::string>{"a.html", "b.html"}));
  EXPECT_EQ(parsed.config.site.limits.head_bytes, 32768U);
  EXPECT_EQ(parsed.config.site.limits.fields, 50U);
  EXPECT_EQ(parsed.config.log_format, LogFormat::json);
  set("QUOIT_DOT_FILES", "false");
  EXPECT_FALSE(parse({}).config.site.dot_files);
  EXPECT_EQ(parse({"/other"}).config.root, "/other");
}

TEST_F(Sources, that_are_wrong_are_refused_with_78) {
  expect_refused({"--config", "/nowhere/file"}, "/nowhere/file cannot be read");
  expect_refused({"--config", file("\nmax_head = 1")},
                 ":2: there is no option 'max_head'; did "
                 "you mean 'max-head'?");
  expect_refused({"--config", file("colour = 1")}, "there is no option 'colour'\n");
  expect_refused({"--config", file("config = 'a'")}, "there is no option 'config'");
  expect_refused({"--config", file("grace = 1\ngrace = 1")}, ":2: 'grace' stands there twice");
  expect_refused({"--config", file("grace = 'soon'")}, ":1: grace: ");
  expect_refused({"--config", file("grace = [1, 2]")}, ":1: grace: give one value");
  expect_refused({"--config", file("writable = 'perhaps'")}, ":1: writable: ");
  expect_refused({"--config", file("max-head = 1")}, "--max-head 1: give 256 bytes to 63K (from ");
  expect_refused({"--config", file("[server]")}, ":1: a line is NAME = VALUE");
  set("QUOIT_WORKERS", "many");
  expect_refused({}, "QUOIT_WORKERS: ");
  set("QUOIT_WORKERS", "1");
  set("QUOIT_MAX_BODY", "much");
  expect_refused({}, "--max-body much: give bytes, as 1000000, 10M or 2G (from environment)");
  EXPECT_EQ(parse({"--max-body", "more"}).outcome.status, EX_USAGE);
}

TEST_F(Sources, are_checked_without_serving) {
  const Parsed sound = parse({"--check-config", "--config", file("grace = 1")});
  EXPECT_FALSE(sound.outcome.run);
  EXPECT_EQ(sound.outcome.status, 0);
  EXPECT_EQ(sound.output, "quoitd: all options are sound\n");
  expect_refused({"--check-config", "--config", file("grace = -1")}, "grace");
}

// What is printed is a file that says the same.
TEST_F(Sources, are_printed_as_a_file) {
  set("QUOIT_INDEX", "a.html,b.html");
  const Parsed printed =
      parse({"--print-config", "-w", "--config", file("grace = 1\nfallback = 'a \"b'\n")});
  EXPECT_FALSE(printed.outcome.run);
  EXPECT_EQ(printed.outcome.status, 0);
  for (const char* line :
       {"root = \".\"  # default\n", "listen = [\"127.0.0.1:8080\"]  # default\n",
        "writable = true  # command line\n", "index = [\"a.html\", \"b.html\"]  # environment\n",
        "fallback = \"a \\\"b\"  # ", "quoitd.toml:2\n", "grace = 1  # ",
        "idle-timeout = 60  # default\n", "# max-body is not set\n", "workers = 0  # default\n"}) {
    EXPECT_NE(printed.output.find(line), std::string::npos) << line << "\n" << printed.output;
  }
  ::unsetenv("QUOIT_INDEX");
  const Parsed again = parse({"--config", file(printed.output)});
  ASSERT_TRUE(again.outcome.run) << again.error;
  EXPECT_TRUE(again.config.site.writable);
  EXPECT_EQ(again.config.site.fallback, "a \"b");
  EXPECT_EQ(again.config.site.index, (std::vector<std::string>{"a.html", "b.html"}));
  EXPECT_EQ(again.config.grace_ms, 1000);
  EXPECT_EQ(again.config.site.limits.head_bytes, Config().site.limits.head_bytes);
}

}  // namespace
}  // namespace server
