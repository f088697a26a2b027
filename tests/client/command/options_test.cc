// The command line, as arguments.
#include "apps/client/command/options.h"

#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "apps/client/command/option_table.h"

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
  EXPECT_EQ(must_read({"put", "-", "u"}).inputs, std::vector<std::string>{"-"});
  const Arguments several = must_read({"put", "a", "b", "c", "u"});
  EXPECT_EQ(several.inputs, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(several.urls, std::vector<std::string>{"u"});
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
                           std::vector<const char*>{"-v", "127.0.0.1", "8080", "GET", "/a"},
                           std::vector<const char*>{"127.0.0.1", "8080", "GET", "/a", "-q"}}) {
    const Arguments arguments = must_read(line);
    EXPECT_EQ(arguments.host, "127.0.0.1");
    EXPECT_EQ(arguments.port, "8080");
    EXPECT_EQ(arguments.method, "GET");
    EXPECT_EQ(arguments.path, "/a");
  }
  EXPECT_EQ(must_read({"h", "80", "get", "/f"}).verb, Verb::get);
  EXPECT_EQ(must_read({"h", "80", "Put", "/f"}).verb, Verb::put);
  EXPECT_EQ(must_read({"h", "80", "GET", "/f", "-o", "x"}).file, "x");
  EXPECT_EQ(must_read({"get", "80", "get", "/f"}).urls,
            (std::vector<std::string>{"80", "get", "/f"}));
}

TEST(Options, KnowVerbsInAnyLetterCase) {
  EXPECT_EQ(must_read({"GET", "u"}).urls, (std::vector<std::string>{"u"}));
  EXPECT_EQ(must_read({"Delete", "u"}).verb, Verb::remove);
}

TEST(Options, RefuseNonsense) {
  const std::vector<std::vector<const char*>> lines = {
      {},
      {"fetch", "u"},
      {"get"},
      {"put", "f"},
      {"passwd", "a", "b"},
      {"host", "80", "GET"},
      {"host", "80", "POST", "/f"},
      {"host", "80", "GET", "/f", "/g"},
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
    const bool goes_on = reason.text.find("--help") != std::string::npos ||
                         reason.text.find("as in ") != std::string::npos;
    EXPECT_TRUE(goes_on) << reason.text;
  }
}

TEST(Options, SayHowToGoOn) {
  struct Row {
    std::vector<const char*> line;
    const char* text;
  };
  for (const Row& row : {
           Row{{},
               "say what to do: get, put, head, delete, ls, sync or passwd; see 'quoit --help'"},
           Row{{"gte", "u"}, "there is no verb 'gte'; did you mean 'get'? See 'quoit --help'"},
           Row{{"http://h/f"},
               "say what to do with 'http://h/f', as in quoit get http://h/f; see 'quoit --help'"},
           Row{{"http://me:secret@h/f"},
               "say what to do with 'http://h/f', as in quoit get http://h/f; see 'quoit --help'"},
           Row{{"http:/h/f"},
               "'http:/h/f' is not a URL: two slashes belong behind the scheme; write "
               "http://HOST:PORT/PATH"},
           Row{{"h:80", "GET", "/f"},
               "the form with a host and a port is quoit HOST PORT GET|PUT /FILE, as in quoit "
               "127.0.0.1 8080 GET /notes.txt; see 'quoit --help'"},
           Row{{"get", "u", "-o", ""},
               "--output: '' is empty; give the path of a file, a directory with a slash at its "
               "end, or -, as in --output copy.txt"},
           Row{{"get", "u", "--unix-socket", ""},
               "--unix-socket: '' is empty; give the path of a socket, as in --unix-socket "
               "/run/quoit.sock"},
           Row{{"put", "--bandwidth", "1M", "f", "u"},
               "there is no option --bandwidth; see 'quoit put --help'"},
           Row{{"get", "u", "--ouput", "f"},
               "there is no option --ouput; did you mean --output? See 'quoit get --help'"},
           Row{{"put", "f", "u", "-o", "x"}, "'put' takes no --output; see 'quoit put --help'"},
           Row{{"h", "80", "PUT", "/f", "-o", "x"},
               "'put' takes no --output; see 'quoit put --help'"},
           Row{{"passwd", "a", "b"},
               "'b' is an argument too many, for 'passwd' takes NAME; see 'quoit passwd --help'"},
           Row{{"put", "f"},
               "'put' needs URL, a URL as http://127.0.0.1:8080/; see 'quoit put --help'"},
           Row{{"h", "80", "POST", "/f"},
               "the form with a host and a port is quoit HOST PORT GET|PUT /FILE, as in quoit "
               "127.0.0.1 8080 GET /notes.txt; see 'quoit --help'"},
           Row{{"get", "u", "--idle-timeout", "soon"},
               "--idle-timeout: 'soon' is no number of seconds; give seconds from 0 to 3000000, as "
               "in --idle-timeout 5"},
           Row{{"get", "u", "--io", "kqueue"},
               "--io: 'kqueue' is none of the choices; give auto, ring or epoll, as in --io epoll"},
           Row{{"get", "u", "-u", "alice", "--token-file", "t"},
               "--user and --token-file exclude each other: a request carries one of them; see "
               "'quoit --help'"},
           Row{{"get", "u", "-u", ""},
               "--user: '' is empty; give a name, or a name, a colon and a password, as in --user "
               "alice"},
           Row{{"get", "u", "--if-match", "t"},
               "'get' takes no --if-match; see 'quoit get --help'"},
           Row{{"get", "u", "-O", "-o", "f"},
               "--output and --remote-name exclude each other; see 'quoit get --help'"},
       }) {
    Arguments arguments;
    EXPECT_EQ(read(row.line, arguments).text, row.text);
  }
}

