// The environment and files: which source wins, what is refused, and what is printed.
#include "apps/options/sources.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/options/sample.h"

namespace options {
namespace {

using Texts = std::vector<std::string>;

class ValueSources : public ::testing::Test {
 protected:
  ~ValueSources() override {
    for (const std::string& name : set_) ::unsetenv(name.c_str());
    std::filesystem::remove(path_);
  }

  void set(const std::string& name, const std::string& value) {
    ::setenv(name.c_str(), value.c_str(), 1);
    set_.push_back(name);
  }
  ExitReason read(std::string_view text, Values& values) const {
    std::ofstream(path_, std::ios::binary) << text;
    return read_config_file(path_, values);
  }
  ExitReason read(std::string_view text) const {
    Values values(sample::server);
    return read(text, values);
  }
  // The sentence about a file without its path.
  std::string refused(std::string_view text) const {
    const ExitReason reason = read(text);
    EXPECT_EQ(reason.status, EX_CONFIG);
    EXPECT_TRUE(reason.text.starts_with(path_)) << reason.text;
    return reason.text.substr(std::min(path_.size(), reason.text.size()));
  }

  const std::string path_ =
      (std::filesystem::temp_directory_path() / ("sources_test." + std::to_string(::getpid())))
          .string();
  std::vector<std::string> set_;
};

TEST_F(ValueSources, of_the_environment_set_every_kind_of_option) {
  set("QUOIT_LISTEN", ":1,:2");
  set("QUOIT_WRITABLE", "true");
  set("QUOIT_HEADER", "A: b, c\nD: e");
  set("QUOIT_ROOT", "/srv");
  set("QUOIT_PORT", "tcp://10.0.0.1:80");  // of Kubernetes
  Values values(sample::server);
  ASSERT_FALSE(read_environment(values));
  EXPECT_EQ(values.texts("listen"), (Texts{":1", ":2"}));
  EXPECT_TRUE(values.flag("writable"));
  EXPECT_EQ(values.texts("header"), (Texts{"A: b, c", "D: e"}));
  EXPECT_EQ(values.text("root"), "/srv");
}

TEST_F(ValueSources, of_the_environment_are_unset_where_they_are_empty) {
  for (const Option& option : sample::server.options) set(variable_of(option), "");
  Values values(sample::server);
  EXPECT_FALSE(read_environment(values));
  for (const Setting& setting : values.all()) EXPECT_FALSE(setting.is_given());
  EXPECT_FALSE(values.flag("writable"));
}

TEST_F(ValueSources, of_the_environment_that_are_wrong_are_refused) {
  set("QUOIT_WORKERS", "many");
  Values values(sample::server);
  const ExitReason reason = read_environment(values);
  EXPECT_EQ(reason.status, EX_CONFIG);
  EXPECT_EQ(reason.text,
            "QUOIT_WORKERS: 'many' is no whole number; give a whole number, as in QUOIT_WORKERS=4");
}

TEST_F(ValueSources, leave_alone_what_stands_elsewhere) {
  set("QUOIT_HELP", "true");
  Values values(sample::server);
  EXPECT_FALSE(read_environment(values));
  EXPECT_FALSE(values.is_given("help"));
}

TEST_F(ValueSources, come_in_their_order) {
  Values values(sample::server);
  ASSERT_FALSE(
      values.set(*find_option(sample::server, "grace"), {"1"}, {.source = Source::command_line}));
  set("QUOIT_GRACE", "2");
  set("QUOIT_WORKERS", "2");
  ASSERT_FALSE(read_environment(values));
  ASSERT_FALSE(read("grace = 3\nworkers = 3\nmax-fields = 3\n", values));
  EXPECT_EQ(values.milliseconds("grace"), 1000);
  EXPECT_EQ(values.count("workers"), 2U);
  EXPECT_EQ(values.count("max-fields"), 3U);
}

TEST_F(ValueSources, of_files_that_are_wrong_are_refused_with_their_line) {
  struct Row {
    const char* text;
    const char* sentence;
  };
  for (const Row& row : {
           Row{"\nmax_head = 1", ":2: there is no option 'max_head'; did you mean 'max-head'?"},
           Row{"colour = 1", ":1: there is no option 'colour'"},
           Row{"config = 'a'", ":1: there is no option 'config'"},
           Row{"help = true", ":1: there is no option 'help'"},
           Row{"grace = 1\ngrace = 1", ":2: 'grace' is set twice"},
           Row{"grace = 'soon'",
               ":1: grace: 'soon' is no number of seconds; give seconds from 0.001 to 86400, as in "
               "grace = 2.5"},
           Row{"grace = [1, 2]",
               ":1: grace has 2 values, and takes one; give seconds from 0.001 to 86400, as in "
               "grace = 2.5"},
           Row{"listen = []",
               ":1: listen has no value; give ADDRESS:PORT or unix:PATH, as in listen = "
               "[\":8080\"]"},
           Row{"grace = 1\nwritable = yes",
               ":2: writable: 'yes' needs quotes; give true or false, as in writable = true"},
           Row{"writable = perhaps",
               ":1: writable: 'perhaps' is neither true nor false; give true or false, as in "
               "writable = true"},
           Row{"max-head = 32K",
               ":1: max-head: '32K' needs quotes; give bytes from 256 to 63K, as in max-head = "
               "\"32K\""},
           Row{"max-head = 1K # quotes",
               ":1: max-head: '1K' needs quotes; give bytes from 256 to 63K, as in max-head = "
               "\"32K\""},
           Row{"colour = red", ":1: the value of 'colour' needs quotes, as in colour = \"10M\""},
           Row{"[server]",
               ":1: a line is NAME = VALUE, where NAME is an option's without its dashes, as in "
               "max-head = \"32K\""},
       }) {
    EXPECT_EQ(refused(row.text), row.sentence) << row.text;
  }
}

TEST_F(ValueSources, that_are_no_files_are_refused) {
  Values values(sample::server);
  for (const auto& [path, why] : {std::pair("/nowhere/file", "No such file or directory"),
                                  std::pair("/", "Is a directory")}) {
    const ExitReason reason = read_config_file(path, values);
    EXPECT_EQ(reason.status, EX_CONFIG);
    EXPECT_EQ(reason.text,
              std::string(path) + " cannot be read: " + why + "; give the path of a file");
  }
  EXPECT_EQ(read_config_file("/dev/zero", values).text,
            "/dev/zero is larger than 1 MiB, and no file of options is");
}

TEST_F(ValueSources, are_printed_as_a_file) {
  set("QUOIT_INDEX", "a.html,b.html");
  Values values(sample::server);
  ASSERT_FALSE(values.set(*find_option(sample::server, "writable"), {"yes"},
                          {.source = Source::command_line}));
  ASSERT_FALSE(read_environment(values));
  ASSERT_FALSE(read("grace = 1\nheader = ['a \"b\\c']\n", values));
  EXPECT_EQ(print_config(values),
            "root = \".\"  # default\n"
            "listen = [\"127.0.0.1:8080\"]  # default\n"
            "writable = true  # command line\n"
            "durability = \"none\"  # default\n"
            "index = [\"a.html\", \"b.html\"]  # environment\n"
            "# not-found is not set\n"
            "header = [\"a \\\"b\\\\c\"]  # " +
                path_ +
                ":2\n"
                "max-head = \"16K\"  # default\n"
                "max-body = 0  # default\n"
                "max-fields = 100  # default\n"
                "workers = 0  # default\n"
                "grace = 1  # " +
                path_ + ":1\n");
}

TEST_F(ValueSources, that_are_printed_are_read_as_they_were) {
  Values values(sample::server);
  for (const Option& option : sample::server.options) {
    if (!option.in_file) continue;
    Texts texts = {std::string(option.kind == Kind::flag ? "true" : option.example)};
    if (option.repeatable) texts.emplace_back("a\tb \"c\" # d\\\x01");
    ASSERT_FALSE(values.set(option, texts, {.source = Source::environment}));
  }
  Values again(sample::server);
  const ExitReason reason = read(print_config(values), again);
  EXPECT_FALSE(reason) << reason.text;
  for (std::size_t i = 0; i < values.all().size(); ++i) {
    EXPECT_EQ(values.all()[i].texts, again.all()[i].texts) << values.all()[i].option->name;
  }
  Values defaults(sample::server);
  Values of_defaults(sample::server);
  EXPECT_FALSE(read(print_config(defaults), of_defaults));
  EXPECT_EQ(of_defaults.texts("header"), Texts());
}

}  // namespace
}  // namespace options
