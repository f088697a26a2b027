// What a reload publishes for each option of the table, what it refuses, and what it counts.
#include "apps/server/process/reload.h"

#include <array>
#include <sstream>
#include <string>
#include <time.h>

#include <gtest/gtest.h>

#include "apps/options/config_file.h"
#include "apps/options/messages.h"
#include "apps/server/config/option_table.h"
#include "tests/server/reloading.h"
#include "tests/support/certificates.h"

namespace server {
namespace {

using lab::Reloading;
using options::Option;
using Outcome = Reload::Outcome;

// All that workers and the main thread use of a configuration, except for the paths of logs.
std::string published(const Reloading& server) {
  const Generation& g = server.generation();
  const Site& site = g.site;
  std::ostringstream text;
  for (const bool flag :
       {site.writable, site.resumable, site.dot_files, site.listing, site.precompressed,
        g.proxy_protocol, g.logs_requests, g.logs_durations, g.logs_heads, site.archives}) {
    text << flag << ' ';
  }
  for (const std::uint64_t number :
       {site.max_body, site.reserve, std::uint64_t{site.max_requests}, site.timeouts.lowest_rate,
        std::uint64_t{site.limits.head_bytes}, std::uint64_t{site.limits.target_bytes},
        std::uint64_t{site.limits.fields}, site.most_archives, g.cache_bytes, g.most_connections,
        g.most_from_address}) {
    text << number << ' ';
  }
  for (const std::int64_t ms :
       {site.upload_expiry_s, site.timeouts.head_ms, site.timeouts.idle_ms, site.timeouts.body_ms,
        server.config().grace_ms, server.config().drain_delay_ms}) {
    text << ms << ' ';
  }
  for (const std::string& name : site.index) text << name << ' ';
  for (const ExtraFields::Line& field : site.extra_fields.lines) text << field.name << ' ';
  for (const std::string& origin : site.extra_fields.origins) text << origin << ' ';
  for (const Rule& rule : site.rules.all()) text << rule.text << ' ';
  text << site.not_found << ' ' << site.fallback << ' ' << static_cast<int>(site.durability) << ' '
       << g.trust.networks.size() << ' ' << static_cast<int>(g.forwarded);
  return text.str();
}

// The example of an option as a line of a file. A log is a file that can be written.
std::string example_of(const Option& option, const Reloading& server) {
  std::string value(option.kind == options::Kind::flag ? "true" : option.example);
  if (option.name == "access-log" || option.name == "log-heads")
    value = (server.etc() / option.name).string();
  return options::write_setting(option.name, std::array{value}, option.repeatable,
                                options::notation_of(option.kind)) +
         "\n";
}

// What an option needs besides itself.
std::string base_of(const Option& option, const test_support::Authority& authority) {
  std::string text = option.name == "proxy-protocol" ? "trust = [\"unix\"]\n" : "";
  if (option.name == "resumable") text += "writable = true\n";
  const bool needs_clients = option.name == "tls-client-cert" || option.name == "tls-crl";
  if (needs_clients || option.name == "tls-client-ca" || option.name == "tls-ticket-keys") {
    const test_support::Authority::Files pair = authority.sign("pair");
    text += "tls-cert = [\"" + pair.certificate + "\"]\ntls-key = [\"" + pair.key + "\"]\n";
  }
  if (needs_clients) text += "tls-client-ca = \"" + authority.path() + "\"\n";
  const bool needs_log = option.name == "access-log" || option.name == "log-format";
  return text + (needs_log ? "" : "access-log = \"off\"\n");
}

// Each option is either applied by a reload, or refused by name. A new row of the table is tested
// here from its first day.
TEST(Reload, applies_or_refuses_each_option_that_a_file_sets) {
  const lab::Folder certificates;
  const test_support::Authority authority(certificates.path());
  for (const Option& option : program.options) {
    if (!option.in_file) continue;
    const std::string base = base_of(option, authority);
    Reloading server(base);
    const std::string before = published(server);
    const std::string name(option.is_operand ? option.metavar : option.name);
    const Outcome outcome = server.change(base + example_of(option, server));
    if (option.needs_new_process) {
      EXPECT_EQ(outcome, Outcome::refused) << name;
      EXPECT_NE(server.reload().text().find("a change of " + name + " needs a restart"),
                std::string::npos)
          << server.reload().text();
      EXPECT_EQ(published(server), before) << name;
      EXPECT_EQ(server.generation().number, 1U);
      continue;
    }
    EXPECT_EQ(outcome, Outcome::published) << name << ": " << server.reload().text();
    const bool is_of_context = option.name == "tls-client-cert";
    EXPECT_EQ(server.reload().text(), "configuration reloaded: " + name +
                                          (is_of_context ? ", certificates changed" : " changed"));
    EXPECT_EQ(server.generation().number, 2U);
    const bool is_path = option.name == "access-log" || option.name == "log-heads";
    EXPECT_TRUE(!is_path || server.etc().has(name)) << name;
    // Without a certificate, the version of TLS changes nothing.
    const bool is_without_effect =
        option.name == "access-log" || option.name == "tls-min" || is_of_context;
    EXPECT_TRUE(is_without_effect || published(server) != before) << name;
    EXPECT_EQ(server.change(base), Outcome::published) << name;
    EXPECT_EQ(published(server), before) << name;
  }
}

// The other rows are those that only a command line has: it cannot change.
TEST(Reload, knows_the_options_that_no_file_sets) {
  std::string names;
  for (const Option& option : program.options) {
    if (!option.in_file) names.append(option.name).append(" ");
  }
  EXPECT_EQ(names, "help version config check-config explain print-config ");
}

TEST(Reload, counts_what_became_of_it) {
  Reloading server("access-log = \"off\"\n");
  const ReloadCounts& counts = server.reload().counts();
  const std::int64_t started = counts.last_success_s;
  EXPECT_LE(::time(nullptr) - started, 60);
  const std::uint64_t hash = counts.configuration_hash;
  EXPECT_EQ(server.change("access-log = \"off\"\nlisting = \"off\"\n"), Outcome::published);
  EXPECT_NE(counts.configuration_hash, hash);
  EXPECT_EQ(server.change("access-log = \"off\"\nlisting = 1\n"), Outcome::refused);
  EXPECT_EQ(server.change("# the default\nlisting = \"on\"\naccess-log = \"off\"\n"),
            Outcome::published);
  EXPECT_EQ(counts.configuration_hash, hash);
  EXPECT_EQ(server.change("access-log = \"off\"\n"), Outcome::unchanged);
  EXPECT_EQ(counts.applied, 3U);
  EXPECT_EQ(counts.refused, 1U);
  EXPECT_GE(counts.last_success_s, started);
}

TEST(Reload, is_adopted_when_all_workers_have) {
  Reloading server("access-log = \"off\"\n");
  EXPECT_TRUE(server.reload().is_adopted());
  EXPECT_EQ(server.change(""), Outcome::published);
  EXPECT_FALSE(server.reload().is_adopted()) << "the workers of this test have no threads";
}

TEST(Reload, keeps_the_generation_of_a_configuration_that_has_not_changed) {
  Reloading server("access-log = \"off\"\n");
  const Generation* const before = &server.generation();
  EXPECT_EQ(server.reload().publish(), Outcome::unchanged);
  EXPECT_EQ(&server.generation(), before);
}

TEST(Reload, does_not_enter_a_log_before_everything_is_checked) {
  Reloading server("access-log = \"off\"\n");
  const std::string log = (server.etc() / "log").string();
  EXPECT_EQ(server.change("access-log = \"" + log + "\"\nlog-heads = \"/nowhere/heads\"\n"),
            Outcome::refused);
  EXPECT_EQ(server.config().access_log, "off");
  EXPECT_FALSE(server.generation().logs_requests);
}

}  // namespace
}  // namespace server
