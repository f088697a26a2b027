// Config: everything that a person can set. SIGHUP makes a new one, which replaces the old one as a
// whole.
//
// Names, defaults and limits stand in option_table.cc; options.cc makes a Config of their values.
// The initial values here are those defaults, as a test checks. Covered by
// tests/server/config/options_test.cc and option_table_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/options/values.h"
#include "apps/server/config/address.h"
#include "apps/server/config/option_table.h"
#include "apps/server/log/log_line.h"
#include "apps/server/plan/forwarded.h"
#include "apps/server/plan/site.h"
#include "apps/server/plan/trust.h"

namespace server {

struct Config {
  options::Values values = options::Values(program);  // the texts that the members are made of
  std::string root = ".";
  // Memory of each worker for cached files: the hot part of a package mirror or a build cache.
  std::uint64_t cache_bytes = 64 * 1024 * 1024;
  std::vector<ListenAddress> listen;
  std::optional<ListenAddress> admin;  // of health, metrics and status; none: off
  bool listen_is_given = false;        // by a person: `listen` is not the default
  std::string control;                 // the control socket; empty: none
  std::string config_file;             // of --config; empty: none
  bool sandbox = true;           // the kernel keeps the running server from all that it needs not
  std::string user;              // NAME or NAME:GROUP to become once all is open; empty: none
  unsigned workers = 0;          // 0: one for each CPU that this process may use
  std::string io = "auto";       // the I/O engine: auto, ring or epoll
  std::string users;             // the file of users and passwords; empty: none
  std::string tokens;            // the file of tokens; empty: none
  std::string access_log = "-";  // a file, "-" or "off"
  LogFormat log_format = LogFormat::combined;
  std::string log_heads;                      // a file or "-"; empty: off
  std::uint64_t max_connections = 0;          // in all; 0: from the limit of open files
  std::uint64_t max_from_address = 0;         // connections of one address or IPv6 /64; 0: any
  std::int64_t drain_delay_ms = 0;            // between the first SIGTERM and the drain
  std::int64_t grace_ms = 10'000;             // for requests in flight after that
  std::vector<std::string> tls_certificates;  // files; not empty: TCP addresses speak TLS
  std::vector<std::string> tls_keys;          // of these certificates, as many
  bool tls_1_3_only = false;
  std::string tls_ticket_keys;         // a file; empty: random keys
  std::string tls_client_authorities;  // a file; empty: clients are not asked for certificates
  bool tls_client_certificate_required = true;
  std::string tls_revocations;  // a file of lists of revoked certificates; empty: none
  Trust trust;                  // proxies that are believed
  ForwardedField forwarded = ForwardedField::x_forwarded_for;  // that they announce clients in
  bool proxy_protocol = false;   // connections of these proxies begin with a PROXY header
  Site site;                     // judges each request
  bool is_only_checked = false;  // --check-config
};

}  // namespace server
