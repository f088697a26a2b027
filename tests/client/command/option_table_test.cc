// The rows of quoit's table: each is complete, and the verbs are those of Verb.
#include "apps/client/command/option_table.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "apps/client/command/options.h"
#include "apps/options/help.h"
#include "apps/options/read_value.h"

namespace client {
namespace {

TEST(OptionTable, HasCompleteRows) {
  std::set<std::string_view> names;
  std::set<char> letters;
  for (const options::Option& option : program.options) {
    EXPECT_TRUE(names.insert(option.name).second) << option.name;
    const bool is_new = option.short_name == '\0' || letters.insert(option.short_name).second;
    EXPECT_TRUE(is_new) << option.short_name;
    EXPECT_NE(option.help, "") << option.name;
    EXPECT_EQ(option.section.empty(), option.is_operand) << option.name;
    EXPECT_FALSE(option.in_file) << "quoit has no configuration file: " << option.name;
    if (option.kind == options::Kind::flag) continue;
    EXPECT_NE(options::metavar_of(option), "") << option.name;
    EXPECT_EQ(options::problem_of(option, option.example), "") << option.name;
    if (!option.default_text.empty()) {
      EXPECT_EQ(options::problem_of(option, option.default_text), "") << option.name;
    }
  }
}

// Each option keeps its name, its letter and its default, as people have them in scripts.
TEST(OptionTable, KeepsNamesLettersAndDefaults) {
  std::string table;
  for (const options::Option& option : program.options) {
    if (option.is_operand) continue;
    table += std::string(option.name) + "=" + std::string(option.default_text) + " ";
  }
  EXPECT_EQ(
      table,
      "output= remote-name= remote-header-name= continue= create-dirs= xattr= newer= no-clobber= "
      "input-file= parallel=1 "
      "fail-early= recursive= delete= checksum= dry-run= long= if-absent= if-match= verify= "
      "remote-time= header= "
      "proxy= noproxy= unix-socket= user= token-file= netrc= netrc-file= "
      "cacert= cert= key= insecure= "
      "connect-timeout=10 idle-timeout=60 max-time=0 limit-rate=0 speed-limit=0 "
      "speed-time=30 retry=0 retry-delay=0 verbose= quiet= silent= "
      "location= fail= "
      "show-error= progress=auto json= io=auto "
      "help= version= ");
  for (const auto& [letter, name] : {std::pair{'o', "output"},
                                     {'O', "remote-name"},
                                     {'N', "newer"},
                                     {'R', "remote-time"},
                                     {'L', "location"},
                                     {'f', "fail"},
                                     {'s', "silent"},
                                     {'S', "show-error"},
                                     {'H', "header"},
                                     {'u', "user"},
                                     {'E', "cert"},
                                     {'k', "insecure"},
                                     {'v', "verbose"},
                                     {'q', "quiet"},
                                     {'h', "help"},
                                     {'V', "version"}}) {
    ASSERT_NE(options::find_short_option(program, letter), nullptr) << letter;
    EXPECT_EQ(options::find_short_option(program, letter)->name, name);
  }
}

TEST(OptionTable, HasTheVerbsInOrder) {
  EXPECT_EQ(options::find_verb(program, "get"), static_cast<int>(Verb::get));
  EXPECT_EQ(options::find_verb(program, "put"), static_cast<int>(Verb::put));
  EXPECT_EQ(options::find_verb(program, "head"), static_cast<int>(Verb::head));
  EXPECT_EQ(options::find_verb(program, "delete"), static_cast<int>(Verb::remove));
  EXPECT_EQ(options::find_verb(program, "passwd"), static_cast<int>(Verb::passwd));
  EXPECT_EQ(program.verbs.back().name, options::help_verb);
  for (const options::Verb& verb : program.verbs) EXPECT_NE(verb.example, "") << verb.name;
}

// Settings has initial values, for tests and tools that need no table. They are the table's.
TEST(OptionTable, HasTheDefaultsOfNewSettings) {
  const char* const line[] = {"quoit", "get", "u"};
  Arguments arguments;
  ASSERT_FALSE(read_options(3, line, arguments));
  const Settings plain;
  const Settings& settings = arguments.settings;
  EXPECT_EQ(settings.connect_timeout_ms, plain.connect_timeout_ms);
  EXPECT_EQ(settings.idle_timeout_ms, plain.idle_timeout_ms);
  EXPECT_EQ(settings.max_time_ms, plain.max_time_ms);
  EXPECT_TRUE(arguments.headers.empty());
  EXPECT_EQ(settings.verbose, plain.verbose);
  EXPECT_EQ(settings.quiet, plain.quiet);
  EXPECT_EQ(settings.progress, plain.progress);
  EXPECT_EQ(settings.unix_socket, plain.unix_socket);
  EXPECT_EQ(settings.authorities, plain.authorities);
  EXPECT_EQ(settings.certificate, plain.certificate);
  EXPECT_EQ(settings.key, plain.key);
  EXPECT_EQ(settings.insecure, plain.insecure);
  EXPECT_EQ(settings.io, plain.io);
}

}  // namespace
}  // namespace client
