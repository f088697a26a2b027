// Verbs, the original form, and options. Covered by tests/client/command/options_test.cc.
#include "apps/client/command/options.h"

#include <algorithm>
#include <string_view>

#include "apps/client/command/option_table.h"
#include "apps/client/command/url.h"
#include "apps/options/command_line.h"
#include "apps/options/help.h"
#include "apps/options/messages.h"
#include "apps/options/sources.h"
#include "parser/fields.h"
#include "uring/make_engine.h"

namespace client {

namespace {

using options::Command;
using options::Values;

// Connections for a tree: its files may be small, and the server takes a while to answer.
constexpr unsigned tree_parallel = 4;

bool is_number(std::string_view word) {
  return !word.empty() && word.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_original_method(std::string_view word) {
  return http1::equal_ignoring_case(word, "GET") || http1::equal_ignoring_case(word, "PUT");
}

// Whether the words are meant as HOST PORT GET|PUT /FILE.
bool is_original_form(const std::vector<std::string>& words) {
  if (words.size() < 2 || options::find_verb(program, words.front()) != options::no_verb) {
    return false;
  }
  if (words.size() == 3 && is_original_method(words[1])) return true;  // "HOST:PORT GET /FILE"
  return is_number(words[1]) || (words.size() == 4 && is_original_method(words[2]));
}

ExitReason take_original_form(Command& command, Arguments& arguments) {
  const std::vector<std::string>& words = command.words;
  if (words.size() != 4 || !is_original_method(words[2])) {
    return options::usage_error(program, options::no_verb,
                                "the form with a host and a port is quoit HOST PORT GET|PUT /FILE, "
                                "as in quoit 127.0.0.1 8080 GET /notes.txt");
  }
  arguments.host = words[0];
  arguments.port = words[1];
  arguments.method = words[2];
  arguments.path = words[3];
  const bool is_put = http1::equal_ignoring_case(arguments.method, "PUT");
  arguments.verb = is_put ? Verb::put : Verb::get;
  return options::use_verb(command, static_cast<int>(arguments.verb));
}

bool looks_like_url(std::string_view word) {
  return word.find_first_of("/:.") != std::string_view::npos;
}

// A URL without a verb: the error in the URL, or else the missing verb.
ExitReason missing_verb(std::string_view word) {
  Url url;
  ExitReason reason = parse_url(word, url);
  if (reason) return reason;
  const std::string text = url.userinfo.empty() ? options::shown(word) : url.text();
  return options::usage_error(program, options::no_verb,
                              "say what to do with '" + text + "', as in quoit get " + text);
}

// Takes the verb and its operands from the words.
ExitReason take_verb(Command& command, Arguments& arguments) {
  const std::vector<std::string>& words = command.words;
  if (words.empty()) {
    return options::usage_error(program, options::no_verb,
                                "say what to do: get, put, head, delete, ls, sync or passwd");
  }
  const bool is_verb = options::find_verb(program, words.front()) != options::no_verb;
  if (!is_verb && words.size() == 1 && looks_like_url(words.front())) {
    return missing_verb(words.front());
  }
  ExitReason reason = options::take_verb(command);
  if (!reason) reason = options::take_operands(command);
  if (reason) return reason;
  const Values& values = command.values;
  arguments.verb = static_cast<Verb>(command.verb);
  if (arguments.verb == Verb::passwd) {
    arguments.user = values.text("name");
    return {};
  }
  if (arguments.verb == Verb::sync) {
    arguments.inputs = {values.text("source"), values.text("destination")};
    return {};
  }
  const bool is_put = arguments.verb == Verb::put;
  const bool is_ls = arguments.verb == Verb::ls;
  arguments.urls = values.texts(is_put ? "target" : is_ls ? "directory" : "urls");
  if (is_put) arguments.inputs = values.texts("file");
  arguments.url_list = values.text("input-file");
  if (!arguments.urls.empty() || values.is_given("input-file")) return {};
  return options::missing_operand(program, command.verb, *values.setting("urls").option);
}

// An empty value is that of a variable of a shell that is not set: no file is meant by it.
ExitReason check_paths(const Values& values) {
  for (const char* const name :
       {"output", "input-file", "if-match", "verify", "user", "token-file", "netrc-file", "proxy",
        "noproxy", "unix-socket", "cacert", "cert", "key"}) {
    const options::Setting& setting = values.setting(name);
    if (!setting.is_given() || !values.text(name).empty()) continue;
    return options::value_error(program, *setting.option, setting.place, "", "is empty");
  }
  return {};
}

ExitReason take_credentials(const Values& values, Settings& settings) {
  settings.user = values.text("user");
  settings.token_file = values.text("token-file");
  settings.netrc_file = values.text("netrc-file");
  settings.uses_netrc = values.flag("netrc") || !settings.netrc_file.empty();
  if (settings.user.empty() || settings.token_file.empty()) return {};
  return options::usage_error(program, options::no_verb,
                              "--user and --token-file exclude each other: a request carries one "
                              "of them");
}

ExitReason take_options(const Values& values, Arguments& arguments) {
  ExitReason reason = check_paths(values);
  if (reason) return reason;
  if (values.is_given("output") && values.flag("remote-name")) {
    return options::usage_error(program, static_cast<int>(Verb::get),
                                "--output and --remote-name exclude each other");
  }
  if (values.is_given("output")) arguments.file = values.text("output");
  arguments.headers = values.texts("header");
  Settings& settings = arguments.settings;
  settings.verbose = values.flag("verbose");
  settings.quiet = values.flag("quiet") || values.flag("silent");
  settings.makes_directories = values.flag("create-dirs");
  settings.takes_header_name = values.flag("remote-header-name");
  settings.keeps_files = values.flag("no-clobber");
  settings.keeps_origin = values.flag("xattr");
  settings.continues = values.flag("continue");
  settings.only_newer = values.flag("newer");
  settings.keeps_times = values.flag("remote-time") || settings.only_newer;
  settings.if_absent = values.flag("if-absent");
  settings.if_match = values.text("if-match");
  arguments.verify = values.text("verify");
  const std::string& progress = values.text("progress");
  settings.progress = progress == "on"    ? ProgressMode::on
                      : progress == "off" ? ProgressMode::off
                                          : ProgressMode::automatic;
  reason = take_credentials(values, settings);
  if (reason) return reason;
  settings.proxy = values.text("proxy");
  settings.no_proxy = values.text("noproxy");
  settings.unix_socket = values.text("unix-socket");
  settings.authorities = values.text("cacert");
  settings.certificate = values.text("cert");
  settings.key = values.text("key");
  settings.insecure = values.flag("insecure");
  settings.parallel = static_cast<unsigned>(values.count("parallel"));
  settings.is_recursive = values.flag("recursive");
  settings.removes_surplus = values.flag("delete");
  settings.compares_digests = values.flag("checksum");
  settings.is_dry_run = values.flag("dry-run");
  if (settings.is_recursive || arguments.verb == Verb::sync) {
    settings.keeps_times = true;
    if (!values.is_given("parallel")) settings.parallel = tree_parallel;
  }
  settings.shows_details = values.flag("long");
  settings.fails_early = values.flag("fail-early");
  if (values.flag("json")) settings.events = Events::standard_output;
  if (!settings.key.empty() && settings.certificate.empty()) {
    return options::usage_error(program, options::no_verb,
                                "--key is the key of a certificate: give --cert FILE as well");
  }
  settings.io = values.text("io");
  settings.connect_timeout_ms = values.milliseconds("connect-timeout");
  settings.idle_timeout_ms = values.milliseconds("idle-timeout");
  settings.retries = static_cast<unsigned>(values.count("retry"));
  settings.retry_delay_ms = values.milliseconds("retry-delay");
  settings.max_time_ms = values.milliseconds("max-time");
  settings.most_bytes_per_s = values.bytes("limit-rate");
  settings.least_bytes_per_s = values.bytes("speed-limit");
  settings.speed_window_ms = values.milliseconds("speed-time");
  return {};
}

// The engine is the one that this machine allows now: people who ask for the version have a
// question about both.
std::string version_text(const Values& values) {
  const options::Setting& io = values.setting("io");
  const char* const variable = options::variable_value(*io.option);
  const std::string name = io.is_given() || !variable ? io.texts.front() : variable;
  const uring::EngineChoice choice =
      uring::engine_choice(name).value_or(uring::EngineChoice::automatic);
  return "quoit " QUOIT_VERSION "\n" + uring::describe_engine(choice) + "\n";
}

}  // namespace

ExitReason read_options(int argc, const char* const* argv, Arguments& arguments) {
  Command command{.values = Values(program)};
  ExitReason reason = options::read_command_line(argc, argv, command);
  if (reason) return reason;
  if (command.wants_help) {
    return exit_with(ExitCode::ok, options::help_text(program, command.verb));
  }
  if (command.wants_version) return exit_with(ExitCode::ok, version_text(command.values));
  reason = is_original_form(command.words) ? take_original_form(command, arguments)
                                           : take_verb(command, arguments);
  if (!reason) reason = options::read_environment(command.values);
  if (!reason) reason = take_options(command.values, arguments);
  return reason;
}

}  // namespace client
