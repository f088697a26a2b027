// Counting by seconds. Covered by tests/server/listen/refusals_test.cc and
// tests/end_to_end/proxy_test.cc.
#include "apps/server/listen/refusals.h"

#include <algorithm>
#include <utility>

#include "uring/event.h"

namespace server {

namespace {

constexpr std::int64_t second_us = 1'000'000;

}  // namespace

void Refusals::record(const Peer& peer, Reason reason, std::int64_t now_us) {
  const uring::MutexLock lock(mutex_);
  Window& window = windows_[static_cast<std::size_t>(reason)];
  if (now_us - window.begin_us >= second_us) {
    window.report.others += std::exchange(window.others, 0);
    window.begin_us = now_us;
    window.recorded = 0;
  }
  const bool is_named = window.recorded < most_named && window.report.named < most_named;
  ++window.recorded;
  if (is_named)
    window.report.peers[window.report.named++] = peer;
  else
    ++window.others;
  // The main thread waits for the end of the second by itself after the first of them.
  if (event_ >= 0 && (is_named || window.others == 1)) uring::signal_event(event_);
}

Refusals::Report Refusals::take(Reason reason, std::int64_t now_us) {
  const uring::MutexLock lock(mutex_);
  Window& window = windows_[static_cast<std::size_t>(reason)];
  if (now_us - window.begin_us >= second_us) {
    window.report.others += std::exchange(window.others, 0);
  }
  return std::exchange(window.report, Report{});
}

int Refusals::left_ms(std::int64_t now_us) {
  const uring::MutexLock lock(mutex_);
  std::int64_t left_us = -1;
  for (const Window& window : windows_) {
    if (window.others == 0) continue;
    const std::int64_t own_us = std::max<std::int64_t>(0, window.begin_us + second_us - now_us);
    left_us = left_us < 0 ? own_us : std::min(left_us, own_us);
  }
  return left_us < 0 ? -1 : static_cast<int>((left_us + 999) / 1000);
}

const char* subject_of(Refusals::Reason reason) {
  const bool is_of_request =
      reason == Refusals::Reason::wrong_credentials || reason == Refusals::Reason::throttled;
  return is_of_request ? "request" : "connection";
}

const char* describe(Refusals::Reason reason) {
  switch (reason) {
    case Refusals::Reason::malformed_proxy_header: return "its PROXY header is malformed";
    case Refusals::Reason::missing_proxy_header: return "it begins without a PROXY header";
    case Refusals::Reason::late_proxy_header: return "its PROXY header did not arrive in time";
    case Refusals::Reason::wrong_credentials: return "auth: wrong credentials";
    case Refusals::Reason::throttled: return "auth: too many wrong credentials before";
    case Refusals::Reason::plain_http: return "it speaks HTTP without TLS";
    case Refusals::Reason::malformed_tls:
      return "its TLS handshake is malformed, or offers nothing that is accepted";
    case Refusals::Reason::late_tls: return "its TLS handshake was not done in time";
    case Refusals::Reason::refused_tls: return "it has ended the TLS handshake with an alert";
    case Refusals::Reason::missing_certificate: return "it has no certificate";
    case Refusals::Reason::expired_certificate:
      return "its certificate has expired, or is not valid yet";
    case Refusals::Reason::revoked_certificate: return "its certificate is revoked";
    case Refusals::Reason::unknown_authority:
      return "no authority of --tls-client-ca has signed its certificate";
    case Refusals::Reason::unlisted_authority:
      return "--tls-crl has no list of the authority of its certificate";
    case Refusals::Reason::expired_revocations:
      return "the list of revoked certificates has expired; renew --tls-crl, and send SIGHUP";
    case Refusals::Reason::unusable_certificate:
      return "its certificate is malformed, or not for clients";
  }
  return "";
}

}  // namespace server
