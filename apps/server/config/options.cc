// The command line, by CLI11. Covered by tests/server/config/options_test.cc.
#include "apps/server/config/options.h"

#include <charconv>
#include <cstdlib>
#include <limits>
#include <memory>
#include <sysexits.h>

#include <CLI/CLI.hpp>

#include "apps/server/config/config_sources.h"
#include "apps/server/plan/cors.h"
#include "uring/make_engine.h"

namespace server {

namespace {

int unit_shift(char unit) {
  switch (unit) {
    case 'k':
    case 'K': return 10;
    case 'm':
    case 'M': return 20;
    case 'g':
    case 'G': return 30;
    case 't':
    case 'T': return 40;
    default: return -1;
  }
}

// What the options leave as text until all of them are known to be sound.
struct Texts {
  std::vector<std::string> listen = {"127.0.0.1:8080"};
  std::string max_body;
  std::string max_head = "16K";
  std::string max_target = "8K";
  std::string reserve = "0";
  std::string cache = "64M";
  std::string durability = "none";
  std::string listing = "on";
  std::string precompressed = "off";
  std::vector<std::string> headers;
  std::vector<std::string> origins;
  std::string log_format = "combined";
  double head_seconds = 10;
  double idle_seconds = 60;
  double body_seconds = 30;
  double grace_seconds = 10;
};

constexpr const char* description =
    "quoitd serves the files of a directory over HTTP/1.1 and, where allowed, stores them.\n"
    "Example: quoitd --writable --listen :8080 /srv/files, then: curl -T FILE http://HOST:8080/\n";

void add_serving_options(CLI::App& app, Config& config, Texts& texts) {
  constexpr const char* group = "Serving";
  app.add_option("ROOT", config.root, "directory to serve (default: the current one)")
      ->type_name("");
  app.add_option("-l,--listen", texts.listen,
                 "where to listen, repeatable (default: 127.0.0.1:8080);\n"
                 "0.0.0.0:80, [::1]:8080, :8080 or unix:/run/quoit.sock; port 0: any free one")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("ADDR")
      ->group(group);
  app.add_flag("-w,--writable", config.site.writable, "allow PUT and DELETE (default: read-only)")
      ->group(group);
  app.add_option(
         "--durability", texts.durability,
         "none, data or full: what a power cut leaves of an upload;\n"
         "none (default): what the kernel had written, as a cache wants it, at full speed;\n"
         "data: the old file or the new one, whole; full: what was answered")
      ->check(CLI::IsMember({"none", "data", "full"}).description(""))
      ->type_name("NAME")
      ->group(group);
  app.add_flag("--dot-files", config.site.dot_files, "serve names that begin with a dot, too")
      ->group(group);
  app.add_option("--index", config.site.index,
                 "file that answers for its directory, repeatable (default: index.html)")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("FILE")
      ->group(group);
  app.add_option("--not-found", config.site.not_found,
                 "page under ROOT for 404 (default: 404.html where it exists)")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--fallback", config.site.fallback,
                 "page under ROOT to answer 200 with where nothing is found")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--workers", config.workers, "threads (default: one for each CPU)")
      ->type_name("N")
      ->group(group);
  app.add_option("--io", config.io,
                 "auto, ring or epoll: what the bytes move by (default: auto);\n"
                 "auto: io_uring, and epoll where the kernel or a container refuses it")
      ->check(CLI::IsMember({"auto", "ring", "epoll"}).description(""))
      ->type_name("NAME")
      ->group(group);
}

void add_answer_options(CLI::App& app, Texts& texts) {
  constexpr const char* group = "Answers";
  app.add_option("--listing", texts.listing,
                 "on (default) or off: show what is in a directory that has no index file")
      ->check(CLI::IsMember({"on", "off"}).description(""))
      ->type_name("on|off")
      ->group(group);
  app.add_option("--precompressed", texts.precompressed,
                 "on or off (default): answer with FILE.br, FILE.zst or FILE.gz where it lies\n"
                 "beside FILE, is not older, and the client takes it")
      ->check(CLI::IsMember({"on", "off"}).description(""))
      ->type_name("on|off")
      ->group(group);
  app.add_option("--header", texts.headers, "'Name: value' for every answer, repeatable")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("LINE")
      ->group(group);
  app.add_option("--cors", texts.origins,
                 "let web pages of ORIGIN (as https://example.org, or '*' for any) use this\n"
                 "server, with --writable also to write; repeatable")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("ORIGIN")
      ->group(group);
}

void add_log_options(CLI::App& app, Config& config, Texts& texts) {
  constexpr const char* group = "Logs";
  app.add_option("--access-log", config.access_log,
                 "FILE, off, or - for standard output (default: -)")
      ->type_name("FILE|-|off")
      ->group(group);
  app.add_option("--log-format", texts.log_format, "combined or json (default: combined)")
      ->check(CLI::IsMember({"combined", "json"}).description(""))
      ->type_name("NAME")
      ->group(group);
  app.add_option("--log-heads", config.log_heads,
                 "for debugging: each request's and response's head, credentials masked")
      ->type_name("FILE|-")
      ->group(group);
}

void add_size_options(CLI::App& app, Config& config, Texts& texts) {
  constexpr const char* group = "Limits";
  app.add_option("--max-body", texts.max_body, "largest upload, as 10M or 2G (default: no limit)")
      ->type_name("BYTES")
      ->group(group);
  app.add_option("--reserve", texts.reserve,
                 "space that uploads leave free; 507 beyond (default: 0)")
      ->type_name("BYTES")
      ->group(group);
  app.add_option("--cache", texts.cache,
                 "memory of each worker for what is asked for again (default: 64M; 0: none)")
      ->type_name("BYTES")
      ->group(group);
  app.add_option("--max-head", texts.max_head,
                 "largest request head; 431 beyond\n"
                 "(default: 16K, twice a browser's largest cookies; at most 63K)")
      ->type_name("BYTES")
      ->group(group);
  app.add_option("--max-target", texts.max_target,
                 "longest request target; 414 beyond (default: 8K, the RFC's least)")
      ->type_name("BYTES")
      ->group(group);
  app.add_option("--max-fields", config.site.limits.fields,
                 "most fields of a request; 431 beyond\n"
                 "(default: 100, for a browser sends 20; at most 128)")
      ->check(CLI::Range(std::size_t{1}, http1::max_fields).description(""))
      ->type_name("N")
      ->group(group);
  const auto add_count = [&](const char* name, auto& count, const char* meaning) {
    app.add_option(name, count, meaning)
        ->check(CLI::NonNegativeNumber.description(""))
        ->type_name("N")
        ->group(group);
  };
  add_count("--max-connections", config.max_connections,
            "connections at once; 503 beyond\n"
            "(default: a third of the limit of open files, for an upload takes three)");
  add_count("--max-connections-per-address", config.max_from_address,
            "connections of one IPv4 address or IPv6 /64; 503 beyond\n"
            "(default: 0, any, for a whole office may be behind one)");
  add_count("--max-requests-per-connection", config.site.max_requests,
            "requests before a connection is closed\n"
            "(default: 0, any, for clients fail where a server counts)");
  app.add_option("--lowest-rate", config.site.timeouts.lowest_rate,
                 "bytes a second that a body makes on average, either way\n"
                 "(default: 256, for slower is no transfer; 0: any)")
      ->check(CLI::NonNegativeNumber.description(""))
      ->type_name("BYTES")
      ->group(group);
}

void add_time_options(CLI::App& app, Texts& texts) {
  const auto add = [&app](const char* name, double& seconds, const char* meaning) {
    app.add_option(name, seconds, meaning)
        ->check(CLI::Range(0.001, 86400.0).description(""))
        ->type_name("SECONDS")
        ->group("Limits");
  };
  add("--head-timeout", texts.head_seconds,
      "time for a request's head (default: 10; honest clients send it in one go)");
  add("--idle-timeout", texts.idle_seconds,
      "time between two requests (default: 60, as browsers keep a connection)");
  add("--body-timeout", texts.body_seconds,
      "time for the next bytes of a body, either way\n"
      "(default: 30; a phone in a tunnel is back by then)");
  add("--grace", texts.grace_seconds, "time for open requests after SIGTERM (default: 10)");
}

std::int64_t milliseconds(double seconds) { return static_cast<std::int64_t>(seconds * 1000); }

// Returns what is wrong, or nothing.
std::string apply_fields(const Texts& texts, Config& config) {
  for (const std::string& text : texts.headers) {
    const std::string_view wrong = add_header(text, config.site.extra_fields);
    if (!wrong.empty()) return "--header '" + text + "': " + std::string(wrong);
  }
  for (const std::string& text : texts.origins) {
    const std::string_view wrong = add_origin(text, config.site.extra_fields);
    if (!wrong.empty()) return "--cors " + text + ": " + std::string(wrong);
  }
  return {};
}

// The same.
std::string apply(const Texts& texts, Config& config) {
  for (const std::string& text : texts.listen) {
    const std::optional<ListenAddress> address = parse_listen(text);
    if (!address) {
      return "--listen " + text + ": give ADDRESS:PORT, [IPV6]:PORT, :PORT or unix:PATH";
    }
    config.listen.push_back(*address);
  }
  if (!texts.max_body.empty()) {
    const std::optional<std::uint64_t> bytes = parse_bytes(texts.max_body);
    if (!bytes) return "--max-body " + texts.max_body + ": give bytes, as 1000000, 10M or 2G";
    config.site.max_body = *bytes;
  }
  if (!texts.reserve.empty()) {
    const std::optional<std::uint64_t> bytes = parse_bytes(texts.reserve);
    if (!bytes) return "--reserve " + texts.reserve + ": give bytes, as 1000000, 10M or 2G";
    config.site.reserve = *bytes;
  }
  if (!texts.cache.empty()) {
    const std::optional<std::uint64_t> bytes = parse_bytes(texts.cache);
    if (!bytes) return "--cache " + texts.cache + ": give bytes, as 64M or 1G, or 0";
    config.cache_bytes = *bytes;
  }
  if (!texts.max_head.empty()) {
    const std::optional<std::uint64_t> bytes = parse_bytes(texts.max_head);
    if (!bytes || *bytes < 256 || *bytes > 63 * 1024) {
      return "--max-head " + texts.max_head + ": give 256 bytes to 63K";
    }
    config.site.limits.head_bytes = *bytes;
  }
  config.site.listing = texts.listing == "on";
  config.site.precompressed = texts.precompressed == "on";
  if (!texts.max_target.empty()) {
    const std::optional<std::uint64_t> bytes = parse_bytes(texts.max_target);
    if (!bytes || *bytes < 1 || *bytes > 63 * 1024) {
      return "--max-target " + texts.max_target + ": give 1 byte to 63K";
    }
    config.site.limits.target_bytes = *bytes;
  }
  config.site.durability = texts.durability == "full"   ? Durability::full
                           : texts.durability == "data" ? Durability::data
                                                        : Durability::none;
  config.log_format = texts.log_format == "json" ? LogFormat::json : LogFormat::combined;
  config.site.timeouts.head_ms = milliseconds(texts.head_seconds);
  config.site.timeouts.idle_ms = milliseconds(texts.idle_seconds);
  config.site.timeouts.body_ms = milliseconds(texts.body_seconds);
  config.grace_ms = milliseconds(texts.grace_seconds);
  const std::string wrong = apply_fields(texts, config);
  finish_site(config.site);
  return wrong;
}

}  // namespace

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  int shift = 0;
  if (!text.empty() && unit_shift(text.back()) >= 0) {
    shift = unit_shift(text.back());
    text.remove_suffix(1);
  }
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) >> shift) {
    return std::nullopt;
  }
  return number << shift;
}

