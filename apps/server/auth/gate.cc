// Identify, then judge. Read admit_request() first, at the end. Covered by
// tests/server/auth/gate_test.cc and tests/end_to_end/auth_test.cc.
#include "apps/server/auth/gate.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "apps/crypto/digest.h"
#include "apps/server/auth/accounts.h"
#include "apps/server/auth/verifier.h"
#include "apps/server/connection/answer.h"
#include "apps/server/connection/tls_connection.h"
#include "apps/server/connection/worker_state.h"
#include "apps/server/plan/credentials.h"
#include "apps/server/plan/forwarded.h"
#include "apps/server/plan/rules.h"

namespace server {

using http1::FieldName;
using Verdict = Verifier::Verdict;

namespace {

// Accounts of the generation that the request began with; null: credentials are not looked at,
// since none could be right. A proxy in front may have its own.
const Accounts* accounts_of(const Connection& c) {
  return c.worker.shared.verifier ? c.exchange->live->generation->accounts.get() : nullptr;
}

// The client: a trusted proxy announces it.
Peer client_of(const Connection& c) {
  if (!c.is_trusted) return c.peer;
  const Generation& generation = *c.exchange->live->generation;
  return server::client_of(c.exchange->request.head, generation.forwarded, generation.trust,
                           c.peer);
}

void set_user(Exchange& x, std::string_view name) {
  x.request.user = {x.user_name.data(), name.copy(x.user_name.data(), x.user_name.size())};
}

// Begins the check of the request's credentials. The buffer with the password is wiped before the
// request waits, and the name is kept in the exchange.
void begin_check(Connection& c, const Accounts& accounts, Verifier::Check& check) {
  const http1::RequestHead& head = c.exchange->request.head;
  const std::optional<std::uint64_t> address = counted_address(client_of(c));
  Verifier& verifier = *c.worker.shared.verifier;
  std::array<char, credentials_buffer_bytes> buffer;
  Credentials credentials;
  const bool is_read =
      !head.has_repeated(FieldName::authorization) &&
      parse_credentials(head.value_of(FieldName::authorization), buffer, credentials);
  if (is_read) {
    verifier.begin(accounts, credentials, address, check);
    set_user(*c.exchange, check.name);
  } else {
    verifier.refuse(address, check);
  }
  crypto::wipe(buffer);
}

void count_failure(const Connection& c, AuthFailure reason) {
  if (c.worker.counters) c.worker.counters->count_failure(reason);
}

// Takes the verdict. False: a response is planned.
bool take_verdict(Connection& c, const Verifier::Check& check) {
  if (check.verdict == Verdict::right) return true;
  c.exchange->request.user = {};
  if (check.verdict == Verdict::busy) {
    count_failure(c, AuthFailure::busy);
    answer(c, 503, "too many passwords are being checked; try again soon");
    return false;
  }
  const bool is_throttled = check.verdict == Verdict::throttled;
  count_failure(c, is_throttled ? AuthFailure::throttled : AuthFailure::wrong);
  if (Refusals* const refusals = c.worker.shared.refusals) {
    const auto reason =
        is_throttled ? Refusals::Reason::throttled : Refusals::Reason::wrong_credentials;
    refusals->record(client_of(c), reason, uring::monotonic_us());
  }
  answer(c, is_throttled ? 429 : 401, is_throttled ? "" : "the name, password or token is wrong");
  if (is_throttled) {
    const std::int64_t seconds = (check.retry_ms + 999) / 1000;
    c.exchange->plan.retry_after_seconds = static_cast<std::uint32_t>(seconds);
  }
  return false;
}

// Takes the name in the certificate of the client where no credentials have given one. The
// handshake has verified the certificate; it is verified again where the authorities or the revoked
// certificates have changed since. False: it is not accepted any more, and a response is planned.
bool take_certificate(Connection& c) {
  if (!c.is_tls || tls_of(c).session->client_name().empty()) return true;
  Exchange& x = *c.exchange;
  crypto::TlsSession& session = *tls_of(c).session;
  if (!x.live->generation->tls->accepts(session)) {
    answer(c, 403, "the certificate of this client is no longer accepted");
    close_after_answer(c);
    return false;
  }
  constexpr std::size_t most_bytes = most_name_bytes - certificate_prefix.size();
  if (x.request.user.empty() && session.client_name().size() <= most_bytes) {
    certificate_prefix.copy(x.user_name.data(), certificate_prefix.size());
    session.client_name().copy(x.user_name.data() + certificate_prefix.size(), most_bytes);
    x.request.user = {x.user_name.data(), certificate_prefix.size() + session.client_name().size()};
  }
  return true;
}

// The status for an asker without the right: 401 where a password may give it.
int refusal_status(const Exchange& x) {
  return x.request.user.empty() && x.site->has_accounts ? 401 : 403;
}

// Decides by the rules about the destination of a MOVE, whose source is allowed. A directory is
// moved only where no rule is about a path below either name: such a rule would hold for other
// files afterwards.
Access::Outcome judge_destination(const Exchange& x, Intent& intent) {
  const Rules& rules = x.site->rules;
  const Access access =
      judge_access(rules, x.request.user, Action::write, intent.destination, false);
  intent.must_create = access.must_create;
  intent.may_move_directory =
      !rules.differ_below(intent.path) && !rules.differ_below(intent.destination);
  return access.outcome;
}

// Decides by the rules. False: a response is planned.
bool apply_rules(Connection& c) {
  Exchange& x = *c.exchange;
  Intent& intent = x.request.intent;
  // The rules are about the target of the upload, which its state names (write/stored_upload.h).
  if (intent.action == Action::resume) return true;
  const Rules& rules = x.site->rules;
  Access access = judge_access(rules, x.request.user, intent.action, intent.path, x.site->listing);
  intent.must_create = access.must_create;
  intent.is_public = rules.may_read({}, intent.path);
  if (intent.action == Action::move && access.outcome == Access::Outcome::allowed) {
    access.outcome = judge_destination(x, intent);
  }
  switch (access.outcome) {
    case Access::Outcome::allowed: return true;
    case Access::Outcome::way_only:
      intent.shows_way_only = true;
      intent.status = refusal_status(x);
      return true;
    case Access::Outcome::refused: break;
  }
  const int status = refusal_status(x);
  const bool lacks_certificate = x.request.user.empty() && x.site->has_certificates;
  answer(c, status,
         status == 401       ? ""
         : lacks_certificate ? "this needs a certificate of the client"
                             : "no rule of this server allows this");
  return false;
}

}  // namespace

uring::Task<bool> admit_request(Connection& c) {
  Exchange& x = *c.exchange;
  const Accounts* const accounts = accounts_of(c);
  if (accounts && x.request.head.has(FieldName::authorization)) {
    Verifier::Check check;
    begin_check(c, *accounts, check);
    if (check.event >= 0) {
      std::uint64_t count = 0;
      const std::span<char> bytes(reinterpret_cast<char*>(&count), sizeof count);
      co_await c.io.read(check.event, bytes, uring::at_position);
      c.worker.shared.verifier->finish(check);
    }
    if (!take_verdict(c, check)) co_return false;
  }
  if (!take_certificate(c)) co_return false;
  co_return apply_rules(c);
}

}  // namespace server
