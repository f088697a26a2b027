// Command lines, the environment and files: what they become, and the sentences about mistakes.
#include "apps/server/config/options.h"

#include <cstdlib>
#include <string>
#include <string_view>
#include <sysexits.h>
#include <vector>

#include <gtest/gtest.h>

#include "apps/server/config/option_table.h"
#include "tests/server/world.h"

namespace server {
namespace {

using options::ExitReason;

struct Parsed {
  Config config;
  ExitReason reason;
};

// What a command line becomes. The words are quoitd's, without its name.
Parsed parse(std::vector<std::string> words) {
  words.insert(words.begin(), "quoitd");
  std::vector<const char*> arguments;
  for (const std::string& word : words) arguments.push_back(word.c_str());
  arguments.push_back(nullptr);
  Parsed parsed;
  parsed.reason = read_options(static_cast<int>(words.size()), arguments.data(), parsed.config);
  return parsed;
}

TEST(CommandLines, may_be_empty) {
  const Parsed parsed = parse({});
  EXPECT_FALSE(parsed.reason) << parsed.reason.text;
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
  EXPECT_EQ(parse({"--io", "kqueue"}).reason.status, EX_USAGE);
}

TEST(CommandLines, say_what_responses_add) {
  const Parsed parsed = parse({"--precompressed", "on", "--header", "A: b", "--header", "C: d",
                               "--cors", "https://a", "--cors=https://b", "/srv"});
  ASSERT_FALSE(parsed.reason) << parsed.reason.text;
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
    EXPECT_EQ(refused.reason.status, EX_USAGE) << wrong[0];
  }
}

// A page is looked for below the root: a path that leads elsewhere can never be found.
TEST(CommandLines, refuse_pages_that_cannot_be_below_the_root) {
  for (const char* option : {"--fallback", "--not-found", "--index"}) {
    for (const char* page : {"/index.html", "../x", "a/../x", "..", "a/.."}) {
      const Parsed parsed = parse({option, page});
      EXPECT_EQ(parsed.reason.status, EX_USAGE) << option << ' ' << page;
      EXPECT_NE(parsed.reason.text.find(page), std::string::npos) << parsed.reason.text;
    }
    for (const char* page : {"index.html", "a/b.html", "..a", "a..b/c", "./x"}) {
      EXPECT_FALSE(parse({option, page}).reason) << option << ' ' << page;
    }
    EXPECT_EQ(parse({option, "a/"}).reason.status, EX_USAGE) << option;
  }
}

TEST(CommandLines, take_255_addresses_to_listen_on) {
  std::vector<std::string> arguments;
  for (int i = 0; i < 255; ++i) arguments.insert(arguments.end(), {"--listen", ":0"});
  EXPECT_FALSE(parse(arguments).reason);
  arguments.insert(arguments.end(), {"--listen", ":0"});
  const Parsed parsed = parse(arguments);
  EXPECT_EQ(parsed.reason.status, EX_USAGE);
  EXPECT_NE(parsed.reason.text.find("255"), std::string::npos) << parsed.reason.text;
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
    EXPECT_EQ(parsed.reason.status, EX_USAGE) << wrong[0];
    EXPECT_NE(parsed.reason.text, "") << wrong[0];
  }
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
                               "--drain-delay",
                               "2.5",
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
  EXPECT_EQ(config.drain_delay_ms, 2500);
  EXPECT_EQ(config.grace_ms, 3000);
}

TEST(CommandLines, that_are_wrong_are_refused_in_one_line_with_64) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"--nonsense"},
           {"a", "b"},
           {""},
           {"--listen", "nowhere"},
           {"--listen"},
           {"--workers", "many"},
           {"--workers", "-1"},
           {"--log-format", "xml"},
           {"--log-format", "%h %z"},
           {"--max-body", "lots"},
           {"--max-body", "-1"},
           {"--max-head", "255"},
           {"--max-head", "64K"},
           {"--max-connections", "x"},
           {"--max-connections", "-1"},
           {"--head-timeout", "0"},
           {"--idle-timeout", "-1"},
           {"--body-timeout", "x"},
           {"--drain-delay", "-1"},
           {"--grace", "100000"},
           {"--lowest-rate", "-1"},
       }) {
    const ExitReason reason = parse(words).reason;
    EXPECT_EQ(reason.status, EX_USAGE) << words[0];
    EXPECT_NE(reason.text, "") << words[0];
    EXPECT_EQ(reason.text.find('\n'), std::string::npos) << reason.text;
  }
}

