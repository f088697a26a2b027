// Reading the sources in order, and making a Config. Covered by
// tests/server/config/options_test.cc.
#include "apps/server/config/options.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "apps/options/command_line.h"
#include "apps/options/help.h"
#include "apps/options/messages.h"
#include "apps/options/sources.h"
#include "apps/server/config/option_table.h"
#include "apps/server/plan/cors.h"
#include "apps/server/plan/extra_fields.h"
#include "apps/server/plan/intent.h"
#include "uring/make_engine.h"

namespace server {

namespace {

using options::ExitReason;
using options::Setting;
using options::Values;

ExitReason value_error(const Values& values, std::string_view name, std::string_view value,
                       std::string_view problem) {
  const Setting& setting = values.setting(name);
  return options::value_error(values.program(), *setting.option, setting.place, value, problem);
}

void take_site(const Values& values, Site& site) {
  site.writable = values.flag("writable");
  site.dot_files = values.flag("dot-files");
  site.listing = values.text("listing") == "on";
  site.archives = values.text("archive") == "on";
  site.most_archives = values.count("max-archives");
  site.precompressed = values.text("precompressed") == "on";
  site.index = values.texts("index");
  site.not_found = values.text("not-found");
  site.fallback = values.text("fallback");
  site.max_body = values.bytes("max-body");
  site.reserve = values.bytes("reserve");
  const std::string& durability = values.text("durability");
  site.durability = durability == "full"   ? Durability::full
                    : durability == "data" ? Durability::data
                                           : Durability::none;
  // No connection lives to see four billion requests.
  constexpr std::uint64_t most_requests = std::numeric_limits<std::uint32_t>::max();
  site.resumable = site.writable && values.text("resumable") == "on";
  site.upload_expiry_s = std::max<std::int64_t>(values.milliseconds("upload-expiry") / 1000, 1);
  site.max_requests = static_cast<std::uint32_t>(
      std::min(values.count("max-requests-per-connection"), most_requests));
  site.timeouts.head_ms = values.milliseconds("head-timeout");
  site.timeouts.idle_ms = values.milliseconds("idle-timeout");
  site.timeouts.body_ms = values.milliseconds("body-timeout");
  site.timeouts.lowest_rate = values.bytes("lowest-rate");
  site.limits.head_bytes = values.bytes("max-head");
  site.limits.target_bytes = values.bytes("max-target");
  site.limits.fields = values.count("max-fields");
}

ExitReason take_fields(const Values& values, ExtraFields& fields) {
  for (const std::string& text : values.texts("header")) {
    const std::string_view problem = add_header(text, fields);
    if (!problem.empty()) return value_error(values, "header", text, problem);
  }
  for (const std::string& text : values.texts("cors")) {
    const std::string_view problem = add_origin(text, fields);
    if (!problem.empty()) return value_error(values, "cors", text, problem);
  }
  return {};
}

// The option that a rule needs, and that is not given, to follow the text of the rule; empty: none.
std::string_view lack_for(const Rule& rule, const Site& site) {
  if (rule.who == Rule::Who::anyone) return {};
  if (rule.who == Rule::Who::users) {
    if (site.has_accounts || site.has_certificates) return {};
    return "is about users, and there is neither --users nor --tokens nor --tls-client-ca";
  }
  if (rule.name.starts_with(certificate_prefix)) {
    if (site.has_certificates) return {};
    return "is about a certificate, and there is no --tls-client-ca";
  }
  return site.has_accounts ? "" : "is about a user, and there is neither --users nor --tokens";
}

// Reads --users, --tokens and --allow.
ExitReason take_access(const Values& values, Config& config) {
  config.users = values.text("users");
  config.tokens = values.text("tokens");
  config.site.has_accounts = !config.users.empty() || !config.tokens.empty();
  config.site.has_certificates = !config.tls_client_authorities.empty();
  for (const std::string& text : values.texts("allow")) {
    const std::string_view problem = config.site.rules.add(text);
    if (!problem.empty()) return value_error(values, "allow", text, problem);
    const Rule& rule = config.site.rules.all().back();
    if ((rule.rights.write || rule.rights.create) && !config.site.writable) {
      return value_error(values, "allow", text, "allows to write, and there is no --writable");
    }
    const std::string_view lack = lack_for(rule, config.site);
    if (!lack.empty()) return value_error(values, "allow", text, lack);
  }
  return {};
}

// The answer to --explain.
ExitReason explain(const Values& values, const Site& site) {
  std::string_view problem;
  const std::string& text = values.text("explain");
  const std::string answer =
      explain_access(site.rules, text, site.writable, site.has_accounts, problem);
  if (!problem.empty()) return value_error(values, "explain", text, problem);
  return {.text = answer};
}

// Reads --trust, --forwarded and --proxy-protocol.
ExitReason take_proxies(const Values& values, Config& config) {
  for (const std::string& text : values.texts("trust")) {
    const std::string_view problem = add_network(text, config.trust);
    if (!problem.empty()) return value_error(values, "trust", text, problem);
  }
  config.proxy_protocol = values.flag("proxy-protocol");
  const bool is_standard = values.text("forwarded") == "forwarded";
  config.forwarded = is_standard ? ForwardedField::forwarded : ForwardedField::x_forwarded_for;
  return {};
}

ExitReason take_log_format(const Values& values, Config& config) {
  const std::string& text = values.text("log-format");
  const std::string problem = read_log_format(text, config.log_format);
  return problem.empty() ? ExitReason{} : value_error(values, "log-format", text, problem);
}

// Why a page or an index file of that name can never be found below ROOT, to follow the text; empty
// where it can.
std::string_view problem_of_page(std::string_view path) {
  if (path.starts_with('/')) return "begins with a slash, and is not the path of a file under ROOT";
  if (path.ends_with('/')) return "ends in a slash, and is not the path of a file";
  if (path.size() >= path_buffer_bytes) return "is longer than any path";
  for (std::size_t begin = 0; begin != std::string_view::npos;) {
    const std::size_t slash = path.find('/', begin);
    if (path.substr(begin, slash - begin) == "..") return "leads out of ROOT";
    begin = slash == std::string_view::npos ? slash : slash + 1;
  }
  return {};
}

ExitReason check_pages(const Values& values) {
  for (const char* const name : {"index", "not-found", "fallback"}) {
    for (const std::string& text : values.texts(name)) {
      const std::string_view problem = problem_of_page(text);
      if (!problem.empty()) return value_error(values, name, text, problem);
    }
  }
  return {};
}

// Each of them costs each worker a descriptor, so that a longer list is taken for a mistake.
constexpr std::size_t most_addresses = 255;

ExitReason take_addresses(const Values& values, std::vector<ListenAddress>& addresses) {
  for (const std::string& text : values.texts("listen")) {
    const std::optional<ListenAddress> address = parse_listen(text);
    if (!address) return value_error(values, "listen", text, "is no address");
    if (addresses.size() == most_addresses) {
      return value_error(values, "listen", text, "is the 256th address, and 255 are allowed");
    }
    addresses.push_back(*address);
  }
  return {};
}

ExitReason take_admin(const Values& values, std::optional<ListenAddress>& admin) {
  const std::string& text = values.text("admin");
  if (text.empty()) return {};
  admin = parse_listen(text);
  return admin ? ExitReason{} : value_error(values, "admin", text, "is no address");
}

// An option that has no effect without another one.
struct Need {
  const char* option;
  const char* needed;
  const char* reason;  // behind the name of the needed option
};
constexpr std::array needs = {
    Need{"proxy-protocol", "trust", ", which names the proxies, as in --trust 10.0.0.0/8"},
    Need{"tls-ticket-keys", "tls-cert", " and --tls-key: only sessions of TLS have tickets"},
    Need{"tls-client-ca", "tls-cert",
         " and --tls-key: only a connection with TLS has certificates"},
    Need{"tls-client-cert", "tls-client-ca",
         ", the file of the authorities that sign the certificates of clients"},
    Need{"tls-crl", "tls-client-ca",
         ", the file of the authorities that sign the certificates of clients"},
};

// Checks options that need each other.
ExitReason check_combinations(const Values& values) {
  for (const Need& need : needs) {
    const options::Setting& setting = values.setting(need.option);
    const bool is_off = !setting.is_given() ||
                        (setting.option->kind == options::Kind::flag && !values.flag(need.option));
    if (is_off || values.setting(need.needed).is_given()) continue;
    const bool is_typed = setting.place.source == options::Source::command_line;
    return {
        is_typed ? EX_USAGE : EX_CONFIG,
        std::string("--") + need.option + " has no effect without --" + need.needed + need.reason};
  }
  return {};
}

// The engine is what this machine gives now: people who ask for the version have a question about
// both.
std::string version_text(const Values& values) {
  const Setting& io = values.setting("io");
  const char* const variable = options::variable_value(*io.option);
  const std::string name = io.is_given() || !variable ? io.texts.front() : variable;
  const uring::EngineChoice choice =
      uring::engine_choice(name).value_or(uring::EngineChoice::automatic);
  return "quoitd " QUOIT_VERSION "\n" + uring::describe_engine(choice) + "\n";
}

}  // namespace

ExitReason make_config(const Values& values, Config& config) {
  config.root = values.text("root");
  config.cache_bytes = values.bytes("cache");
  config.config_file = values.text("config");
  config.sandbox = values.text("sandbox") == "on";
  config.user = values.text("user");
  config.workers = static_cast<unsigned>(values.count("workers"));
  config.io = values.text("io");
  config.access_log = values.text("access-log");
  config.log_heads = values.text("log-heads");
  config.max_connections = values.count("max-connections");
  config.max_from_address = values.count("max-connections-per-address");
  config.listen_is_given = values.setting("listen").is_given();
  config.control = values.text("control");
  config.drain_delay_ms = values.milliseconds("drain-delay");
  config.grace_ms = values.milliseconds("grace");
  config.tls_certificates = values.texts("tls-cert");
  config.tls_keys = values.texts("tls-key");
  config.tls_1_3_only = values.text("tls-min") == "1.3";
  config.tls_ticket_keys = values.text("tls-ticket-keys");
  config.tls_client_authorities = values.text("tls-client-ca");
  config.tls_client_certificate_required = values.text("tls-client-cert") != "optional";
  config.tls_revocations = values.text("tls-crl");
  take_site(values, config.site);
  ExitReason reason = check_pages(values);
  if (!reason) reason = take_addresses(values, config.listen);
  if (!reason) reason = take_admin(values, config.admin);
  if (!reason) reason = take_fields(values, config.site.extra_fields);
  if (!reason) reason = take_access(values, config);
  if (!reason) reason = take_proxies(values, config);
  if (!reason) reason = take_log_format(values, config);
  finish_site(config.site);
  return reason;
}

ExitReason read_options(int argc, const char* const* argv, Config& config) {
  options::Command command{.values = Values(program)};
  Values& values = command.values;
  ExitReason reason = options::read_command_line(argc, argv, command);
  if (reason) return reason;
  if (command.wants_help) return {.text = options::help_text(program, options::no_verb)};
  if (command.wants_version) return {.text = version_text(values)};
  reason = options::take_operands(command);
  if (!reason) reason = options::read_environment(values);
  if (!reason && !values.text("config").empty()) {
    reason = options::read_config_file(values.text("config"), values);
  }
  if (!reason) reason = make_config(values, config);
  if (!reason) reason = check_combinations(values);
  if (reason) return reason;
  if (values.is_given("explain")) return explain(values, config.site);
  if (values.flag("print-config")) return {.text = options::print_config(values)};
  config.is_only_checked = values.flag("check-config");
  if (config.is_only_checked) return {.text = "quoitd: all options are sound\n"};
  config.values = std::move(values);
  return {};
}

}  // namespace server
