// From a Config to a Generation. Covered by tests/server/process/make_generation_test.cc.
#include "apps/server/process/make_generation.h"

#include <algorithm>
#include <sys/random.h>
#include <unistd.h>

#include "apps/server/process/resource_limits.h"

namespace server {

namespace {

// A package that updates the table replaces its file by another one, which the sandbox keeps this
// process from reading: the types stay as they are until the next start.
std::shared_ptr<const Mime> read_types(const Generation* before) {
  auto types = std::make_shared<Mime>();
  const bool is_read = types->read(system_mime_types);
  if (!is_read && before && ::access(system_mime_types, F_OK) == 0) return before->mime;
  return before && *before->mime == *types ? before->mime : types;
}

// A table for as many connections as the limit of open files allows, because later generations have
// the same one.
std::shared_ptr<AddressCounts> make_counts(std::uint64_t connections, std::uint64_t files) {
  std::uint64_t secret = 0;
  if (::getrandom(&secret, sizeof secret, 0) != sizeof secret) secret = 0x9e3779b97f4a7c15;
  return std::make_shared<AddressCounts>(std::max(connections, connections_for(files)), secret);
}

}  // namespace

std::shared_ptr<Generation> make_generation(const Config& config, std::uint64_t files,
                                            const Generation* before) {
  auto next = std::make_shared<Generation>();
  next->number = before ? before->number + 1 : 1;
  next->site = config.site;
  next->mime = read_types(before);
  next->trust = config.trust;
  next->forwarded = config.forwarded;
  next->proxy_protocol = config.proxy_protocol;
  next->logs_requests = config.access_log != "off";
  next->logs_durations = next->logs_requests && config.log_format.has_durations();
  const bool is_known = before && *before->log_format == config.log_format;
  next->log_format =
      is_known ? before->log_format : std::make_shared<const LogFormat>(config.log_format);
  next->gives_request_ids = !config.trust.networks.empty() || config.log_format.has_request_id();
  next->logs_heads = !config.log_heads.empty();
  next->cache_bytes = config.cache_bytes;
  next->most_connections =
      config.max_connections > 0 ? config.max_connections : connections_for(files);
  next->most_from_address = config.max_from_address;
  if (before) next->addresses = before->addresses;
  if (next->most_from_address > 0 && !next->addresses) {
    next->addresses = make_counts(next->most_connections, files);
  }
  return next;
}

}  // namespace server