// The option, the value, what is allowed, and an example.
TEST(CommandLines, that_are_wrong_are_explained) {
  struct Row {
    std::vector<std::string> words;
    const char* text;
  };
  for (const Row& row : {
           Row{{"--lisen", ":80"},
               "there is no option --lisen; did you mean --listen? See 'quoitd --help'"},
           Row{{"a", "b"},
               "'b' is an argument too many, for 'quoitd' takes ROOT; see 'quoitd --help'"},
           Row{{""}, "ROOT: '' is empty; give the path of a directory, as in quoitd /srv/files"},
           Row{{"--listen", "nowhere"},
               "--listen: 'nowhere' is no address; give ADDRESS:PORT, [IPV6]:PORT, :PORT or "
               "unix:PATH, as in --listen :8080"},
           Row{{"--workers", "x"},
               "--workers: 'x' is no whole number; give a whole number from 0 to 8192, as in "
               "--workers 4"},
           Row{{"--max-body", "lots"},
               "--max-body: 'lots' is no number of bytes; give bytes, perhaps with K, M, G or T, "
               "as "
               "in --max-body 10M"},
           Row{{"--log-format=xml"},
               "--log-format: 'xml' is none of the formats, and has no letter such as %h; give "
               "combined, "
               "common, json, or letters of Apache's LogFormat as in '%h %t \"%r\" %>s %b %D', as "
               "in --log-format json"},
           Row{{"--header", "A"},
               "--header: 'A' has no colon; give 'Name: value' for a field that quoitd does not "
               "write itself, as in --header 'X-Team: build'"},
           Row{{"--header", "Content-Length: 1"},
               "--header: 'Content-Length: 1' is a field that quoitd writes itself; give 'Name: "
               "value' for a field that quoitd does not write itself, as in --header 'X-Team: "
               "build'"},
           Row{{"--cors", "/srv"},
               "--cors: '/srv' is no origin; give an origin, or '*' for any, as in --cors "
               "https://example.org"},
       }) {
    EXPECT_EQ(parse(row.words).reason.text, row.text);
  }
}

TEST(CommandLines, that_ask_for_help_or_version_are_answered_with_0) {
  const ExitReason help = parse({"--help"}).reason;
  EXPECT_EQ(help.status, EX_OK);
  for (const char* option : {"--listen", "--writable", "--max-body", "--grace", "--log-heads"}) {
    EXPECT_NE(help.text.find(option), std::string::npos) << option;
  }
  for (std::size_t begin = 0; begin < help.text.size();) {
    const std::size_t end = help.text.find('\n', begin);
    EXPECT_LE(end - begin, 100U) << help.text.substr(begin, end - begin);
    begin = end + 1;
  }
  const ExitReason version = parse({"--version"}).reason;
  EXPECT_EQ(version.status, EX_OK);
  EXPECT_EQ(version.text.rfind("quoitd " QUOIT_VERSION "\non ", 0), 0U) << version.text;
  EXPECT_NE(parse({"--io", "epoll", "-V"}).reason.text.find("\non epoll ("), std::string::npos);
}

