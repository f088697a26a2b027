// The sentences about mistakes, word for word.
#include "apps/options/messages.h"

#include <gtest/gtest.h>

#include "tests/options/sample.h"

namespace options {
namespace {

const Place on_command_line = {.source = Source::command_line};
const Place in_environment = {.source = Source::environment};
const Place in_file = {.source = Source::file, .file = "a.toml", .line = 3};

TEST(Sentences, name_the_option_the_value_what_is_allowed_and_an_example) {
  struct Row {
    const char* option;
    const Place* place;
    const char* value;
    const char* problem;
    const char* text;
  };
  for (const Row& row : {
           Row{"max-head", &on_command_line, "1", "is out of range",
               "--max-head: '1' is out of range; give bytes from 256 to 63K, as in --max-head 32K"},
           Row{"max-head", &in_environment, "1", "is out of range",
               "QUOIT_MAX_HEAD: '1' is out of range; give bytes from 256 to 63K, as in "
               "QUOIT_MAX_HEAD=32K"},
           Row{"max-head", &in_file, "1", "is out of range",
               "a.toml:3: max-head: '1' is out of range; give bytes from 256 to 63K, as in "
               "max-head = \"32K\""},
           Row{"workers", &in_file, "x", "is no whole number",
               "a.toml:3: workers: 'x' is no whole number; give a whole number, as in workers = 4"},
           Row{"listen", &in_file, "x", "is no address",
               "a.toml:3: listen: 'x' is no address; give ADDRESS:PORT or unix:PATH, as in listen "
               "= [\":8080\"]"},
           Row{"header", &on_command_line, "x", "has no colon",
               "--header: 'x' has no colon; give 'Name: value', as in --header 'X-Team: build'"},
           Row{"header", &in_file, "x", "has no colon",
               "a.toml:3: header: 'x' has no colon; give 'Name: value', as in header = [\"X-Team: "
               "build\"]"},
           Row{"writable", &on_command_line, "x", "is neither true nor false",
               "--writable: 'x' is neither true nor false; give true or false, as in --writable"},
           Row{"writable", &in_environment, "x", "is neither true nor false",
               "QUOIT_WRITABLE: 'x' is neither true nor false; give true or false, as in "
               "QUOIT_WRITABLE=true"},
           Row{"writable", &in_file, "yes", "is neither true nor false",
               "a.toml:3: writable: 'yes' is neither true nor false; give true or false, as in "
               "writable = true"},
           Row{"root", &on_command_line, "", "is empty",
               "ROOT: '' is empty; give the path of a directory, as in sampled /srv/files"},
           Row{"root", &in_environment, "", "is empty",
               "QUOIT_ROOT: '' is empty; give the path of a directory, as in "
               "QUOIT_ROOT=/srv/files"},
       }) {
    const Option& option = *find_option(sample::server, row.option);
    const ExitReason reason =
        value_error(sample::server, option, *row.place, row.value, row.problem);
    EXPECT_EQ(reason.text, row.text);
    EXPECT_EQ(reason.status, row.place == &on_command_line ? EX_USAGE : EX_CONFIG);
  }
}

TEST(Sentences, say_how_many_values_there_are) {
  const Option& grace = *find_option(sample::server, "grace");
  EXPECT_EQ(count_error(sample::server, grace, in_file, 2).text,
            "a.toml:3: grace has 2 values, and takes one; give seconds from 0.001 to 86400, as in "
            "grace = 2.5");
  EXPECT_EQ(count_error(sample::server, grace, in_file, 0).text,
            "a.toml:3: grace has no value; give seconds from 0.001 to 86400, as in grace = 2.5");
  EXPECT_EQ(missing_value(sample::server, grace).text,
            "--grace has no value; give seconds from 0.001 to 86400, as in --grace 2.5");
}

TEST(Sentences, suggest_the_name_that_was_meant) {
  EXPECT_EQ(unknown_option(sample::server, no_verb, "--lisen=:80").text,
            "there is no option --lisen; did you mean --listen? See 'sampled --help'");
  EXPECT_EQ(unknown_option(sample::server, no_verb, "--colour").text,
            "there is no option --colour; see 'sampled --help'");
  EXPECT_EQ(unknown_option(sample::server, no_verb, "-x").text,
            "there is no option -x; see 'sampled --help'");
  EXPECT_EQ(unknown_option(sample::client, 1, "--ouput").text,
            "there is no option --ouput; see 'sample put --help'");
  EXPECT_EQ(unknown_option(sample::client, 0, "--ouput").text,
            "there is no option --ouput; did you mean --output? See 'sample get --help'");
  EXPECT_EQ(unknown_setting(sample::server, in_file, "max_head").text,
            "a.toml:3: there is no option 'max_head'; did you mean 'max-head'?");
  EXPECT_EQ(unknown_setting(sample::server, in_file, "config").text,
            "a.toml:3: there is no option 'config'");
  EXPECT_EQ(unknown_verb(sample::client, "gte").text,
            "there is no verb 'gte'; did you mean 'get'? See 'sample --help'");
  EXPECT_EQ(unknown_verb(sample::client, "http://h/f").text,
            "there is no verb 'http://h/f'; see 'sample --help'");
}

TEST(Sentences, explain_arguments) {
  EXPECT_EQ(foreign_option(sample::client, 1, *find_option(sample::client, "output")).text,
            "'put' takes no --output; see 'sample put --help'");
  EXPECT_EQ(missing_operand(sample::client, 1, *find_option(sample::client, "target")).text,
            "'put' needs URL, a URL as http://host/; see 'sample put --help'");
  EXPECT_EQ(extra_operand(sample::client, 1, "c", "FILE and URL").text,
            "'c' is an argument too many, for 'put' takes FILE and URL; see 'sample put --help'");
  EXPECT_EQ(extra_operand(sample::server, no_verb, "b", "ROOT").text,
            "'b' is an argument too many, for 'sampled' takes ROOT; see 'sampled --help'");
  EXPECT_EQ(usage_error(sample::client, no_verb, "say what to do").status, 2);
}

TEST(Sentences, are_one_line_whatever_the_value_holds) {
  const std::string value = "a\nb\x1b[31m" + std::string(1000, 'x');
  const std::string text = value_error(sample::server, *find_option(sample::server, "root"),
                                       on_command_line, value, "is no directory")
                               .text;
  EXPECT_LT(text.size(), 400U);
  for (const char byte : text) EXPECT_GE(byte, ' ');
  EXPECT_EQ(shown("a\tb\x7f"), "a?b?");
  EXPECT_EQ(shown("\xC3\xBC"), "\xC3\xBC");
}

}  // namespace
}  // namespace options