TEST(Options, ReadTheEngineFromTheEnvironment) {
  const char* const before = std::getenv("QUOIT_IO");
  const std::string kept = before ? before : "";
  ::setenv("QUOIT_IO", "epoll", 1);
  EXPECT_EQ(must_read({"get", "u"}).settings.io, "epoll");
  EXPECT_EQ(must_read({"get", "u", "--io", "ring"}).settings.io, "ring");
  ::setenv("QUOIT_IO", "", 1);
  EXPECT_EQ(must_read({"get", "u"}).settings.io, "auto");
  ::setenv("QUOIT_IO", "kqueue", 1);
  Arguments arguments;
  const ExitReason reason = read({"get", "u"}, arguments);
  EXPECT_EQ(code_of(reason), ExitCode::usage);
  EXPECT_EQ(reason.text,
            "QUOIT_IO: 'kqueue' is none of the choices; give auto, ring or epoll, as in "
            "QUOIT_IO=epoll");
  before ? ::setenv("QUOIT_IO", kept.c_str(), 1) : ::unsetenv("QUOIT_IO");
}

TEST(Options, ExplainThemselves) {
  Arguments arguments;
  const ExitReason version = read({"--version"}, arguments);
  EXPECT_EQ(version.text.rfind("quoit " QUOIT_VERSION "\non ", 0), 0U);
  const ExitReason with_engine = read({"--io", "epoll", "--version"}, arguments);
  EXPECT_NE(with_engine.text.find("\non epoll ("), std::string::npos) << with_engine.text;
  for (const auto& line :
       {std::vector<const char*>{"--help"}, {"get", "--help"}, {"help"}, {"help", "put"}}) {
    const ExitReason help = read(line, arguments);
    EXPECT_EQ(code_of(help), ExitCode::ok);
    for (std::size_t begin = 0; begin < help.text.size();) {
      const std::size_t end = help.text.find('\n', begin);
      EXPECT_LE(end - begin, 100U) << help.text.substr(begin, end - begin);
      begin = end + 1;
    }
  }
}

// All options that the verb takes, those that all verbs share among them, and an example.
TEST(Options, OfEachVerbAreInItsHelp) {
  for (const options::Verb& verb : program.verbs) {
    if (verb.name == options::help_verb) continue;
    Arguments arguments;
    const ExitReason help = read({verb.name.data(), "--help"}, arguments);
    EXPECT_NE(help.text.find(verb.example), std::string::npos) << help.text;
    for (const options::Option& option : program.options) {
      const bool is_taken =
          options::belongs_to(option, options::find_verb(program, verb.name)) && !option.is_operand;
      const std::string name = "--" + std::string(option.name);
      const bool is_shown = help.text.find(name + " ") != std::string::npos ||
                            help.text.find(name + ",") != std::string::npos;
      EXPECT_EQ(is_shown, is_taken || (option.name == "help")) << verb.name << option.name;
    }
  }
  Arguments arguments;
  EXPECT_EQ(read({"help", "get"}, arguments).text, read({"get", "--help"}, arguments).text);
}

}  // namespace
}  // namespace client
