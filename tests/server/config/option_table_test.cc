// The rows of quoitd's table: each is complete, and each default is the one that Config has.
#include "apps/server/config/option_table.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "apps/options/help.h"
#include "apps/options/read_value.h"
#include "apps/server/config/options.h"

namespace server {
namespace {

TEST(OptionTable, has_complete_rows) {
  std::set<std::string_view> names;
  std::set<char> letters;
  for (const options::Option& option : program.options) {
    EXPECT_TRUE(names.insert(option.name).second) << option.name;
    const bool is_new = option.short_name == '\0' || letters.insert(option.short_name).second;
    EXPECT_TRUE(is_new) << option.short_name;
    EXPECT_NE(option.help, "") << option.name;
    EXPECT_EQ(option.section.empty(), option.is_operand) << option.name;
    EXPECT_NE(option.help.back(), '.') << option.name;
    if (option.kind == options::Kind::flag) continue;
    EXPECT_NE(options::metavar_of(option), "") << option.name;
    EXPECT_EQ(options::problem_of(option, option.example), "") << option.name;
    if (!option.default_text.empty()) {
      EXPECT_EQ(options::problem_of(option, option.default_text), "") << option.name;
    }
  }
}

// Each option keeps its name, its letter and its default, as people have them in scripts.
TEST(OptionTable, keeps_what_people_rely_on) {
  std::string table;
  for (const options::Option& option : program.options) {
    table += std::string(option.name) + "=" + std::string(option.default_text) + " ";
  }
  EXPECT_EQ(table,
            "root=. help= version= listen=127.0.0.1:8080 admin= control= writable= "
            "durability=none resumable=on upload-expiry=86400 dot-files= index=index.html "
            "not-found= fallback= sandbox=on user= "
            "workers=0 io=auto tls-cert= tls-key= tls-min=1.2 tls-ticket-keys= tls-client-ca= "
            "tls-client-cert= tls-crl= users= tokens= "
            "allow= listing=on archive=on "
            "precompressed=off header= cors= trust= forwarded=x-forwarded-for proxy-protocol= "
            "access-log=- log-format=combined log-heads= max-body=0 reserve=0 "
            "cache=64M max-archives=8 max-head=16K max-target=8K max-fields=100 max-connections=0 "
            "max-connections-per-address=0 max-requests-per-connection=0 lowest-rate=256 "
            "head-timeout=10 idle-timeout=60 body-timeout=30 drain-delay=0 grace=10 config= "
            "check-config= explain= print-config= ");
  EXPECT_EQ(options::find_short_option(program, 'l')->name, "listen");
  EXPECT_EQ(options::find_short_option(program, 'w')->name, "writable");
}

// Config has initial values, for tests and tools that need no table. They are the table's.
TEST(OptionTable, has_the_defaults_that_a_new_config_has) {
  const Config plain;
  Config config;
  ASSERT_FALSE(make_config(options::Values(program), config));
  EXPECT_EQ(config.root, plain.root);
  EXPECT_EQ(config.cache_bytes, plain.cache_bytes);
  EXPECT_EQ(config.control, plain.control);
  EXPECT_EQ(config.listen_is_given, plain.listen_is_given);
  EXPECT_EQ(config.workers, plain.workers);
  EXPECT_EQ(config.user, plain.user);
  EXPECT_EQ(config.sandbox, plain.sandbox);
  EXPECT_EQ(config.io, plain.io);
  EXPECT_EQ(config.access_log, plain.access_log);
  EXPECT_EQ(config.log_format, plain.log_format);
  EXPECT_EQ(config.log_heads, plain.log_heads);
  EXPECT_EQ(config.max_connections, plain.max_connections);
  EXPECT_EQ(config.max_from_address, plain.max_from_address);
  EXPECT_EQ(config.drain_delay_ms, plain.drain_delay_ms);
  EXPECT_EQ(config.grace_ms, plain.grace_ms);
  ASSERT_EQ(config.listen.size(), 1U);
  EXPECT_EQ(config.listen[0].host, "127.0.0.1");
  EXPECT_EQ(config.listen[0].port, 8080);
}

TEST(OptionTable, has_the_defaults_that_a_new_site_has) {
  Site plain;
  finish_site(plain);
  Config config;
  ASSERT_FALSE(make_config(options::Values(program), config));
  const Site& site = config.site;
  EXPECT_EQ(site.writable, plain.writable);
  EXPECT_EQ(site.dot_files, plain.dot_files);
  EXPECT_EQ(site.listing, plain.listing);
  EXPECT_EQ(site.precompressed, plain.precompressed);
  EXPECT_EQ(site.index, plain.index);
  EXPECT_EQ(site.not_found, plain.not_found);
  EXPECT_EQ(site.fallback, plain.fallback);
  EXPECT_EQ(site.max_body, plain.max_body);
  EXPECT_EQ(site.reserve, plain.reserve);
  EXPECT_EQ(site.durability, plain.durability);
  EXPECT_EQ(site.max_requests, plain.max_requests);
  EXPECT_EQ(site.timeouts.head_ms, plain.timeouts.head_ms);
  EXPECT_EQ(site.timeouts.idle_ms, plain.timeouts.idle_ms);
  EXPECT_EQ(site.timeouts.body_ms, plain.timeouts.body_ms);
  EXPECT_EQ(site.timeouts.lowest_rate, plain.timeouts.lowest_rate);
  EXPECT_EQ(site.limits.head_bytes, plain.limits.head_bytes);
  EXPECT_EQ(site.limits.target_bytes, plain.limits.target_bytes);
  EXPECT_EQ(site.limits.fields, plain.limits.fields);
  EXPECT_EQ(site.answers_from_cache, plain.answers_from_cache);
  EXPECT_TRUE(site.extra_fields.lines.empty());
  EXPECT_TRUE(site.extra_fields.origins.empty());
}

// Every row that may be set alone changes nothing but itself, and is accepted with its example.
TEST(OptionTable, has_an_example_of_each_option_that_a_config_accepts) {
  for (const options::Option& option : program.options) {
    options::Values values(program);
    const std::string value(option.kind == options::Kind::flag ? "true" : option.example);
    EXPECT_FALSE(values.set(option, {value}, {.source = options::Source::file})) << option.name;
    Config config;
    const options::ExitReason reason = make_config(values, config);
    EXPECT_FALSE(reason) << option.name << ": " << reason.text;
  }
}

}  // namespace
}  // namespace server
