// From paths to a context of TLS. Covered by tests/end_to_end/tls_test.cc.
#include "apps/server/process/tls_files.h"

#include <string>
#include <sys/stat.h>
#include <time.h>

#include "apps/server/log/message.h"
#include "apps/server/process/access.h"

namespace server {

using options::ExitReason;

namespace {

std::string times(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " time" : " times");
}

ExitReason check_pairs(const Config& config) {
  if (config.tls_certificates.size() == config.tls_keys.size()) return {};
  return {EX_CONFIG, "--tls-cert is given " + times(config.tls_certificates.size()) +
                         " and --tls-key " + times(config.tls_keys.size()) +
                         "; give the key of each certificate, in their order"};
}

// Other users could answer in the place of the server with its key.
ExitReason check_key_mode(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  if ((status.st_mode & 07) == 0) return {};
  return {EX_CONFIG, "every user of this machine may use the key " + path +
                         "; change that by 'chmod o= " + path + "'"};
}

ExitReason reason_of(const crypto::Problem& problem) {
  const bool is_memory = problem.kind == crypto::Problem::Kind::memory;
  return {is_memory ? EX_OSERR : EX_CONFIG, "TLS: " + problem.text};
}

void warn_about_validity(const Config& config, const crypto::ServerContext& context) {
  const std::int64_t now_s = ::time(nullptr);
  if (context.end_of_validity_s() <= now_s) {
    print_message(Severity::warning,
                  "warning: the certificate %s is not valid any more, and clients will refuse it; "
                  "renew it, and send SIGHUP",
                  context.first_to_end().c_str());
  }
  constexpr std::int64_t day_s = 86400;
  const std::int64_t left_s = context.end_of_revocations_s() - now_s;
  const char* const path = config.tls_revocations.c_str();
  if (left_s <= 0) {
    print_message(Severity::warning,
                  "warning: the list of revoked certificates %s has expired, and every certificate "
                  "of a client is refused; renew it, and send SIGHUP",
                  path);
  } else if (left_s <= 7 * day_s) {
    const std::string days = std::to_string(left_s / day_s);
    print_message(Severity::warning,
                  "warning: the list of revoked certificates %s expires in %s day%s, and every "
                  "certificate of a client is refused from then on; renew it, and send SIGHUP",
                  path, days.c_str(), days == "1" ? "" : "s");
  }
}

// Reads the keys of tickets, or takes those of `before` where they are equal, or random.
ExitReason load_ticket_keys(const Config& config, const crypto::ServerContext* before,
                            std::shared_ptr<crypto::TicketKeys>& keys) {
  const std::string& path = config.tls_ticket_keys;
  if (path.empty()) {
    keys = before ? before->ticket_keys() : crypto::TicketKeys::make();
    return keys ? ExitReason{} : ExitReason{EX_OSERR, "TLS: the system has no random bytes"};
  }
  if (ExitReason reason = check_place(config, "--tls-ticket-keys", path)) return reason;
  crypto::Problem problem;
  keys = crypto::TicketKeys::read(path, problem);
  if (!keys) return reason_of(problem);
  if (before && before->ticket_keys()->equals(*keys)) keys = before->ticket_keys();
  return {};
}

}  // namespace

ExitReason load_certificates(const Config& config,
                             const std::shared_ptr<const crypto::ServerContext>& before,
                             std::shared_ptr<const crypto::ServerContext>& context) {
  context = nullptr;
  if (ExitReason reason = check_pairs(config)) return reason;
  if (config.tls_certificates.empty()) return {};
  crypto::ServerSettings settings{
      .least = config.tls_1_3_only ? crypto::TlsVersion::tls_1_3 : crypto::TlsVersion::tls_1_2,
      .ticket_keys = nullptr,
      .client_authorities_path = config.tls_client_authorities,
      .requires_client_certificate = config.tls_client_certificate_required,
      .revocations_path = config.tls_revocations};
  if (ExitReason reason = load_ticket_keys(config, before.get(), settings.ticket_keys))
    return reason;
  for (std::size_t i = 0; i < config.tls_certificates.size(); ++i) {
    if (ExitReason reason = check_place(config, "--tls-key", config.tls_keys[i])) return reason;
    if (ExitReason reason = check_key_mode(config.tls_keys[i])) return reason;
    settings.pairs.push_back({config.tls_certificates[i], config.tls_keys[i]});
  }
  crypto::Problem problem;
  context = crypto::ServerContext::make(settings, problem);
  if (!context) return reason_of(problem);
  warn_about_validity(config, *context);
  if (before && describe_change(*before, *context).empty()) context = before;
  return {};
}

std::string describe_change(const crypto::ServerContext& before,
                            const crypto::ServerContext& after) {
  const bool has_other_files = before.identity() != after.identity();
  const bool has_other_keys = before.ticket_keys() != after.ticket_keys();
  std::string text = has_other_files ? "certificates" : "";
  if (has_other_keys) text.append(has_other_files ? ", " : "").append("ticket keys");
  return text;
}

ExitReason check_certificates(const Config& config) {
  std::shared_ptr<const crypto::ServerContext> context;
  return load_certificates(config, nullptr, context);
}

}  // namespace server