// ---- the environment and files --------------------------------------------------------------

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
  static void expect_refused(const std::vector<std::string>& words, const std::string& text) {
    const ExitReason reason = parse(words).reason;
    EXPECT_EQ(reason.status, EX_CONFIG) << text;
    EXPECT_EQ(reason.text.find('\n'), std::string::npos) << reason.text;
    EXPECT_NE(reason.text.find(text), std::string::npos) << reason.text;
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
    EXPECT_FALSE(parsed.reason) << parsed.reason.text;
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
  ASSERT_FALSE(parsed.reason) << parsed.reason.text;
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

// As Compose writes a variable that it does not have.
TEST_F(Sources, that_are_empty_variables_set_nothing) {
  for (const options::Option& option : program.options) {
    set(options::variable_of(option), "");
  }
  const Parsed parsed = parse({});
  ASSERT_FALSE(parsed.reason) << parsed.reason.text;
  EXPECT_FALSE(parsed.config.site.writable);
  EXPECT_FALSE(parsed.config.site.dot_files);
  EXPECT_EQ(parsed.config.root, ".");
}

TEST_F(Sources, that_are_wrong_are_refused_with_78) {
  expect_refused({"--config", "/nowhere/file"}, "/nowhere/file cannot be read");
  expect_refused({"--config", file("\nmax_head = 1")},
                 ":2: there is no option 'max_head'; did "
                 "you mean 'max-head'?");
  expect_refused({"--config", file("colour = 1")}, ":1: there is no option 'colour'");
  expect_refused({"--config", file("config = 'a'")}, ":1: there is no option 'config'");
  expect_refused({"--config", file("grace = 1\ngrace = 1")}, ":2: 'grace' is set twice");
  expect_refused({"--config", file("grace = 'soon'")}, ":1: grace: 'soon' is no number of seconds");
  expect_refused({"--config", file("grace = [1, 2]")}, ":1: grace has 2 values, and takes one");
  expect_refused({"--config", file("writable = 'perhaps'")},
                 ":1: writable: 'perhaps' is neither true nor false; give true or false, as in "
                 "writable = true");
  expect_refused({"--config", file("writable = yes")},
                 ":1: writable: 'yes' needs quotes; give true or false, as in writable = true");
  expect_refused({"--config", file("max-head = 1")},
                 ":1: max-head: '1' is out of range; give bytes from 256 to 63K, as in max-head = "
                 "\"32K\"");
  expect_refused({"--config", file("listen = ['nowhere']")},
                 ":1: listen: 'nowhere' is no address; give ");
  expect_refused({"--config", file("header = ['A']")}, ":1: header: 'A' has no colon; give ");
  expect_refused({"--config", file("[server]")}, ":1: a line is NAME = VALUE");
  set("QUOIT_WORKERS", "many");
  expect_refused({}, "QUOIT_WORKERS: 'many' is no whole number");
  set("QUOIT_WORKERS", "1");
  set("QUOIT_MAX_BODY", "much");
  expect_refused({}, "QUOIT_MAX_BODY: 'much' is no number of bytes; give ");
  EXPECT_EQ(parse({"--max-body", "more"}).reason.status, EX_USAGE);
}

TEST_F(Sources, are_checked_without_serving) {
  const ExitReason sound =
      parse({"--check-config", "--config", file("\xEF\xBB\xBFgrace = 1")}).reason;
  EXPECT_EQ(sound.status, EX_OK);
  EXPECT_EQ(sound.text, "quoitd: all options are sound\n");
  expect_refused({"--check-config", "--config", file("grace = -1")}, "grace");
}

// What is printed is a file that says the same.
TEST_F(Sources, are_printed_as_a_file) {
  set("QUOIT_INDEX", "a.html,b.html");
  const ExitReason printed =
      parse({"--print-config", "-w", "--config", file("grace = 1\nfallback = 'a \"b'\n")}).reason;
  EXPECT_EQ(printed.status, EX_OK);
  for (const char* line :
       {"root = \".\"  # default\n", "listen = [\"127.0.0.1:8080\"]  # default\n",
        "writable = true  # command line\n", "index = [\"a.html\", \"b.html\"]  # environment\n",
        "fallback = \"a \\\"b\"  # ", "quoitd.toml:2\n", "grace = 1  # ",
        "header = []  # default\n", "idle-timeout = 60  # default\n", "# not-found is not set\n",
        "workers = 0  # default\n"}) {
    EXPECT_NE(printed.text.find(line), std::string::npos) << line << "\n" << printed.text;
  }
  ::unsetenv("QUOIT_INDEX");
  const Parsed again = parse({"--config", file(printed.text)});
  ASSERT_FALSE(again.reason) << again.reason.text;
  EXPECT_TRUE(again.config.site.writable);
  EXPECT_EQ(again.config.site.fallback, "a \"b");
  EXPECT_EQ(again.config.site.index, (std::vector<std::string>{"a.html", "b.html"}));
  EXPECT_EQ(again.config.grace_ms, 1000);
  EXPECT_EQ(again.config.site.limits.head_bytes, Config().site.limits.head_bytes);
}

}  // namespace
}  // namespace server