namespace {

// Help says defaults in its own words; what CLI11 knows of them is for --print-config.
class Help : public CLI::Formatter {
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string type = option->get_type_name();
    return type.empty() ? "" : " " + type;
  }
};

ParseOutcome fail(int status, const std::string& text) {
  std::fprintf(stderr, "quoitd: %s\n", text.c_str());
  return {.run = false, .status = status};
}

// The engine is what this machine gives now: people who ask for the version have a question about
// both.
std::string version_of(const CLI::App& app) {
  const std::vector<std::string> said = app.get_option("--io")->results();
  const char* const environment = std::getenv("QUOIT_IO");
  const std::string io = !said.empty() ? said.back() : environment ? environment : "";
  const uring::EngineChoice choice =
      uring::engine_choice(io).value_or(uring::EngineChoice::automatic);
  return "quoitd " QUOIT_VERSION "\n" + uring::describe_engine(choice);
}

// The option that a complaint begins with: "max-head" of "--max-head 1: …".
std::string option_of(const std::string& complaint) {
  return complaint.substr(2, complaint.find(' ') - 2);
}

// What a person asks of the configuration itself.
struct Wishes {
  std::string file;
  bool check = false;
  bool print = false;
};

void add_config_options(CLI::App& app, Wishes& wishes) {
  constexpr const char* group = "Configuration";
  app.add_option("--config", wishes.file,
                 "read options from FILE, a line each: max-head = \"32K\";\n"
                 "flags come first, then the environment (QUOIT_MAX_HEAD=32K), then FILE")
      ->type_name("FILE")
      ->group(group);
  app.add_flag("--check-config", wishes.check, "say whether all options are sound, and exit")
      ->group(group);
  app.add_flag("--print-config", wishes.print,
               "print all options as a FILE, with where each comes from, and exit")
      ->group(group);
}

