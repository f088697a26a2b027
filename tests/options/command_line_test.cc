// Words of command lines as options and operands, and what is said about those that are wrong.
#include "apps/options/command_line.h"

#include <random>

#include <gtest/gtest.h>

#include "tests/options/sample.h"

namespace options {
namespace {

using Words = std::vector<std::string>;

struct Read {
  Command command;
  ExitReason reason;
};

Read read(const Program& program, Words words) {
  words.insert(words.begin(), std::string(program.name));
  std::vector<const char*> arguments;
  for (const std::string& word : words) arguments.push_back(word.c_str());
  arguments.push_back(nullptr);
  Read read{.command = {.values = Values(program)}};
  read.reason = read_command_line(static_cast<int>(words.size()), arguments.data(), read.command);
  return read;
}

// All three steps, as a program does them.
Read understand(const Program& program, const Words& words) {
  Read result = read(program, words);
  const bool is_asked = result.command.wants_help || result.command.wants_version;
  if (result.reason || is_asked) return result;
  if (!program.verbs.empty()) result.reason = take_verb(result.command);
  if (!result.reason) result.reason = take_operands(result.command);
  return result;
}

TEST(CommandWords, are_options_in_every_form) {
  const Read result =
      understand(sample::server, {"-wl", ":1", "--listen=:2", "-l:3", "--max-head", "32K", "/srv",
                                  "--grace=1", "--not-found=", "--index", ""});
  ASSERT_FALSE(result.reason) << result.reason.text;
  const Values& values = result.command.values;
  EXPECT_TRUE(values.flag("writable"));
  EXPECT_EQ(values.texts("listen"), (Words{":1", ":2", ":3"}));
  EXPECT_EQ(values.bytes("max-head"), 32768U);
  EXPECT_EQ(values.milliseconds("grace"), 1000);
  EXPECT_EQ(values.text("root"), "/srv");
  EXPECT_TRUE(values.is_given("not-found"));
  EXPECT_EQ(values.text("not-found"), "");
  EXPECT_TRUE(values.texts("index").empty());
  EXPECT_FALSE(values.is_given("workers"));
}

TEST(CommandWords, of_flags_may_have_a_value) {
  EXPECT_TRUE(read(sample::server, {"-w", "-w"}).command.values.flag("writable"));
  EXPECT_FALSE(read(sample::server, {"--writable=false"}).command.values.flag("writable"));
  EXPECT_TRUE(
      read(sample::server, {"--writable=no", "--writable=on"}).command.values.flag("writable"));
  EXPECT_EQ(
      read(sample::server, {"--writable=perhaps"}).reason.text,
      "--writable: 'perhaps' is neither true nor false; give true or false, as in --writable");
}

TEST(CommandWords, keep_brackets_dashes_and_commas) {
  const Read result =
      understand(sample::server, {"--listen", "[::1]:80", "--listen=[a,b]", "-l[[aa]]", "-wl[a]",
                                  "-l", "\x01[a]", "--index", "-", "--index", "{}", "--", "-x"});
  ASSERT_FALSE(result.reason) << result.reason.text;
  EXPECT_EQ(result.command.values.texts("listen"),
            (Words{"[::1]:80", "[a,b]", "[[aa]]", "[a]", "\x01[a]"}));
  EXPECT_EQ(result.command.values.texts("index"), (Words{"-", "{}"}));
  EXPECT_EQ(result.command.values.text("root"), "-x");
  EXPECT_EQ(read(sample::server, {"[a,b]", "--", "--help", "--"}).command.words,
            (Words{"[a,b]", "--help", "--"}));
}

TEST(CommandWords, that_are_wrong_are_named) {
  struct Row {
    Words words;
    const char* text;
  };
  for (const Row& row : {
           Row{{"--nonsense"}, "there is no option --nonsense; see 'sampled --help'"},
           Row{{"--nonsense=1", "a"}, "there is no option --nonsense; see 'sampled --help'"},
           Row{{"-wx"}, "there is no option -x; see 'sampled --help'"},
           Row{{"--root", "a"}, "there is no option --root; see 'sampled --help'"},
           Row{{"a", "b"},
               "'b' is an argument too many, for 'sampled' takes ROOT; see 'sampled --help'"},
           Row{{""}, "ROOT: '' is empty; give the path of a directory, as in sampled /srv/files"},
           Row{{"a", "--listen"},
               "--listen has no value; give ADDRESS:PORT or unix:PATH, as in --listen :8080"},
           Row{{"-wl"},
               "--listen has no value; give ADDRESS:PORT or unix:PATH, as in --listen :8080"},
           Row{{"--workers", "-1"},
               "--workers: '-1' is no whole number; give a whole number, as in --workers 4"},
           Row{{"--workers=1", "--workers", "2"},
               "--workers has 2 values, and takes one; give a whole number, as in --workers 4"},
           Row{{"--durability", "some"},
               "--durability: 'some' is none of the choices; give none, data or full, as in "
               "--durability data"},
       }) {
    const Read result = understand(sample::server, row.words);
    EXPECT_EQ(result.reason.text, row.text);
    EXPECT_EQ(result.reason.status, EX_USAGE);
  }
}

TEST(CommandWords, may_ask_for_help_beside_anything) {
  for (const Words& words : {Words{"--help"}, Words{"-h", "--nonsense"}, Words{"a", "b", "-wh"},
                             Words{"--help", "--listen"}, Words{"--workers", "x", "--help"}}) {
    const Read result = understand(sample::server, words);
    EXPECT_FALSE(result.reason) << result.reason.text;
    EXPECT_TRUE(result.command.wants_help) << words.front();
  }
  EXPECT_TRUE(understand(sample::server, {"--version", "--nonsense"}).command.wants_version);
  EXPECT_FALSE(understand(sample::server, {"--version", "--nonsense"}).reason);
}

TEST(Verbs, take_their_operands) {
  const Read get = understand(sample::client, {"get", "-v", "u1", "u2", "-o", "f"});
  ASSERT_FALSE(get.reason) << get.reason.text;
  EXPECT_EQ(get.command.verb, 0);
  EXPECT_EQ(get.command.values.texts("urls"), (Words{"u1", "u2"}));
  EXPECT_EQ(get.command.values.text("output"), "f");
  EXPECT_TRUE(get.command.values.flag("verbose"));
  const Read put = understand(sample::client, {"-v", "PUT", "-", "u"});
  ASSERT_FALSE(put.reason) << put.reason.text;
  EXPECT_EQ(put.command.values.text("file"), "-");
  EXPECT_EQ(put.command.values.text("target"), "u");
}

TEST(Verbs, that_are_misused_are_explained) {
  struct Row {
    Words words;
    const char* text;
  };
  for (const Row& row : {
           Row{{}, "say what to do; see 'sample --help'"},
           Row{{"gte", "u"}, "there is no verb 'gte'; did you mean 'get'? See 'sample --help'"},
           Row{{"get"}, "'get' needs URL, a URL as http://host/a; see 'sample get --help'"},
           Row{{"put", "f"}, "'put' needs URL, a URL as http://host/; see 'sample put --help'"},
           Row{{"put", "f", "u", "u2"},
               "'u2' is an argument too many, for 'put' takes FILE and URL; see 'sample put "
               "--help'"},
           Row{{"put", "--limit-rate", "1M", "f", "u"},
               "there is no option --limit-rate; see 'sample put --help'"},
           Row{{"put", "-o", "x", "f", "u"}, "'put' takes no --output; see 'sample put --help'"},
           Row{{"get", "u", "--io", "kqueue"},
               "--io: 'kqueue' is none of the choices; give auto, ring or epoll, as in --io ring"},
       }) {
    const Read result = understand(sample::client, row.words);
    EXPECT_EQ(result.reason.text, row.text);
    EXPECT_EQ(result.reason.status, 2);
  }
}

TEST(Verbs, are_explained_when_help_is_asked_for) {
  struct Row {
    Words words;
    int verb;
  };
  for (const Row& row :
       {Row{{"help"}, no_verb}, Row{{"--help"}, no_verb}, Row{{"help", "put"}, 1},
        Row{{"put", "--help"}, 1}, Row{{"get", "-h", "u"}, 0}, Row{{"help", "--help"}, no_verb}}) {
    const Read result = understand(sample::client, row.words);
    EXPECT_FALSE(result.reason) << result.reason.text;
    EXPECT_TRUE(result.command.wants_help);
    EXPECT_EQ(result.command.verb, row.verb);
  }
  EXPECT_EQ(understand(sample::client, {"help", "gte"}).reason.text,
            "there is no verb 'gte'; did you mean 'get'? See 'sample --help'");
}

// CLI11 says such things as "The following argument was not expected"; nobody shall read them.
TEST(CommandWords, of_any_kind_are_answered_in_our_words) {
  const Words some = {"-w",      "--writable", "--listen",   ":1",        "-l", "--",  "-",  "",
                      "--grace", "--grace=",   "--nonsense", "--workers", "4",  "x",   "-x", "{}",
                      "[a,b]",   "--header",   "-wl",        "get",       "-5", "%%",  "=",  "-=",
                      "--=",     "---",        "--listen=",  "-l=",       "/?", "--w", "-lw"};
  const Words endings = {"--help'", "as in --", "as in sampled /srv/files"};
  std::minstd_rand random(1);
  for (int i = 0; i < 500; ++i) {
    Words words;
    for (std::size_t count = random() % 5; count > 0; --count) {
      words.push_back(some[random() % some.size()]);
    }
    const Read result = understand(sample::server, words);
    if (!result.reason) continue;
    bool is_ours = false;
    for (const std::string& ending : endings) {
      is_ours = is_ours || result.reason.text.find(ending) != std::string::npos;
    }
    EXPECT_TRUE(is_ours) << result.reason.text;
    EXPECT_EQ(result.reason.text.find("makes no sense"), std::string::npos);
  }
}

}  // namespace
}  // namespace options
