// Declaring the options. Covered by tests/client/command/options_test.cc.
#include "apps/client/command/options.h"

#include <cmath>
#include <map>

#include <CLI/CLI.hpp>

#include "uring/make_engine.h"

namespace client {

namespace {

constexpr const char* description =
    "Gets files from an HTTP server, and brings files to it.\n"
    "\n"
    "  quoit get URL...             into a file named after the URL's last segment\n"
    "  quoit get URL -o FILE        into FILE; '-' is standard output\n"
    "  quoit put FILE URL           FILE may be '-', standard input; a URL that ends in a slash\n"
    "                               gets the file's name\n"
    "  quoit head URL, quoit delete URL\n"
    "  quoit HOST PORT GET /FILE    as 'quoit get http://HOST:PORT/FILE'\n"
    "  quoit HOST PORT PUT /FILE    sends FILE, as seen from the current directory, to that path\n"
    "\n"
    "A URL without a scheme means http://. A file appears when all of it has come, or not at "
    "all.\n";

constexpr const char* footer =
    "The exit status is curl's: 0 done, 2 usage, 3 bad URL, 6 unknown host, 7 cannot connect,\n"
    "8 strange answer, 18 cut off, 22 the server said no (a status of 400 or above), 23 cannot\n"
    "write, 26 cannot read, 28 timeout, 47 too many redirects, 52 no answer, 55 sending broke,\n"
    "56 receiving broke; 71 no engine, 130 interrupted.\n";

const std::map<std::string, ProgressMode> modes = {
    {"auto", ProgressMode::automatic}, {"on", ProgressMode::on}, {"off", ProgressMode::off}};

// Values as they are typed; times in seconds.
struct Typed {
  std::string progress = "auto";
  double connect_timeout = 10;
  double idle_timeout = 60;
  double max_time = 0;
};

std::int64_t milliseconds(double seconds) {
  return static_cast<std::int64_t>(std::llround(seconds * 1000));
}

// Checks without a description: CLI11 would put it where the help names the kind of value.
std::string check_seconds(const std::string& text) {
  double seconds = 0;
  // Longer than a month is a mistake, and more would not fit.
  const bool good = CLI::detail::lexical_cast(text, seconds) && seconds >= 0 && seconds <= 3e6;
  return good ? "" : "'" + text + "' is no number of seconds";
}

std::string check_mode(const std::string& text) {
  return modes.count(text) == 1 ? "" : "'" + text + "' is neither auto, on nor off";
}

std::string check_io(const std::string& text) {
  return uring::engine_choice(text) ? "" : "'" + text + "' is neither auto, ring nor epoll";
}

void add_common(CLI::App& app, Arguments& arguments, Typed& typed) {
  Settings& settings = arguments.settings;
  app.add_flag("-v,--verbose", settings.verbose, "show both heads, without secrets");
  app.add_flag("-q,--quiet", settings.quiet, "say nothing but errors");
  app.add_option("-H,--header", arguments.headers,
                 "send this 'Name: value' too, or instead; 'Name:' leaves a header out")
      ->type_name("LINE")
      ->allow_extra_args(false);
  app.add_option("--progress", typed.progress, "auto (on a terminal), on or off")
      ->type_name("MODE")
      ->check(check_mode);
  app.add_option("--unix-socket", settings.unix_socket, "connect to this socket, whatever the host")
      ->type_name("PATH");
  app.add_option("--io", settings.io,
                 "auto (io_uring, or epoll where it is refused), ring or epoll")
      ->type_name("NAME")
      ->envname("QUOIT_IO")
      ->check(check_io);
  app.add_option("--connect-timeout", typed.connect_timeout,
                 "limit for each address of the host (10); 0: none")
      ->type_name("SECONDS")
      ->check(check_seconds);
  app.add_option("--idle-timeout", typed.idle_timeout, "limit while nothing moves (60); 0: none")
      ->type_name("SECONDS")
      ->check(check_seconds);
  app.add_option("--max-time", typed.max_time, "limit for everything (0: none)")
      ->type_name("SECONDS")
      ->check(check_seconds);
}

void add_verbs(CLI::App& app, Arguments& arguments, bool& remote_name) {
  app.fallthrough();  // handed down: options that all verbs share may stand behind them
  CLI::App* get = app.add_subcommand("get", "get files");
  get->add_option("URL", arguments.urls, "what to get")->required();
  CLI::Option* output =
      get->add_option("-o,--output", arguments.file, "write to FILE; '-' is standard output")
          ->type_name("FILE");
  get->add_flag("-O,--remote-name", remote_name, "name the file after the URL (the default)")
      ->excludes(output);
  CLI::App* put = app.add_subcommand("put", "bring a file");
  put->add_option("FILE", arguments.file, "the file, or '-' for standard input")->required();
  put->add_option("URL", arguments.urls, "where it goes")->required()->expected(1);
  CLI::App* head = app.add_subcommand("head", "show what the server says about a file");
  head->add_option("URL", arguments.urls, "what to ask for")->required();
  CLI::App* remove = app.add_subcommand("delete", "delete files on the server");
  remove->add_option("URL", arguments.urls, "what to delete")->required();
  app.add_option("HOST", arguments.host, "the original form:")->group("Original form");
  app.add_option("PORT", arguments.port, "")->group("Original form");
  app.add_option("METHOD", arguments.method, "GET or PUT")->group("Original form");
  app.add_option("/FILE", arguments.path, "")->group("Original form");
}

// The engine is what this machine gives now: people who ask for the version have a question about
// both.
std::string version_of(const CLI::App& app) {
  const std::vector<std::string> said = app.get_option("--io")->results();
  const uring::EngineChoice choice = uring::engine_choice(said.empty() ? "" : said.back())
                                         .value_or(uring::EngineChoice::automatic);
  return "quoit " QUOIT_VERSION "\n" + uring::describe_engine(choice) + "\n";
}

ExitReason usage(const std::string& text) {
  return exit_with(ExitCode::usage, text + "; see quoit --help");
}

ExitReason understand(const CLI::App& app, Arguments& arguments) {
  const std::map<std::string, Verb> verbs = {
      {"get", Verb::get}, {"put", Verb::put}, {"head", Verb::head}, {"delete", Verb::remove}};
  const auto used = app.get_subcommands();
  if (used.size() > 1) return usage("one verb at a time");
  if (used.size() == 1) {
    arguments.verb = verbs.at(used.front()->get_name());
    if (arguments.host.empty()) return {};
    return usage("what is '" + arguments.host + "'? There is an argument too many");
  }
  if (arguments.host.empty()) return usage("say what to do: get, put, head or delete");
  if (arguments.path.empty()) {
    return usage("'" + arguments.host + "' is no verb, and no HOST PORT GET|PUT /FILE");
  }
  return {};
}

}  // namespace

ExitReason read_options(int argc, const char* const* argv, Arguments& arguments) {
  CLI::App app(description, "quoit");
  Typed typed;
  bool remote_name = false;
  app.footer(footer);
  app.set_version_flag("-V,--version");
  add_common(app, arguments, typed);
  add_verbs(app, arguments, remote_name);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return exit_with(ExitCode::ok, app.help());
  } catch (const CLI::CallForVersion&) {
    return exit_with(ExitCode::ok, version_of(app));
  } catch (const CLI::Error& error) {
    return usage(error.what());
  }
  arguments.settings.progress = modes.at(typed.progress);
  arguments.settings.connect_timeout_ms = milliseconds(typed.connect_timeout);
  arguments.settings.idle_timeout_ms = milliseconds(typed.idle_timeout);
  arguments.settings.max_time_ms = milliseconds(typed.max_time);
  return understand(app, arguments);
}

}  // namespace client
