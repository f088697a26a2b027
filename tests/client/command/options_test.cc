// The command line, as arguments.
#include "apps/client/command/options.h"

#include <vector>

#include <gtest/gtest.h>

namespace client {
namespace {

ExitReason read(std::vector<const char*> line, Arguments& arguments) {
  line.insert(line.begin(), "quoit");
  return read_options(static_cast<int>(line.size()), line.data(), arguments);
}

Arguments must_read(const std::vector<const char*>& line) {
  Arguments arguments;
  const ExitReason reason = read(line, arguments);
  EXPECT_FALSE(reason) << reason.text;
  return arguments;
}

TEST(Options, KnowTheVerbs) {
  EXPECT_EQ(must_read({"get", "u1", "u2"}).urls, (std::vector<std::string>{"u1", "u2"}));
  EXPECT_EQ(must_read({"get", "u", "-o", "-"}).file, "-");
  EXPECT_EQ(must_read({"put", "-", "u"}).file, "-");
  EXPECT_EQ(must_read({"put", "f", "u"}).urls, (std::vector<std::string>{"u"}));
  EXPECT_EQ(must_read({"head", "u"}).verb, Verb::head);
  EXPECT_EQ(must_read({"delete", "u"}).verb, Verb::remove);
}

TEST(Options, StandBeforeAndBehindTheVerb) {
  EXPECT_TRUE(must_read({"-v", "get", "u"}).settings.verbose);
  EXPECT_TRUE(must_read({"get", "-v", "u"}).settings.verbose);
  EXPECT_TRUE(must_read({"get", "u", "-q"}).settings.quiet);
  const Arguments arguments =
      must_read({"get", "-H", "A: 1", "u", "-H", "B: 2", "--idle-timeout", "0.5"});
  EXPECT_EQ(arguments.headers, (std::vector<std::string>{"A: 1", "B: 2"}));
  EXPECT_EQ(arguments.urls, (std::vector<std::string>{"u"}));
  EXPECT_EQ(arguments.settings.idle_timeout_ms, 500);
}

TEST(Options, HaveTheDocumentedDefaults) {
  const Settings settings = must_read({"get", "u"}).settings;
  EXPECT_EQ(settings.connect_timeout_ms, 10'000);
  EXPECT_EQ(settings.idle_timeout_ms, 60'000);
  EXPECT_EQ(settings.max_time_ms, 0);
  EXPECT_EQ(settings.progress, ProgressMode::automatic);
}

TEST(Options, KeepTheOriginalForm) {
  for (const auto& line : {std::vector<const char*>{"127.0.0.1", "8080", "GET", "/a"},
                           std::vector<const char*>{"-v", "127.0.0.1", "8080", "GET", "/a"}}) {
    const Arguments arguments = must_read(line);
    EXPECT_EQ(arguments.host, "127.0.0.1");
    EXPECT_EQ(arguments.port, "8080");
    EXPECT_EQ(arguments.method, "GET");
    EXPECT_EQ(arguments.path, "/a");
  }
}

TEST(Options, RefuseNonsense) {
  const std::vector<std::vector<const char*>> lines = {
      {},
      {"fetch", "u"},
      {"get"},
      {"put", "f"},
      {"put", "f", "u", "u2"},
      {"host", "80", "GET"},
      {"get", "u", "--nonsense"},
      {"get", "u", "--idle-timeout", "-1"},
      {"get", "u", "--idle-timeout", "soon"},
      {"get", "u", "--progress", "maybe"},
      {"get", "u", "--io", "kqueue"},
      {"get", "u", "-o"},
      {"get", "u", "-O", "-o", "f"},
      {"head"},
      {"delete"},
  };
  for (const auto& line : lines) {
    Arguments arguments;
    const ExitReason reason = read(line, arguments);
    EXPECT_EQ(code_of(reason), ExitCode::usage) << (line.empty() ? "nothing" : line.front());
    EXPECT_EQ(reason.text.find('\n'), std::string::npos) << reason.text;
    EXPECT_NE(reason.text.find("--help"), std::string::npos) << reason.text;
  }
}

TEST(Options, ExplainThemselves) {
  Arguments arguments;
  for (const auto& line :
       {std::vector<const char*>{"--help"}, std::vector<const char*>{"get", "--help"}}) {
    const ExitReason help = read(line, arguments);
    EXPECT_EQ(code_of(help), ExitCode::ok);
    EXPECT_NE(help.text.find("--output"), line.size() == 2 ? std::string::npos : 0);
  }
  const ExitReason version = read({"--version"}, arguments);
  EXPECT_EQ(version.text.rfind("quoit ", 0), 0U);
  const ExitReason with_engine = read({"--io", "epoll", "--version"}, arguments);
  EXPECT_NE(with_engine.text.find("\non epoll ("), std::string::npos) << with_engine.text;
}

}  // namespace
}  // namespace client