// Fills in what the command line left open, and understands it all.
ParseOutcome complete(ConfigSources& sources, const Wishes& wishes, const Texts& texts,
                      Config& config) {
  std::string wrong = sources.read_environment();
  if (wrong.empty() && !wishes.file.empty()) wrong = sources.read_file(wishes.file);
  if (!wrong.empty()) return fail(EX_CONFIG, wrong);
  wrong = apply(texts, config);
  if (!wrong.empty()) {
    const std::string source = sources.source_of(option_of(wrong));
    return source.empty() ? fail(EX_USAGE, wrong)
                          : fail(EX_CONFIG, wrong + " (from " + source + ")");
  }
  if (wishes.print) std::fputs(sources.print().c_str(), stdout);
  if (wishes.check && !wishes.print) std::puts("quoitd: all options are sound");
  return {.run = !wishes.print && !wishes.check, .status = EX_OK};
}

}  // namespace

ParseOutcome parse_command_line(int argc, char** argv, Config& config) {
  CLI::App app(description, "quoitd");
  app.set_version_flag("-V,--version", [&app] { return version_of(app); });
  app.formatter(std::make_shared<Help>());
  app.get_formatter()->column_width(34);
  app.option_defaults()->always_capture_default();
  Texts texts;
  Wishes wishes;
  add_serving_options(app, config, texts);
  add_answer_options(app, texts);
  add_log_options(app, config, texts);
  add_size_options(app, config, texts);
  add_time_options(app, texts);
  add_config_options(app, wishes);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) {
      return fail(EX_USAGE, std::string(error.what()) + "; see 'quoitd --help'");
    }
    app.exit(error);
    return {.run = false, .status = EX_OK};
  }
  ConfigSources sources(app);
  return complete(sources, wishes, texts, config);
}

}  // namespace server
